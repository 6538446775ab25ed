"""What people's thumbs, pins and edits say about what recall should have found: the judgements the ranker learns from.

A thumb up on a reply speaks for the memories that were shown for it and that it used. A pin or an edit speaks for the
memory, as an answer to the search that found it or to the question it was shown for (see marks.py). A thumb down does not
say what should have been shown instead, and whatever contradicts the ranking agrees with it, so it says nothing here; nor
does what was forgotten, since of that nothing must be left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..database import Database
from ..messages import Person, Place, Scope, digest
from ..tables import exchange, mark
from .recall import Question
from .rows import selected, slices, to_exchange

MOST = 500
"""Judgements of a person that are learned from, the newest."""
LIMIT = 50
_SEEN = 20
"""Exchanges of a chat before a question that the model saw anyway, at least about so many."""
_LATER = 400
_JUDGED = sa.text("exchange.feedback <> 0")
"""As in the condition of the index."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A question, and what a person made known about the memories that were found for it."""

    key: str
    """Digest that changes when the judgement does."""
    question: Question
    until: float
    """When it was asked, in seconds since the epoch: what was said from then on could not be found."""
    shown: tuple[int, ...] = ()
    """Ids of the memories that were shown for it, for a reply with a thumb up."""
    reply: str = ""
    marked: int = 0
    """Id of the memory that was pinned or edited, 0 for none."""


class Preferences:
    """Reads the judgements of people from the diary. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def people(self) -> list[str]:
        """Return the ids of the people there are judgements of."""
        thumbs = sa.select(exchange.c.person_id).where(_JUDGED, exchange.c.feedback > 0, exchange.c.memories != "[]")
        marks = sa.select(exchange.c.person_id).join(mark, mark.c.exchange_id == exchange.c.id)
        with self._database.read() as connection:
            return sorted(connection.execute(sa.union(thumbs, marks)).scalars())

    def of(self, person: str, scope: Scope, since: float = 0.0) -> list[Judgement]:
        """Return the newest judgements of a person, the newest first, one for each question in the same words.

        `scope` is how far recall looks, and only what was asked or marked after `since` counts.
        """
        with self._database.read() as connection:
            found = [*_thumbs(connection, person, scope, since), *_marks(connection, person, scope, since)]
        found.sort(key=lambda each: -each.until)
        words: dict[str, Judgement] = {}
        for each in found:
            words.setdefault(digest(each.question.text.strip().lower(), str(each.marked)), each)
        return list(words.values())[:MOST]

    def hidden(self, judgement: Judgement) -> list[int]:
        """Return the ids of what could not be found then: what was said later by the same person, and just before in the same chat."""
        asked, column = judgement.question, exchange.c
        later = sa.select(column.id).where(column.person_id == asked.person.id, column.said_at >= judgement.until)
        with self._database.read() as connection:
            found = list(connection.execute(later.order_by(column.said_at).limit(_LATER)).scalars())
            here = sa.and_(column.place_id == asked.place.id, column.said_at < judgement.until)
            before = sa.select(column.id).where(here).order_by(column.said_at.desc()).limit(_SEEN)
            seen = connection.execute(before).scalars() if asked.place.id else ()
            return [*found, *(number for number in seen if number not in judgement.shown and number != judgement.marked)]

    def texts(self, ids: Sequence[int]) -> dict[int, str]:
        """Return the words of exchanges that still exist, by their ids."""
        query = sa.select(exchange.c.id, exchange.c.said, exchange.c.reply)
        with self._database.read() as connection:
            rows = [row for some in slices(ids) for row in connection.execute(query.where(exchange.c.id.in_(some)))]
        return {row.id: f"{row.said}\n{row.reply}" for row in rows}


def _thumbs(connection: sa.Connection, person: str, scope: Scope, since: float) -> Iterator[Judgement]:
    column = exchange.c
    mine = (column.person_id == person, _JUDGED, column.feedback > 0, column.memories != "[]", column.said_at > since)
    for row in connection.execute(selected.where(*mine).order_by(column.said_at.desc()).limit(MOST)):
        spoke = to_exchange(row)
        yield Judgement(digest("up", str(row.id), row.digest), _asked(row, scope), row.said_at, spoke.memories, spoke.reply)


def _marks(connection: sa.Connection, person: str, scope: Scope, since: float) -> Iterator[Judgement]:
    query = (
        sa.select(mark, exchange.c.companion)
        .join(exchange, exchange.c.id == mark.c.exchange_id)
        .where(exchange.c.person_id == person, mark.c.marked_at > since)
        .order_by(mark.c.marked_at.desc())
        .limit(MOST)
    )
    rows = connection.execute(query).all()
    asked: dict[int, Any] = {}
    for some in slices({row.asked_id for row in rows if row.asked_id}):
        asked |= {row.id: row for row in connection.execute(selected.where(exchange.c.id.in_(some)))}
    for row in rows:
        key = digest("mark", str(row.exchange_id), row.kind, str(row.marked_at))
        if row.words:
            now = datetime.fromtimestamp(row.marked_at, UTC).astimezone()
            question = Question(row.words, Person(person), Place(""), row.companion, "person", LIMIT, now=now)
            yield Judgement(key, question, row.marked_at, marked=row.exchange_id)
        elif (found := asked.get(row.asked_id)) is not None and found.person_id == person:
            yield Judgement(key, _asked(found, scope), found.said_at, marked=row.exchange_id)


def _asked(row: Any, scope: Scope) -> Question:
    spoke = to_exchange(row)
    return Question(spoke.said, spoke.person, spoke.place, spoke.companion, scope, LIMIT, now=spoke.when.astimezone())
