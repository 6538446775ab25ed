"""What was taken up on a chat platform and is not answered yet: ids alone, in the database, so that a kill costs nobody an answer.

It is the inbound journal and the outbox in one: a message is kept here before anything is done about it, with the messages of ours
that were sent for it so far, and goes once it is answered. After a power cut the last of it may be missing; the platform still has the
messages, and they are heard again (see bridges/recovery.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..database import Database, set_watermark, watermark
from ..tables import place, unfinished
from .numbering import give_row
from .rows import clean, slices

MOST_PLACES = 500


@dataclass(frozen=True, slots=True)
class Open:
    """A message that is not answered yet."""

    place: str
    message: str
    posted: tuple[str, ...]
    """The messages of ours that were sent for it."""
    row: int | None
    """The row of the exchange that it is in, once that was begun."""
    taken: datetime


class Unfinished:
    """Of one diary. Every method raises StoreError. `door` names a platform."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, door: str, place_id: str, messages: Iterable[str]) -> None:
        """Keep that these messages were taken up; those that are kept already stay as they are."""
        key, ids = clean(place_id), [clean(each) for each in dict.fromkeys(messages)]
        with self._database.write(durable=False) as connection:
            query = sa.select(unfinished.c.message_id).where(unfinished.c.door == door, unfinished.c.place_id == key)
            known = set(connection.execute(query.where(unfinished.c.message_id.in_(ids))).scalars())
            same = {"door": door, "place_id": key, "posted": "[]", "taken_at": datetime.now(UTC).timestamp()}
            if rows := [{**same, "message_id": each} for each in ids if each not in known]:
                connection.execute(sa.insert(unfinished), rows)

    def post(self, door: str, place_id: str, message: str, posted: Sequence[str]) -> None:
        """Keep which messages of ours were sent for one, if it is open."""
        with self._database.write(durable=False) as connection:
            here = (unfinished.c.door == door, unfinished.c.place_id == clean(place_id), unfinished.c.message_id == clean(message))
            connection.execute(sa.update(unfinished).where(*here).values(posted=json.dumps([clean(each) for each in posted])))

    def row(self, door: str, place_id: str, messages: Sequence[str]) -> int:
        """Return the row of the exchange that these messages are: the one they were given before, or the next one of the place."""
        key, ids = clean(place_id), [clean(each) for each in messages]
        here = (unfinished.c.door == door, unfinished.c.place_id == key, unfinished.c.message_id.in_(ids))
        with self._database.write(durable=False) as connection:
            given = connection.execute(sa.select(sa.func.min(unfinished.c.row)).where(*here)).scalar()
            row = give_row(connection, key) if given is None else int(given)
            connection.execute(sa.update(unfinished).where(*here).values(row=row))
        return row

    def holds(self, door: str, place_id: str, message: str) -> bool:
        """Return whether a message is open."""
        here = (unfinished.c.door == door, unfinished.c.place_id == clean(place_id), unfinished.c.message_id == clean(message))
        with self._database.read() as connection:
            return connection.execute(sa.select(unfinished.c.message_id).where(*here)).first() is not None

    def end(self, door: str, place_id: str, messages: Iterable[str]) -> None:
        """Let go of messages: they are answered, or there is nothing to answer any more."""
        here = (unfinished.c.door == door, unfinished.c.place_id == clean(place_id))
        with self._database.write(durable=False) as connection:
            for some in slices(clean(each) for each in messages):
                connection.execute(sa.delete(unfinished).where(*here, unfinished.c.message_id.in_(some)))

    def of(self, door: str) -> Sequence[Open]:
        """Return what is open on a platform, the oldest first."""
        query = sa.select(unfinished).where(unfinished.c.door == door).order_by(unfinished.c.taken_at, unfinished.c.message_id)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [_open(row) for row in rows]

    def listened(self, door: str, until: datetime) -> None:
        """Keep until when a platform was surely listened to."""
        with self._database.write(durable=False) as connection:
            set_watermark(connection, f"listened:{door}", int(until.timestamp()))

    def listened_until(self, door: str) -> datetime | None:
        """Return until when a platform was surely listened to, None where it never was."""
        with self._database.read() as connection:
            found = watermark(connection, f"listened:{door}")
        return datetime.fromtimestamp(found, UTC) if found else None

    def places(self, door: str) -> Sequence[str]:
        """Return the places of a platform that the diary knows, MOST_PLACES at most."""
        query = sa.select(place.c.id).where(place.c.id.startswith(f"{door}:", autoescape=True)).limit(MOST_PLACES)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())


def _open(row: sa.Row[Any]) -> Open:
    return Open(row.place_id, row.message_id, tuple(json.loads(row.posted)), row.row, datetime.fromtimestamp(row.taken_at, UTC))
