"""Summaries: what stands in the briefing for exchanges that the model does not see.

A summary lies in the one realm that all of its exchanges lie in, and is only ever shown where that realm is visible. It
goes when one of its exchanges changes or goes (see thoughts.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..database import Database
from ..errors import NotFound
from ..messages import Attention, Exchange, Sight, Summary, SummaryKind, Turn
from ..tables import exchange, realm, summary, summary_part
from .diary import EVERYTHING, Filter
from .realms import visible_realms
from .rows import clean_turn, slices

_GONE = "There is no summary with id {}. `familiar memory summaries` shows those there are."


@dataclass(frozen=True, slots=True)
class Subject:
    """What a summary is of; a new one of the same subject replaces it."""

    kind: SummaryKind
    realm: int
    person: str = ""
    place: str = ""
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A summary as it was made."""

    subject: Subject
    text: str
    tokens: int
    stands_for: int
    exchanges: Sequence[Exchange]
    model: str = ""


class Summaries:
    """The summaries of one diary. Every method raises StoreError when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def shown(self, turn: Turn, attention: Attention, sight: Sight) -> list[Summary]:
        """Return what belongs into the briefing of a turn.

        In a chat that outgrew the model's sight, the summary of what fell out of it. Where a chat begins: the last
        session, and what this person said before, in short.
        """
        turn = clean_turn(turn)
        if sight.rows and not sight.hidden:
            return []
        with self._database.read() as connection:
            realms = visible_realms(connection, turn.companion, turn.person, turn.place, attention.scope)
            query = _listed.where(summary.c.realm_id.in_(realms), summary.c.text != "").order_by(
                summary.c.until.desc(), summary.c.id.desc()
            )
            here = summary.c.place_id == turn.place.id
            if sight.rows:
                found = [query.where(summary.c.kind == "place", here, summary.c.branch == turn.branch)]
            else:
                session = query.where(summary.c.kind == "session")
                mine = summary.c.realm_id.in_(_own_realms(turn))
                person = query.where(summary.c.kind == "person", summary.c.person_id == turn.person.id, mine)
                found = [session.where(here)] if attention.scope == "place" else [person, session]
            rows = [connection.execute(each.limit(1)).first() for each in found]
        return [_to_summary(row) for row in rows if row is not None]

    def browse(
        self,
        realms: Collection[int] | None = None,
        person: str | None = None,
        place: str | None = None,
        companion: str | None = None,
        limit: int | None = 200,
        chosen: Filter = EVERYTHING,
    ) -> list[Summary]:
        """Return summaries, the newest first. `person` takes those of a person and of chats they took part in.

        `chosen` takes those that stand for something it lets through.
        """
        query = _listed.where(summary.c.text != "").order_by(summary.c.until.desc(), summary.c.id.desc()).limit(limit)
        if chosen != EVERYTHING:
            through = sa.select(summary_part.c.summary_id).join(exchange, exchange.c.id == summary_part.c.exchange_id)
            query = query.where(summary.c.id.in_(through.where(chosen.condition())))
        if realms is not None:
            query = query.where(summary.c.realm_id.in_(sorted(realms)))
        if place is not None:
            query = query.where(summary.c.place_id == place)
        if companion is not None:
            query = query.where(summary.c.realm_id.in_(sa.select(realm.c.id).where(realm.c.companion == companion)))
        if person is not None:
            theirs = (
                sa.select(summary_part.c.summary_id)
                .join(exchange, exchange.c.id == summary_part.c.exchange_id)
                .where(exchange.c.person_id == person)
            )
            query = query.where(sa.or_(summary.c.person_id == person, sa.and_(summary.c.person_id == "", summary.c.id.in_(theirs))))
        with self._database.read() as connection:
            return [_to_summary(row) for row in connection.execute(query)]

    def one(self, number: int) -> Summary:
        """Return one summary. Raises NotFound."""
        with self._database.read() as connection:
            row = connection.execute(_listed.where(summary.c.id == number, summary.c.text != "")).first()
        if row is None:
            raise NotFound(_GONE.format(number))
        return _to_summary(row)

    def parts(self, number: int) -> list[tuple[int, str]]:
        """Return the exchanges that a summary stands for, in the order in which they were said: their ids, and who spoke."""
        query = sa.select(exchange.c.id, exchange.c.person_id).join(summary_part, summary_part.c.exchange_id == exchange.c.id)
        query = query.where(summary_part.c.summary_id == number).order_by(exchange.c.said_at, exchange.c.id)
        with self._database.read() as connection:
            return [(row.id, row.person_id) for row in connection.execute(query)]

    def subject(self, number: int) -> Subject:
        """Return what a summary is of. Raises NotFound."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(summary).where(summary.c.id == number)).first()
        if row is None:
            raise NotFound(_GONE.format(number))
        return Subject(row.kind, row.realm_id, row.person_id, row.place_id, row.branch)

    def delete(self, number: int) -> None:
        """Remove the words of a summary. It is made anew, from the beginning, once so much more was said that it would go on.

        Raises NotFound.
        """
        self.one(number)
        with self._database.write() as connection:
            connection.execute(sa.update(summary).where(summary.c.id == number).values(**_DELETED))

    def of(self, subject: Subject, first: int | None = None) -> tuple[Summary, set[int]] | None:
        """Return the summary of a subject and the ids of its exchanges; of a session, the one that holds the exchange `first`."""
        query = _listed.where(_is(subject))
        if first is not None:
            holds = sa.select(summary_part.c.summary_id).where(summary_part.c.exchange_id == first)
            query = query.where(summary.c.id.in_(holds))
        with self._database.read() as connection:
            row = connection.execute(query.limit(1)).first()
            if row is None:
                return None
            parts = connection.execute(sa.select(summary_part.c.exchange_id).where(summary_part.c.summary_id == row.id)).scalars()
            return _to_summary(row), set(parts)

    def keep(self, made: Made) -> int:
        """Store a summary in place of the one before and return its id; 0 when one of its exchanges changed or went meanwhile."""
        ids = [each.id for each in made.exchanges]
        digests = {each.id: (each.said, each.reply) for each in made.exchanges}
        with self._database.write() as connection:
            now: dict[int, tuple[str, str]] = {}
            for some in slices(ids):
                query = sa.select(exchange.c.id, exchange.c.said, exchange.c.reply).where(
                    exchange.c.id.in_(some), exchange.c.realm_id == made.subject.realm
                )
                now |= {row.id: (row.said, row.reply) for row in connection.execute(query)}
            return put(connection, made.subject, _values(made), ids) if now == digests else 0


_DELETED: dict[str, Any] = {"text": "", "tokens": 0, "stands_for": 0, "model": ""}
"""A summary that was removed by a person; one of which nothing could be made stands for something."""


def put(connection: sa.Connection, subject: Subject, values: Mapping[str, Any], ids: Sequence[int]) -> int:
    """Store a summary of these exchanges in place of the one before, and return its id."""
    for row in held_of(connection, subject, ids):
        connection.execute(sa.delete(summary_part).where(summary_part.c.summary_id == row.id))
        connection.execute(sa.delete(summary).where(summary.c.id == row.id))
    number = int(connection.execute(sa.insert(summary).values(**_columns(subject), **values).returning(summary.c.id)).scalar_one())
    connection.execute(sa.insert(summary_part), [{"summary_id": number, "exchange_id": each} for each in ids])
    return number


def held_of(connection: sa.Connection, subject: Subject, ids: Sequence[int]) -> list[Any]:
    """Return the summaries that there are of a subject; of sessions, those that stand for one of these exchanges too."""
    query = sa.select(summary).where(_is(subject))
    if subject.kind != "session":
        return list(connection.execute(query))
    found: dict[int, Any] = {}
    for some in slices(ids):
        parts = sa.select(summary_part.c.summary_id).where(summary_part.c.exchange_id.in_(some))
        found |= {row.id: row for row in connection.execute(query.where(summary.c.id.in_(parts)))}
    return [found[number] for number in sorted(found)]


def _own_realms(turn: Turn) -> sa.Select[Any]:
    """Return the realms that a person's summary may come from: in a shared place this place, in private what was private."""
    if turn.place.shared:
        return sa.select(realm.c.id).where(realm.c.place_id == turn.place.id, realm.c.companion == turn.companion)
    return sa.select(realm.c.id).where(realm.c.person_id == turn.person.id, realm.c.place_id == "", realm.c.companion == turn.companion)


def _is(subject: Subject) -> sa.ColumnElement[bool]:
    return sa.and_(*(summary.c[name] == value for name, value in _columns(subject).items()))


def _columns(subject: Subject) -> dict[str, Any]:
    place = {"place_id": subject.place, "branch": subject.branch}
    return {"kind": subject.kind, "realm_id": subject.realm, "person_id": subject.person, **place}


def _values(made: Made) -> dict[str, Any]:
    return {
        "since": min(each.when for each in made.exchanges).timestamp(),
        "until": max(each.when for each in made.exchanges).timestamp(),
        "text": made.text,
        "tokens": made.tokens,
        "stands_for": made.stands_for,
        "model": made.model,
    }


_listed = sa.select(
    summary,
    sa.select(sa.func.count()).where(summary_part.c.summary_id == summary.c.id).correlate(summary).scalar_subquery().label("parts"),
)


def _to_summary(row: Any) -> Summary:
    return Summary(
        id=row.id,
        kind=row.kind,
        text=row.text,
        since=datetime.fromtimestamp(row.since, UTC),
        until=datetime.fromtimestamp(row.until, UTC),
        tokens=row.tokens,
        stands_for=row.stands_for,
        exchanges=row.parts,
        realm=row.realm_id,
        person=row.person_id,
        place=row.place_id,
        model=row.model,
    )
