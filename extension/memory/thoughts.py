"""What was made of exchanges by thinking about them, beyond what derived.py names: it goes with them, in the same transaction."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from ..database import next_revision
from ..messages import digest
from ..tables import exchange, extraction, fact, summary, summary_part
from .rows import slices


def forget_summaries(connection: sa.Connection, ids: Collection[int]) -> None:
    """Remove the summaries that exchanges are part of, and let them be made anew of the other parts."""
    part = summary_part.c
    found: set[int] = set()
    for some in slices(ids):
        found |= set(connection.execute(sa.select(part.summary_id).where(part.exchange_id.in_(some))).scalars())
    for number in sorted(found):
        left = set(connection.execute(sa.select(part.exchange_id).where(part.summary_id == number)).scalars()) - set(ids)
        connection.execute(sa.delete(summary_part).where(part.summary_id == number))
        connection.execute(sa.delete(summary).where(summary.c.id == number))
        if left:  # whoever makes summaries looks at this one again, and so at its chat and its person
            connection.execute(sa.update(exchange).where(exchange.c.id == min(left)).values(revision=next_revision(connection)))


def think_again(connection: sa.Connection, number: int, said: str) -> None:
    """Remove what was made of an exchange if other words were said in it before: it is looked through anew."""
    held = connection.execute(sa.select(extraction.c.digest).where(extraction.c.exchange_id == number)).scalar()
    if held is not None and held != digest(said):
        for table in (fact, extraction):
            connection.execute(sa.delete(table).where(table.c.exchange_id == number))
        forget_summaries(connection, [number])
