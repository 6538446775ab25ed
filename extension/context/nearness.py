"""The passages nearest to a question: exact search over all vectors, held in memory and brought up to date before each question.

Exact since it is fast enough for 100,000 passages (a product of 150 MB), never behind, and needs no second store. A revision of the
library says whether anything changed, and each document's own what to load again.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

import sqlalchemy as sa

from ..database import Database, watermark
from ..memory.embeddings import unpacked
from ..memory.rows import slices
from ..tables import document, passage
from ..vectors import ExactVectors
from .catalogue import REVISION

if TYPE_CHECKING:
    from ..ports import Vectors

_AT_ONCE = 4_096
"""Vectors that are read from the database at once."""


class Nearness:
    """The vectors of one library in one space. Safe to use from several threads. Raises StoreError when the database fails."""

    def __init__(self, database: Database, space: str) -> None:
        self._database = database
        self._space = space
        self._vectors = ExactVectors()
        self._held: dict[int, tuple[int, int, list[int]]] = {}
        """The revision, shelf and passages of each document."""
        self._revision = 0
        self._lock = Lock()

    def search(self, shelves: Sequence[int], vector: Vectors, limit: int) -> dict[int, float]:
        """Return the cosine similarity of the passages of some shelves that are nearest to a vector."""
        self.refresh()
        return self._vectors.search(shelves, vector, limit)

    def size(self, shelves: Sequence[int]) -> int:
        """Return how many passages these shelves hold, as far as they are loaded."""
        return sum(self._vectors.size(each) for each in shelves)

    def similarity(self, shelves: Sequence[int], vector: Vectors, passages: Sequence[int]) -> dict[int, float]:
        """Return the cosine similarity to a vector of those of these passages that are on some shelves, as far as they are loaded."""
        return self._vectors.similarity(shelves, [(each, "") for each in passages], vector)

    def refresh(self) -> None:
        """Load what changed since the last time."""
        with self._lock, self._database.read() as connection:
            now = watermark(connection, REVISION)
            if now == self._revision:
                return
            rows = connection.execute(sa.select(document.c.id, document.c.revision, document.c.shelf_id)).all()
            there = {row.id: (row.revision, row.shelf_id) for row in rows}
            for number, (revision, shelf, passages) in list(self._held.items()):
                if there.get(number) != (revision, shelf):
                    self._vectors.remove(shelf, [(each, "") for each in passages])
                    del self._held[number]
            missing = {number: found for number, found in there.items() if number not in self._held}
            for some in slices(missing):
                self._load(connection, {number: missing[number] for number in some})
            self._revision = now

    def _load(self, connection: sa.Connection, documents: dict[int, tuple[int, int]]) -> None:
        for number, (revision, shelf) in documents.items():
            self._held[number] = (revision, shelf, [])
        match = (passage.c.document_id.in_(documents), passage.c.space == self._space)
        query = sa.select(passage.c.document_id, passage.c.id, passage.c.vector).where(*match).order_by(passage.c.document_id)
        for rows in connection.execution_options(yield_per=_AT_ONCE).execute(query).partitions():
            vectors = unpacked([row.vector for row in rows])
            for shelf in {documents[row.document_id][1] for row in rows}:
                on = [at for at, row in enumerate(rows) if documents[row.document_id][1] == shelf]
                self._vectors.put(shelf, [(rows[at].id, "") for at in on], vectors[on])
            for row in rows:
                self._held[row.document_id][2].append(row.id)
