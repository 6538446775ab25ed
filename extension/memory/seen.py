"""What the model may see of a place: nothing from before a conversation was begun anew there, and nothing that was hidden.

Neither forgets anything: what was said stays in the diary, and a reset can be undone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

import sqlalchemy as sa

from ..database import Database
from ..errors import StoreError
from ..messages import Person
from ..tables import cleared, exchange, hidden
from .rows import clean, slices

log = logging.getLogger(__name__)

KEPT = 20
"""Resets of one place that can be undone, the newest."""


class Row(Protocol):
    """Something that was said in a place."""

    @property
    def row(self) -> int:
        """Where in the place."""

    @property
    def id(self) -> int | None:
        """Its exchange; None while it is in no diary."""


Said = TypeVar("Said", bound=Row)


class Seen:
    """Of one diary. Every method raises StoreError, but for `visible`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin_anew(self, place_id: str, by: Person, now: datetime | None = None) -> None:
        """Let the model see nothing of what was said in a place before now."""
        key, moment = clean(place_id), (now or datetime.now(UTC)).timestamp()
        with self._database.write() as connection:
            connection.execute(sa.delete(cleared).where(cleared.c.place_id == key, cleared.c.cleared_at >= moment))
            connection.execute(sa.insert(cleared).values(place_id=key, cleared_at=moment, person_id=clean(by.id)))
            older = sa.select(cleared.c.cleared_at).where(cleared.c.place_id == key).order_by(cleared.c.cleared_at.desc())
            for old in connection.execute(older.offset(KEPT)).scalars().all():
                connection.execute(sa.delete(cleared).where(cleared.c.place_id == key, cleared.c.cleared_at == old))

    def undo(self, place_id: str) -> bool:
        """Take the newest reset of a place back, and return whether there was one."""
        key = clean(place_id)
        with self._database.write() as connection:
            newest = sa.select(sa.func.max(cleared.c.cleared_at)).where(cleared.c.place_id == key)
            found = connection.execute(newest).scalar()
            if found is not None:
                connection.execute(sa.delete(cleared).where(cleared.c.place_id == key, cleared.c.cleared_at == found))
        return found is not None

    def since(self, place_id: str) -> datetime | None:
        """Return when the conversation in a place was begun anew last; None for never."""
        newest = sa.select(sa.func.max(cleared.c.cleared_at)).where(cleared.c.place_id == clean(place_id))
        with self._database.read() as connection:
            found = connection.execute(newest).scalar()
        return None if found is None else datetime.fromtimestamp(found, UTC)

    def first_row(self, place_id: str) -> int:
        """Return the first row of a place that the model may see, 0 for all of them."""
        since = self.since(place_id)
        if since is None:
            return 0
        here = (exchange.c.place_id == clean(place_id), exchange.c.said_at <= since.timestamp())
        with self._database.read() as connection:
            last = connection.execute(sa.select(sa.func.max(exchange.c.row)).where(*here)).scalar()
        return 0 if last is None else int(last) + 1

    def of(self, place_id: str, said: Iterable[Said]) -> list[Said]:
        """Return what of that which was said in a place the model may see."""
        first, given = self.first_row(place_id), list(said)
        unseen = self.hidden_among(each.id for each in given if each.id is not None)
        return [each for each in given if each.row >= first and each.id not in unseen]

    def visible(self, place_id: str, said: Sequence[Said]) -> list[Said]:
        """Return the same as `of`; all of it, with a warning, where that is not known now. Never raises."""
        try:
            return self.of(place_id, said)
        except StoreError as exc:
            log.warning("The model is shown what was hidden, too: %s", exc)
            return list(said)

    def hide(self, ids: Iterable[int]) -> None:
        """Take exchanges out of what the model sees."""
        now = datetime.now(UTC).timestamp()
        with self._database.write() as connection:
            for some in slices(ids):
                connection.execute(sa.delete(hidden).where(hidden.c.exchange_id.in_(some)))
                there = connection.execute(sa.select(exchange.c.id).where(exchange.c.id.in_(some))).scalars()
                if values := [{"exchange_id": number, "hidden_at": now} for number in there]:
                    connection.execute(sa.insert(hidden), values)

    def unhide(self, ids: Iterable[int]) -> int:
        """Let the model see exchanges again, and return how many were hidden."""
        with self._database.write() as connection:
            return sum(connection.execute(sa.delete(hidden).where(hidden.c.exchange_id.in_(some))).rowcount for some in slices(ids))

    def hidden_in(self, place_id: str) -> list[int]:
        """Return the ids of what is hidden in a place, the newest first."""
        query = sa.select(hidden.c.exchange_id).join(exchange, exchange.c.id == hidden.c.exchange_id)
        with self._database.read() as connection:
            found = connection.execute(query.where(exchange.c.place_id == clean(place_id)).order_by(hidden.c.exchange_id.desc()))
            return list(found.scalars())

    def hidden_among(self, ids: Iterable[int]) -> set[int]:
        """Return which of these exchanges are hidden."""
        with self._database.read() as connection:
            query = sa.select(hidden.c.exchange_id)
            return {n for some in slices(ids) for n in connection.execute(query.where(hidden.c.exchange_id.in_(some))).scalars()}
