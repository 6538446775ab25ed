"""What was decided about people while running: their levels, and the record of what they did. Every method raises StoreError."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from ..database import Database
from ..memory.rows import clean
from ..messages import Person, Place
from ..tables import audit, exchange, granted
from .level import Level

KEPT = 100_000
"""Lines of the record that are kept; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A line of the record: who did what, at which level, and what came of it."""

    when: datetime
    person: str
    place: str
    door: str
    command: str
    level: Level
    outcome: str


class Granted:
    """The levels people were given."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, person: str) -> Level | None:
        """Return the level a person was given, None for nobody who was."""
        with self._database.read() as connection:
            found = connection.execute(sa.select(granted.c.level).where(granted.c.person_id == clean(person))).scalar()
        return None if found is None else Level(min(max(int(found), Level.IGNORED), Level.OWNER))

    def all(self) -> Mapping[str, Level]:
        """Return the levels of all who were given one."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(granted).order_by(granted.c.level.desc(), granted.c.person_id)).all()
        return {row.person_id: Level(min(max(int(row.level), Level.IGNORED), Level.OWNER)) for row in rows}

    def give(self, person: str, level: Level | None, by: Person) -> None:
        """Give a person a level, or take it back."""
        key = clean(person)
        with self._database.write() as connection:
            connection.execute(sa.delete(granted).where(granted.c.person_id == key))
            if level is not None:
                values = {"level": int(level), "granted_by": clean(by.id), "granted_at": datetime.now(UTC).timestamp()}
                connection.execute(sa.insert(granted).values(person_id=key, **values))


class Record:
    """Who did what: ids, names of commands, and reasons given for the record; never what was said."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, person: Person, place: Place, door: str, command: str, level: Level, outcome: str) -> None:
        """Write a line."""
        values = {"person_id": clean(person.id), "place_id": clean(place.id), "door": door, "command": command}
        with self._database.write() as connection:
            line = sa.insert(audit).values(**values, level=int(level), outcome=outcome, done_at=datetime.now(UTC).timestamp())
            number = connection.execute(line.returning(audit.c.id)).scalar_one()
            if number % 1000 == 0:
                connection.execute(sa.delete(audit).where(audit.c.id <= number - KEPT))

    def latest(self, limit: int = 50, person: str = "") -> list[Deed]:
        """Return the newest lines, of one person or of all."""
        query = sa.select(audit).order_by(audit.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            rows = connection.execute(query.where(audit.c.person_id == clean(person)) if person else query).all()
        return [
            Deed(
                datetime.fromtimestamp(row.done_at, UTC),
                row.person_id,
                row.place_id,
                row.door,
                row.command,
                Level(row.level),
                row.outcome,
            )
            for row in rows
        ]

    def spent(self, person: str, since: datetime, names: frozenset[str]) -> list[float]:
        """Return when a person had an answer, or ran one of these commands, since a moment; in seconds since the epoch."""
        key, moment = clean(person), since.timestamp()
        answers = sa.select(exchange.c.said_at).where(exchange.c.person_id == key, exchange.c.said_at > moment)
        done = (audit.c.outcome == "done", audit.c.command.in_(names))
        runs = sa.select(audit.c.done_at).where(audit.c.person_id == key, audit.c.done_at > moment, *done)
        with self._database.read() as connection:
            return sorted(connection.execute(sa.union_all(answers, runs)).scalars())
