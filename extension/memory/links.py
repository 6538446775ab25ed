"""Links between messages of chat platforms and exchanges: ids alone, since the words are in the diary or on the platform.

They are what tells, also after a restart, that a message was answered, that it is hidden, or which exchange it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import sqlalchemy as sa

from ..database import Database
from ..tables import heard_message
from .rows import clean, slices

Kind = Literal["question", "reply", "hidden", "command", "told"]
KEPT = 2_000
"""Messages of one place that are known without an exchange: hidden ones and commands. The oldest go first."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a message of a platform is to us."""

    message: str
    kind: Kind
    exchange: int
    """The id of its exchange, 0 for none."""
    part: int
    """Its place among the messages of its kind that belong to the exchange, from 0."""


class Links:
    """Of one diary. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, place_id: str, messages: Iterable[str], kind: Kind, exchange: int = 0) -> None:
        """Keep what these messages are, in their order, in place of all that was known of this kind for the exchange, and of them."""
        key, ids = clean(place_id), [clean(each) for each in dict.fromkeys(messages)]
        same = {"place_id": key, "kind": kind, "exchange_id": exchange, "noted_at": datetime.now(UTC).timestamp()}
        with self._database.write(durable=False) as connection:
            if exchange:
                connection.execute(sa.delete(heard_message).where(heard_message.c.exchange_id == exchange, heard_message.c.kind == kind))
            for some in slices(ids):
                connection.execute(sa.delete(heard_message).where(heard_message.c.place_id == key, heard_message.c.message_id.in_(some)))
            if ids:
                connection.execute(sa.insert(heard_message), [{**same, "message_id": each, "part": n} for n, each in enumerate(ids)])
            if not exchange:
                self._prune(connection, key)

    def of(self, place_id: str, messages: Iterable[str]) -> dict[str, Link]:
        """Return what is known of these messages, by their ids."""
        here = heard_message.c.place_id == clean(place_id)
        found: dict[str, Link] = {}
        with self._database.read() as connection:
            for some in slices(clean(each) for each in messages):
                rows = connection.execute(sa.select(heard_message).where(here, heard_message.c.message_id.in_(some)))
                found |= {row.message_id: Link(row.message_id, row.kind, row.exchange_id, row.part) for row in rows}
        return found

    def messages(self, exchange: int, kind: Kind) -> Sequence[str]:
        """Return the messages of an exchange, in their order."""
        query = sa.select(heard_message.c.message_id).where(heard_message.c.exchange_id == exchange, heard_message.c.kind == kind)
        with self._database.read() as connection:
            return list(connection.execute(query.order_by(heard_message.c.part)).scalars())

    def _prune(self, connection: sa.Connection, place_id: str) -> None:
        alone = (heard_message.c.place_id == place_id, heard_message.c.exchange_id == 0)
        newest = sa.select(heard_message.c.noted_at).where(*alone).order_by(heard_message.c.noted_at.desc())
        oldest = connection.execute(newest.offset(KEPT).limit(1)).scalar()
        if oldest is not None:
            connection.execute(sa.delete(heard_message).where(*alone, heard_message.c.noted_at <= oldest))
