"""The numbering of rows: which row of a place what is said next there gets, where no host says so."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from ..database import Database, set_watermark, watermark
from ..messages import digest
from ..tables import chosen, cleared, counter, exchange, heard_message
from .rows import slices


def next_row(database: Database, place_id: str) -> int:
    """Return the row after the last one of a place, and give it to nobody else. Raises StoreError.

    So two who speak in a place at once, from two processes, never write over each other.
    """
    with database.write() as connection:
        return give_row(connection, place_id)


def give_row(connection: sa.Connection, place_id: str) -> int:
    """Do what `next_row` does, inside a transaction that writes."""
    row = max(_after_the_last(connection, place_id), watermark(connection, _given(place_id)))
    set_watermark(connection, _given(place_id), row + 1)
    return row


def likely_row(database: Database, place_id: str) -> int:
    """Return the row that `next_row` would give, without giving it: for a diary that cannot be written. Raises StoreError."""
    with database.read() as connection:
        return max(_after_the_last(connection, place_id), watermark(connection, _given(place_id)))


def forget_places(connection: sa.Connection, places: Collection[str]) -> None:
    """Remove what is known of those of these places that hold no exchange any more: their rows, and what was chosen there."""
    for some in slices(places):
        left = connection.execute(sa.select(exchange.c.place_id).distinct().where(exchange.c.place_id.in_(some))).scalars()
        gone = set(some) - set(left)
        connection.execute(sa.delete(counter).where(counter.c.name.in_([_given(place_id) for place_id in gone])))
        for table in (cleared, heard_message):
            connection.execute(sa.delete(table).where(table.c.place_id.in_(gone)))
        connection.execute(sa.delete(chosen).where(chosen.c.layer.in_(("channel", "thread")), chosen.c.holder.in_(gone)))


def _after_the_last(connection: sa.Connection, place_id: str) -> int:
    last = connection.execute(sa.select(sa.func.max(exchange.c.row)).where(exchange.c.place_id == place_id)).scalar()
    return 0 if last is None else int(last) + 1


def _given(place_id: str) -> str:
    """Return the name of the counter of the rows that were given out in a place."""
    return f"row:{digest(place_id)}"
