"""The diary: every exchange, upserted by place and row. It is the only source of truth; all indexes derive from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from ..database import Database, embedding, exchange, forgotten, next_revision, place
from ..errors import NotFound
from ..messages import Exchange, Turn, digest
from .realms import realm_of
from .rows import clean, keep_people, selected, to_exchange


@dataclass(frozen=True, slots=True)
class Answer:
    """How a turn ended: the reply and where it came from."""

    reply: str
    reasoning: str = ""
    model: str = ""
    adapter: str = ""
    memories: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """Which exchanges to list. None leaves a field open."""

    person: str | None = None
    place: str | None = None
    companion: str | None = None
    since: float | None = None
    """Seconds since the epoch, inclusive."""
    until: float | None = None
    """Seconds since the epoch, exclusive."""
    pinned: bool | None = None
    text: str | None = None
    """Stands in what was said or in the reply, in capitals or not."""

    def condition(self) -> sa.ColumnElement[bool]:
        """Return the SQL condition of this filter."""
        columns = exchange.c
        equal = (
            (columns.person_id, self.person),
            (columns.place_id, self.place),
            (columns.companion, self.companion),
            (columns.pinned, self.pinned),
        )
        conditions = [column == value for column, value in equal if value is not None]
        if self.since is not None:
            conditions.append(columns.said_at >= self.since)
        if self.until is not None:
            conditions.append(columns.said_at < self.until)
        if self.text:
            conditions.append(columns.said.icontains(self.text, autoescape=True) | columns.reply.icontains(self.text, autoescape=True))
        return sa.and_(sa.true(), *conditions)


EVERYTHING = Filter()


class Diary:
    """Reads and writes exchanges. Every method raises StoreError when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hear(self, turn: Turn) -> int:
        """Write what was said before there is a reply, and return the exchange's id.

        The same words again at the same place and row (regenerate, continue) leave the exchange as it is.
        """
        with self._database.write() as connection:
            found = _find(connection, turn)
            if found is not None and found.said == clean(turn.said):
                return int(found.id)
            return _replace(connection, found, turn, Answer(""))

    def write(self, turn: Turn, answer: Answer) -> int:
        """Write a turn with its reply and return the exchange's id.

        The same place and row again replaces the reply (regenerate, continue), though never by nothing; other words
        there replace the exchange.
        """
        with self._database.write() as connection:
            found = _find(connection, turn)
            if found is None or found.said != clean(turn.said):
                return _replace(connection, found, turn, answer)
            keep_people(connection, turn.person, turn.place)
            values = _answer_values(turn.said, answer)
            if not values["reply"] and found.reply:
                return int(found.id)
            if any(getattr(found, name) != value for name, value in values.items()):
                feedback = found.feedback if found.reply == values["reply"] else 0
                _update(connection, found.id, **values, feedback=feedback)
            return int(found.id)

    def get(self, ids: Sequence[int]) -> list[Exchange]:
        """Return the exchanges of these ids that still exist, in the order of the ids."""
        with self._database.read() as connection:
            rows = connection.execute(selected.where(exchange.c.id.in_(list(ids)))).all()
        found = {row.id: to_exchange(row) for row in rows}
        return [found[number] for number in ids if number in found]

    def one(self, number: int) -> Exchange:
        """Return one exchange. Raises NotFound."""
        found = self.get([number])
        if not found:
            raise NotFound(f"There is no memory with id {number}. `familiar memory list` shows those there are.")
        return found[0]

    def browse(self, chosen: Filter = EVERYTHING, limit: int | None = 100, offset: int = 0) -> list[Exchange]:
        """Return exchanges, newest first."""
        query = selected.where(chosen.condition()).order_by(exchange.c.said_at.desc(), exchange.c.id.desc())
        with self._database.read() as connection:
            return [to_exchange(row) for row in connection.execute(query.limit(limit).offset(offset))]

    def chat(self, place_id: str, branch: str = "") -> list[Exchange]:
        """Return the exchanges of one place in the order of their rows."""
        query = selected.where(exchange.c.place_id == place_id, exchange.c.branch == branch).order_by(exchange.c.row)
        with self._database.read() as connection:
            return [to_exchange(row) for row in connection.execute(query)]

    def count(self, chosen: Filter = EVERYTHING) -> int:
        """Return how many exchanges the filter matches."""
        with self._database.read() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(exchange).where(chosen.condition())).scalar_one())

    def edit(self, number: int, *, said: str | None = None, reply: str | None = None) -> Exchange:
        """Change the words of an exchange and return it. Raises NotFound."""
        before = self.one(number)
        after = replace(before, said=clean(before.said if said is None else said), reply=clean(before.reply if reply is None else reply))
        with self._database.write() as connection:
            _update(connection, number, said=after.said, reply=after.reply, digest=digest(after.said, after.reply))
            _touch_next(connection, after.place.id, after.branch, after.row)
        return after

    def pin(self, number: int, pinned: bool = True) -> None:
        """Pin an exchange, so that it ranks above others that are as relevant, or unpin it. Raises NotFound."""
        self._set(number, pinned=pinned)

    def rate(self, number: int, feedback: int) -> None:
        """Store thumbs up (1), down (-1) or none (0) for an exchange. Raises NotFound."""
        self._set(number, feedback=max(-1, min(1, feedback)))

    def forget(self, ids: Iterable[int]) -> int:
        """Remove exchanges and every copy of them (a branched chat repeats its rows), and return how many went.

        A digest stays behind, so that the webui's own chat log does not bring the words back at the next turn.
        """
        with self._database.write() as connection:
            rows = connection.execute(sa.select(exchange).where(exchange.c.id.in_(list(ids)))).all()
            copies = _copies(connection, rows)
            for row in copies:
                bury(connection, row, for_good=True)
        return len(copies)

    def places(self, person_id: str | None = None, prefix: str = "") -> list[tuple[str, str, str, float, int]]:
        """Return (place, title, companion, time of the last turn, turns) of every place, the most recent first."""
        last = sa.func.max(exchange.c.said_at)
        query = (
            sa.select(place.c.id, place.c.title, exchange.c.companion, last, sa.func.count())
            .join(exchange, exchange.c.place_id == place.c.id)
            .where(place.c.id.startswith(prefix, autoescape=True))
            .group_by(place.c.id, place.c.title, exchange.c.companion)
            .order_by(last.desc())
        )
        if person_id is not None:
            query = query.where(exchange.c.person_id == person_id)
        with self._database.read() as connection:
            return [(row[0], row[1], row[2], float(row[3]), int(row[4])) for row in connection.execute(query)]

    def rename(self, place_id: str, title: str) -> None:
        """Give a place a title. Raises NotFound."""
        with self._database.write() as connection:
            changed = connection.execute(sa.update(place).where(place.c.id == place_id).values(title=clean(title))).rowcount
        if not changed:
            raise NotFound("There is no such chat any more.")

    def _set(self, number: int, **values: Any) -> None:
        with self._database.write() as connection:
            changed = connection.execute(sa.update(exchange).where(exchange.c.id == number).values(**values)).rowcount
        if not changed:
            raise NotFound(f"There is no memory with id {number}. `familiar memory list` shows those there are.")


def insert(connection: sa.Connection, turn: Turn, answer: Answer, **further: Any) -> int:
    """Insert an exchange and return its id."""
    keep_people(connection, turn.person, turn.place)
    values = {
        "person_id": turn.person.id,
        "place_id": turn.place.id,
        "companion": turn.companion,
        "realm_id": realm_of(connection, turn.companion, turn.person, turn.place),
        "row": turn.row,
        "branch": turn.branch,
        "said": clean(turn.said),
        "said_at": turn.when.timestamp(),
        "feedback": 0,
        "pinned": False,
        "revision": next_revision(connection),
        **_answer_values(turn.said, answer),
        **further,
    }
    return int(connection.execute(sa.insert(exchange).values(**values).returning(exchange.c.id)).scalar_one())


def bury(connection: sa.Connection, row: Any, *, for_good: bool) -> None:
    """Delete an exchange and leave a tombstone for the indexes; `for_good` also keeps its digest against re-import."""
    connection.execute(sa.delete(exchange).where(exchange.c.id == row.id))
    connection.execute(sa.delete(embedding).where(embedding.c.exchange_id == row.id))
    connection.execute(
        sa.insert(forgotten).values(
            exchange_id=row.id,
            realm_id=row.realm_id,
            person_id=row.person_id,
            digest=row.digest if for_good else "",
            revision=next_revision(connection),
        )
    )
    _touch_next(connection, row.place_id, row.branch, row.row)


def _find(connection: sa.Connection, turn: Turn) -> Any:
    query = sa.select(exchange).where(exchange.c.place_id == turn.place.id, exchange.c.row == turn.row, exchange.c.branch == turn.branch)
    return connection.execute(query).first()


def _replace(connection: sa.Connection, found: Any, turn: Turn, answer: Answer) -> int:
    if found is not None:
        bury(connection, found, for_good=False)
    number = insert(connection, turn, answer)
    _touch_next(connection, turn.place.id, turn.branch, turn.row)
    return number


def _update(connection: sa.Connection, number: int, **values: Any) -> None:
    connection.execute(sa.update(exchange).where(exchange.c.id == number).values(**values, revision=next_revision(connection)))


def _touch_next(connection: sa.Connection, place_id: str, branch: str, row: int) -> None:
    """Let the indexes look again at the row after a changed one: it carries its predecessor as a field."""
    match = sa.and_(exchange.c.place_id == place_id, exchange.c.branch == branch, exchange.c.row > row)
    following = connection.execute(sa.select(exchange.c.id).where(match).order_by(exchange.c.row).limit(1)).scalar()
    if following is not None:
        _update(connection, following)


def _answer_values(said: str, answer: Answer) -> dict[str, Any]:
    reply = clean(answer.reply)
    return {
        "reply": reply,
        "reasoning": clean(answer.reasoning),
        "model": answer.model,
        "adapter": answer.adapter,
        "memories": json.dumps(list(answer.memories)),
        "digest": digest(clean(said), reply),
    }


def _copies(connection: sa.Connection, rows: Sequence[Any]) -> list[Any]:
    found = {row.id: row for row in rows}
    for row in rows:
        same = sa.select(exchange).where(exchange.c.digest == row.digest, exchange.c.person_id == row.person_id)
        found.update((copy.id, copy) for copy in connection.execute(same))
    return list(found.values())
