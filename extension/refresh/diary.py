"""The diary as lines: what each person said, and what the companion answered.

What was forgotten is in no diary any more, and what was said incognito never was; what is too old for its place, what people took out
of the model's sight and answers they rated down are left out here.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ..database import Database
from ..memory.retention import Retention
from ..tables import exchange, heard_message, hidden, person
from .lines import Line

COMPANION = "companion:"
"""What the ids of companions begin with."""
EXCHANGE = "exchange:"
"""What the ids of lines of the diary begin with."""
_BEFORE = datetime.min.replace(tzinfo=UTC)
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Era:
    """From when until when, in seconds since the epoch: the first of them in it and the last one not; None is open."""

    since: float | None = None
    until: float | None = None


def diary_lines(database: Database, retention_days: int, era: Era, without: Collection[str] = ()) -> Iterator[Line]:
    """Yield the exchanges of all places but those `without`, place by place and each by time. Raises StoreError.

    The id of a line has that of its exchange, `exchange:7` or `exchange:7:reply`: what was learned from a forgotten one can be told.
    """
    with database.read() as connection:
        for row in connection.execute(_query(database, retention_days, era).execution_options(yield_per=_BATCH)):
            if row.place_id not in without:
                yield from _lines(row, f"diary:{row.place_id}" + (f"#{row.branch}" if row.branch else ""))


def joined(database: Database, retention_days: int, era: Era, imported: list[Line]) -> Iterator[Line]:
    """Yield the lines of an imported chat, with what was said to a companion in the same place and is not among them.

    So an export of a channel in which a companion answers has its answers, and the host's log of a chat is not there twice. An exchange
    is among them by the id of its message on its platform, or by its words.
    """
    chat = imported[0].conversation if imported else ""
    query = _query(database, retention_days, era).where(exchange.c.place_id == chat)
    heard = sa.select(heard_message.c.exchange_id, heard_message.c.message_id)
    heard = heard.where(heard_message.c.place_id == chat, heard_message.c.kind == "question")
    with database.read() as connection:
        exchanges = connection.execute(query).all()
        messages = {f"{EXCHANGE}{row.exchange_id}": row.message_id for row in connection.execute(heard)} if exchanges else {}
    ids, words = {line.id for line in imported}, {(line.author, line.text) for line in imported}
    new = [
        line
        for row in exchanges
        for line in _lines(row, chat)
        if messages.get(line.id) not in ids and (line.author, line.text) not in words
    ]
    yield from heapq.merge(imported, new, key=lambda line: line.at or _BEFORE)


def _query(database: Database, retention_days: int, era: Era) -> sa.Select[Any]:
    columns = exchange.c
    is_hidden = sa.exists().where(hidden.c.exchange_id == columns.id)
    conditions = [~Retention(database, retention_days).too_old(), ~is_hidden, columns.feedback >= 0]
    conditions += [columns.said_at >= era.since] if era.since is not None else []
    conditions += [columns.said_at < era.until] if era.until is not None else []
    names = ("id", "person_id", "place_id", "branch", "companion", "said", "reply", "said_at")
    query = sa.select(*(columns[name] for name in names), person.c.name).join(person, person.c.id == columns.person_id).where(*conditions)
    return query.order_by(columns.place_id, columns.branch, columns.said_at, columns.row)


def _lines(row: Any, chat: str) -> Iterator[Line]:
    when, number = datetime.fromtimestamp(row.said_at, UTC), f"{EXCHANGE}{row.id}"
    if row.said:
        yield Line(number, chat, row.person_id, row.name or row.person_id, row.said, when)
    if row.reply:
        later = when + timedelta(milliseconds=1)
        yield Line(f"{number}:reply", chat, COMPANION + row.companion, row.companion, row.reply, later, reply_to=number)
