"""The diary: every exchange, upserted by place and row. It is the only source of truth; all indexes derive from it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from ..database import Database, next_revision
from ..errors import NotFound
from ..messages import Exchange, Turn, digest
from ..tables import exchange, forgotten, place
from .derived import DERIVED
from .desks import forget_desks, forget_names
from .following import touch_next
from .numbering import forget_places
from .realms import realm_of
from .rows import clean, clean_turn, keep_people, selected, slices, to_exchange
from .thoughts import forget_summaries, think_again


@dataclass(frozen=True, slots=True)
class Answer:
    """How a turn ended: the reply and where it came from."""

    reply: str
    reasoning: str = ""
    model: str = ""
    adapter: str = ""
    memories: tuple[int, ...] = ()
    excerpts: tuple[tuple[int, ...], ...] = ()


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
    realms: Collection[int] | None = None
    """Lies in one of these."""

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
        if self.realms is not None:
            conditions.append(columns.realm_id.in_(sorted(self.realms)))
        if self.text:
            conditions.append(columns.said.icontains(self.text, autoescape=True) | columns.reply.icontains(self.text, autoescape=True))
        return sa.and_(sa.true(), *conditions)


EVERYTHING = Filter()
_GONE = "There is no memory with id {}. `familiar memory list` shows those there are."


_PLACING = (exchange.c.id, exchange.c.place_id, exchange.c.branch, exchange.c.row, exchange.c.realm_id)
_ALL_BUT_WORDS = (*_PLACING, *(exchange.c[name] for name in ("person_id", "said_at", "pinned", "digest", "original")))


class Diary:
    """Reads and writes exchanges. Every method raises StoreError when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hear(self, turn: Turn) -> int:
        """Write what was said before there is a reply, and return the exchange's id.

        The same words again at the same place and row (regenerate, continue) leave the exchange as it is.
        """
        turn = clean_turn(turn)
        with self._database.write() as connection:
            found = _find(connection, turn)
            if found is not None and _is_same(found, turn):
                return int(found.id)
            return _replace(connection, found, turn, Answer(""))

    def write(self, turn: Turn, answer: Answer) -> int:
        """Write a turn with its reply and return the exchange's id.

        The same place and row again replaces the reply (regenerate, continue), though never by nothing; other words
        there, another person or another companion replace the exchange.
        """
        turn = clean_turn(turn)
        with self._database.write() as connection:
            found = _find(connection, turn)
            if found is None or not _is_same(found, turn):
                return _replace(connection, found, turn, answer)
            keep_people(connection, turn.person, turn.place)
            values = _answer_values(turn.said, answer)
            if not values["reply"] and found.reply:
                return int(found.id)
            if any(getattr(found, name) != value for name, value in values.items()):
                feedback = found.feedback if found.reply == values["reply"] else 0
                update(connection, found.id, **values, original="", feedback=feedback)
                touch_next(connection, found)
            return int(found.id)

    def get(self, ids: Sequence[int]) -> list[Exchange]:
        """Return the exchanges of these ids that still exist, in the order of the ids."""
        found = {}
        with self._database.read() as connection:
            for some in slices(ids):
                rows = connection.execute(selected.where(exchange.c.id.in_(some)))
                found.update({row.id: to_exchange(row) for row in rows})
        return [found[number] for number in ids if number in found]

    def ids_of(self, digests: Collection[str]) -> set[int]:
        """Return the ids of all exchanges with these digests of their words."""
        found: set[int] = set()
        if digests:
            with self._database.read() as connection:
                for some in slices(digests):
                    found.update(connection.execute(sa.select(exchange.c.id).where(exchange.c.digest.in_(some))).scalars())
        return found

    def one(self, number: int) -> Exchange:
        """Return one exchange. Raises NotFound."""
        found = self.get([number])
        if not found:
            raise NotFound(_GONE.format(number))
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

    def given(self, number: int) -> list[Exchange]:
        """Return the exchanges for whose replies this one was shown to the model: they may repeat it."""
        query = selected.where(exchange.c.memories.contains(str(number))).order_by(exchange.c.said_at)
        with self._database.read() as connection:
            found = [to_exchange(row) for row in connection.execute(query)]
        return [each for each in found if number in each.memories]

    def count(self, chosen: Filter = EVERYTHING) -> int:
        """Return how many exchanges the filter matches."""
        with self._database.read() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(exchange).where(chosen.condition())).scalar_one())

    def edit(self, number: int, *, said: str | None = None, reply: str | None = None) -> Exchange:
        """Change the words of an exchange and return it. Raises NotFound.

        The chat it came from may go on showing the words as they were; the edit stays, since their digest is kept.
        """
        with self._database.write() as connection:
            row = connection.execute(selected.where(exchange.c.id == number)).first()
            if row is None:
                raise NotFound(_GONE.format(number))
            before = to_exchange(row)
            after = replace(
                before, said=clean(before.said if said is None else said), reply=clean(before.reply if reply is None else reply)
            )
            if after != before:
                key = digest(after.said, after.reply)
                update(connection, number, said=after.said, reply=after.reply, digest=key, original=row.original or row.digest)
                touch_next(connection, row)
        return after

    def pin(self, number: int, pinned: bool = True) -> None:
        """Pin an exchange, so that it ranks above others that are as relevant, or unpin it. Raises NotFound."""
        self._set(number, pinned=pinned)

    def rate(self, number: int, feedback: int) -> None:
        """Store thumbs up (1), down (-1) or none (0) for an exchange. Raises NotFound."""
        self._set(number, feedback=max(-1, min(1, feedback)))

    def forget(self, ids: Iterable[int]) -> int:
        """Remove exchanges and every copy of them (a branched chat repeats its rows), and return how many went.

        A digest stays behind, so that the webui's own chat log does not bring the words back at the next turn; the
        names of people and places of whom nothing is left go too.
        """
        with self._database.write() as connection:
            rows = with_copies(connection, ids)
            remove(connection, rows)
        return len(rows)

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

    def openings(self, prefix: str = "", longest: int = 200) -> dict[str, str]:
        """Return the first words said in every place, up to `longest` characters, by the id of the place."""
        inside = sa.and_(exchange.c.place_id.startswith(prefix, autoescape=True), exchange.c.branch == "")
        first = (
            sa.select(exchange.c.place_id, sa.func.min(exchange.c.row).label("row")).where(inside).group_by(exchange.c.place_id).subquery()
        )
        match = sa.and_(exchange.c.place_id == first.c.place_id, exchange.c.row == first.c.row, exchange.c.branch == "")
        query = sa.select(exchange.c.place_id, sa.func.substr(exchange.c.said, 1, longest)).join(first, match)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

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
            raise NotFound(_GONE.format(number))


@dataclass(frozen=True, slots=True)
class Entry:
    """An exchange to be written: a turn, its answer, and what else is known of it, by column."""

    turn: Turn
    answer: Answer
    further: Mapping[str, Any] = field(default_factory=dict)


def insert(connection: sa.Connection, turn: Turn, answer: Answer) -> int:
    """Insert an exchange and return its id."""
    return insert_all(connection, [Entry(turn, answer)])[0]


def insert_all(connection: sa.Connection, entries: Sequence[Entry]) -> list[int]:
    """Insert exchanges, no two in the same row of a place, and return their ids; what they have in common is looked up once."""
    if not entries:
        return []
    for who, where in dict.fromkeys((each.turn.person, each.turn.place) for each in entries):
        keep_people(connection, who, where)
    lying = [(each.turn.companion, each.turn.person, each.turn.place) for each in entries]
    realms = {key: realm_of(connection, *key) for key in dict.fromkeys(lying)}
    first = next_revision(connection, len(entries))
    rows = [
        {**_values(each), "realm_id": realms[key], "revision": first + number}
        for number, (each, key) in enumerate(zip(entries, lying, strict=True))
    ]
    inserted = connection.execute(sa.insert(exchange).returning(*_PLACING, exchange.c.revision), rows).all()
    inserted = sorted(inserted, key=lambda row: int(row.revision))
    touch_next(connection, *inserted)
    return [int(row.id) for row in inserted]


def _values(entry: Entry) -> dict[str, Any]:
    turn = entry.turn
    return {
        "person_id": turn.person.id,
        "place_id": turn.place.id,
        "companion": turn.companion,
        "row": turn.row,
        "branch": turn.branch,
        "said": clean(turn.said),
        "said_at": turn.when.timestamp(),
        "feedback": 0,
        "pinned": False,
        "original": "",
        **_answer_values(turn.said, entry.answer),
        **entry.further,
    }


def bury(connection: sa.Connection, *rows: Any, for_good: bool) -> None:
    """Delete exchanges and leave tombstones for the indexes; `for_good` also keeps the digests against re-import."""
    if not rows:
        return
    first = next_revision(connection, len(rows))
    stones = [
        {
            "exchange_id": row.id,
            "realm_id": row.realm_id,
            "person_id": row.person_id,
            "digest": (row.original or row.digest) if for_good else "",
            "revision": first + number,
        }
        for number, row in enumerate(rows)
    ]
    connection.execute(sa.insert(forgotten), stones)
    forget_summaries(connection, [row.id for row in rows])
    for some in slices(row.id for row in rows):
        for derived in DERIVED:
            derived.remove(connection, some)
        connection.execute(sa.delete(exchange).where(exchange.c.id.in_(some)))
    touch_next(connection, *rows)


def without_words(connection: sa.Connection, ids: Iterable[int]) -> list[Any]:
    """Return the exchanges of these ids that exist, as rows without the words."""
    found = (connection.execute(sa.select(*_ALL_BUT_WORDS).where(exchange.c.id.in_(some))) for some in slices(ids))
    return [row for rows in found for row in rows]


def with_copies(connection: sa.Connection, ids: Iterable[int]) -> list[Any]:
    """Return the exchanges of these ids that exist, and all that repeat one of them, as rows without the words."""
    rows: dict[int, Any] = {}
    for some in slices(ids):
        found = without_words(connection, some)
        rows |= {row.id: row for row in (*found, *_copies(connection, found))}
    return list(rows.values())


def remove(connection: sa.Connection, rows: Sequence[Any]) -> None:
    """Remove exchanges for good, what was derived from them, and the names of people and places of whom nothing is left."""
    bury(connection, *rows, for_good=True)
    if rows:
        forget_names(connection)
        forget_desks(connection, {row.person_id for row in rows})
        forget_places(connection, {row.place_id for row in rows})


def update(connection: sa.Connection, number: int, **values: Any) -> None:
    """Change an exchange under a new revision, so that the indexes look at it again."""
    if "said" in values:
        think_again(connection, number, values["said"])
    if "said" in values or "reply" in values:
        forget_summaries(connection, [number])
    connection.execute(sa.update(exchange).where(exchange.c.id == number).values(**values, revision=next_revision(connection)))


def _find(connection: sa.Connection, turn: Turn) -> Any:
    query = sa.select(exchange).where(exchange.c.place_id == turn.place.id, exchange.c.row == turn.row, exchange.c.branch == turn.branch)
    return connection.execute(query).first()


def _is_same(found: Any, turn: Turn) -> bool:
    """Return whether a turn is the one that was written before: the same person said the same to the same companion."""
    return (found.said, found.person_id, found.companion) == (turn.said, turn.person.id, turn.companion)


def _replace(connection: sa.Connection, found: Any, turn: Turn, answer: Answer) -> int:
    if found is not None:
        bury(connection, found, for_good=False)
    return insert(connection, turn, answer)


def _answer_values(said: str, answer: Answer) -> dict[str, Any]:
    reply = clean(answer.reply)
    return {
        "reply": reply,
        "reasoning": clean(answer.reasoning),
        "model": clean(answer.model),
        "adapter": clean(answer.adapter),
        "memories": json.dumps(answer.memories),
        "excerpts": json.dumps(answer.excerpts),
        "digest": digest(said, reply),
    }


def _copies(connection: sa.Connection, rows: Sequence[Any]) -> Iterator[Any]:
    """Yield all exchanges of the same people with the same words, before or after an edit of either."""
    spoken = {(row.person_id, key) for row in rows for key in (row.digest, row.original) if key}
    for some in slices({key for _, key in spoken}):
        for same in (exchange.c.digest.in_(some), sa.and_(exchange.c.original != "", exchange.c.original.in_(some))):
            for copy in connection.execute(sa.select(*_ALL_BUT_WORDS).where(same)):
                if not spoken.isdisjoint({(copy.person_id, copy.digest), (copy.person_id, copy.original)}):
                    yield copy
