"""What was made of exchanges by thinking about them: it goes with them, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from ..database import extraction, fact
from ..messages import digest
from .rows import slices


def forget_thoughts(connection: sa.Connection, ids: Iterable[int]) -> None:
    """Remove what was made of exchanges that go."""
    for some in slices(ids):
        for table in (fact, extraction):
            connection.execute(sa.delete(table).where(table.c.exchange_id.in_(some)))


def think_again(connection: sa.Connection, number: int, said: str) -> None:
    """Remove what was made of an exchange if other words were said in it before: it is looked through anew."""
    held = connection.execute(sa.select(extraction.c.digest).where(extraction.c.exchange_id == number)).scalar()
    if held is not None and held != digest(said):
        forget_thoughts(connection, [number])
