"""What is kept of people for their documents, and goes with the last of what they said: it holds their titles."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from ..database import drive_file, exchange, writer
from .rows import slices


def forget_desks(connection: sa.Connection, people: Collection[str]) -> None:
    """Remove the titles, folders and known files of those of these people of whom nothing is left."""
    for table in (writer, drive_file):
        left = sa.exists().where(exchange.c.person_id == table.c.person_id)
        for some in slices(people):
            connection.execute(sa.delete(table).where(table.c.person_id.in_(some), ~left))
