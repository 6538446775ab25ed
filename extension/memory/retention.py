"""Retention: what is older than its place keeps things is forgotten; what is pinned stays.

A place keeps things as long as the rule for it says, and where there is none, as long as the setting says. Only the
place's own exchange goes, not its copies: they lie in other places, which have their own rules.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from time import monotonic, time

import sqlalchemy as sa

from ..database import Database
from ..errors import SettingsError
from ..tables import exchange, retention
from .diary import remove, without_words
from .rows import slices

log = logging.getLogger(__name__)

LONGEST = 36_500
"""Days; a hundred years."""
_DAY = 86_400.0
_PAUSE = 1_800.0
"""Seconds between two looks at what is too old."""
_BATCH = 500


class Retention:
    """How long the places of one diary keep what was said. Every method raises StoreError when the database fails.

    `days` is how long those without a rule of their own do, 0 for ever. `now` is the time in seconds since the epoch.
    """

    def __init__(self, database: Database, days: int = 0, now: Callable[[], float] = time) -> None:
        self._database = database
        self._now = now
        self._days = days
        self._next = 0.0

    @property
    def days(self) -> int:
        """Days a place without a rule keeps things; 0 for ever."""
        return self._days

    @days.setter
    def days(self, days: int) -> None:
        self._days, self._next = days, 0.0

    def rules(self) -> dict[str, int]:
        """Return how many days the places with a rule keep things, 0 for ever, by the ids of the places."""
        with self._database.read() as connection:
            found = connection.execute(sa.select(retention).order_by(retention.c.place_id))
            return {row.place_id: row.days for row in found}

    def rule(self, place_id: str, days: int | None) -> None:
        """Let a place keep things so many days, 0 for ever, or with None as long as the setting says.

        Raises SettingsError for a number that is none of days.
        """
        if days is not None and not 0 <= days <= LONGEST:
            raise SettingsError(f"A place keeps things 1 to {LONGEST} days, or 0 for ever.")
        with self._database.write() as connection:
            connection.execute(sa.delete(retention).where(retention.c.place_id == place_id))
            if days is not None:
                connection.execute(sa.insert(retention).values(place_id=place_id, days=days))
        self._next = 0.0

    def due(self, days: int | None = None, rules: Mapping[str, int] | None = None) -> int:
        """Return how many exchanges are too old now, or would be under other days and rules."""
        condition = self._too_old(self.days if days is None else days, self.rules() if rules is None else rules)
        with self._database.read() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(exchange).where(condition)).scalar_one())

    def too_old(self) -> sa.ColumnElement[bool]:
        """Return the condition of what is too old now."""
        return self._too_old(self.days, self.rules())

    def run(self) -> int:
        """Forget what is too old, where the last look was a while ago, and return how many exchanges went."""
        if monotonic() < self._next:
            return 0
        rules = self.rules()
        gone = self._forget(self._too_old(self.days, rules)) if self.days or any(rules.values()) else 0
        self._next = monotonic() + _PAUSE
        if gone:
            log.info("%d exchanges were older than their places keep them and were forgotten.", gone)
        return gone

    def _forget(self, condition: sa.ColumnElement[bool]) -> int:
        with self._database.read() as connection:
            ids = list(connection.execute(sa.select(exchange.c.id).where(condition)).scalars())
        gone = 0
        for some in slices(ids, _BATCH):
            with self._database.write() as connection:
                rows = [row for row in without_words(connection, some) if not row.pinned]
                remove(connection, rows)
            gone += len(rows)
        return gone

    def _too_old(self, days: int, rules: Mapping[str, int]) -> sa.ColumnElement[bool]:
        column, now = exchange.c, self._now()
        kept = {each for each in rules.values() if each}
        cases = [
            sa.and_(column.place_id.in_([place for place, held in rules.items() if held == each]), column.said_at < now - each * _DAY)
            for each in sorted(kept)
        ]
        if days:
            cases.append(sa.and_(column.place_id.not_in(list(rules)), column.said_at < now - days * _DAY))
        return sa.and_(~column.pinned, sa.or_(sa.false(), *cases))
