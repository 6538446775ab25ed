"""The diary as lines: what each person said, and what the companion answered.

What was forgotten is in no diary any more, and what was said incognito never was; what is too old for its place, what people took out
of the model's sight and answers they rated down are left out here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ..database import Database
from ..memory.retention import Retention
from ..tables import exchange, hidden, person
from .lines import Line

COMPANION = "companion:"
"""What the ids of companions begin with."""
_BATCH = 500


def diary_lines(
    database: Database,
    retention_days: int = 0,
    since: float | None = None,
    until: float | None = None,
    without: Collection[str] = (),
) -> Iterator[Line]:
    """Yield the exchanges of an era (seconds since the epoch; `until` is exclusive), place by place and each by time. Raises StoreError.

    Places `without` which it is read are those whose chats were imported, too: their words would be there twice.
    The id of a line is that of its exchange, so that what was learned from a forgotten one can be told.
    """
    columns = exchange.c
    is_hidden = sa.exists().where(hidden.c.exchange_id == columns.id)
    conditions = [~Retention(database, retention_days).too_old(), ~is_hidden, columns.feedback >= 0]
    conditions += [columns.said_at >= since] if since is not None else []
    conditions += [columns.said_at < until] if until is not None else []
    names = ("id", "person_id", "place_id", "branch", "companion", "said", "reply", "said_at")
    query = sa.select(*(columns[name] for name in names), person.c.name).join(person, person.c.id == columns.person_id).where(*conditions)
    ordered = query.order_by(columns.place_id, columns.branch, columns.said_at, columns.row)
    with database.read() as connection:
        for row in connection.execute(ordered.execution_options(yield_per=_BATCH)):
            if row.place_id not in without:
                yield from _lines(row)


def _lines(row: Any) -> Iterator[Line]:
    when = datetime.fromtimestamp(row.said_at, UTC)
    chat = f"diary:{row.place_id}" + (f"#{row.branch}" if row.branch else "")
    if row.said:
        yield Line(f"{row.id}", chat, row.person_id, row.name or row.person_id, row.said, when)
    if row.reply:
        later = when + timedelta(milliseconds=1)
        yield Line(f"{row.id}:reply", chat, COMPANION + row.companion, row.companion, row.reply, later, reply_to=f"{row.id}")
