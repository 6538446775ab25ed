"""What is derived from exchanges in the diary's database: tables whose rows go with the exchanges they were made from.

A table joins forgetting by one line in DERIVED: what its rows are called, and how those of some exchanges are found.
Its rows then are counted before anything is forgotten, removed in the transaction that removes the exchanges, and
brought back when the person changes their mind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..tables import embedding, extraction, fact, former_answer, heard_message, hidden, mark
from .rows import slices


@dataclass(frozen=True, slots=True)
class Derived:
    """A table of things made from exchanges. `of` is the condition by which the rows of some exchanges are found."""

    kind: str
    """What its rows are called, in counts: a plural."""
    table: sa.Table
    of: Callable[[list[int]], sa.ColumnElement[bool]]

    def count(self, connection: sa.Connection, ids: Iterable[int]) -> int:
        """Return how many rows were made from these exchanges."""
        key = self.table.primary_key.columns
        return len({tuple(row) for some in slices(ids) for row in connection.execute(sa.select(*key).where(self.of(some)))})

    def rows(self, connection: sa.Connection, ids: Iterable[int]) -> list[dict[str, Any]]:
        """Return the rows that were made from these exchanges."""
        key = [column.name for column in self.table.primary_key.columns]
        found = (row for some in slices(ids) for row in connection.execute(sa.select(self.table).where(self.of(some))).mappings())
        return list({tuple(row[name] for name in key): dict(row) for row in found}.values())

    def remove(self, connection: sa.Connection, ids: Iterable[int]) -> None:
        """Remove the rows that were made from these exchanges."""
        for some in slices(ids):
            connection.execute(sa.delete(self.table).where(self.of(some)))


DERIVED = (
    Derived("embeddings", embedding, embedding.c.exchange_id.in_),
    Derived("facts", fact, fact.c.exchange_id.in_),
    Derived("extractions", extraction, extraction.c.exchange_id.in_),
    Derived("marks", mark, lambda ids: mark.c.exchange_id.in_(ids) | mark.c.asked_id.in_(ids)),
    Derived("hidings", hidden, hidden.c.exchange_id.in_),
    Derived("messages", heard_message, heard_message.c.exchange_id.in_),
    Derived("former answers", former_answer, former_answer.c.exchange_id.in_),
)
