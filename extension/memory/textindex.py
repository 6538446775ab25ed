"""What a full-text index can do: SQLite's is in `fts5`, PostgreSQL's in `tsvector`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from .document import Document


@dataclass(frozen=True, slots=True)
class Term:
    """A word to search by."""

    word: str
    token: bytes
    """Its stem in UTF-8; the rarest of its stems where a word has several."""
    weight: float
    """Its inverse document frequency."""


class TextIndex(Protocol):
    """A full-text index inside the diary's database. Every method works on a connection of its caller."""

    def replace(self, connection: sa.Connection, gone: Iterable[tuple[int, int]], documents: Sequence[Document]) -> None:
        """Take out exchanges that are gone, (realm, exchange), and put in documents, in place of those of the same exchanges."""
        ...

    def clear(self, connection: sa.Connection) -> None:
        """Take out everything."""
        ...

    def count(self, connection: sa.Connection) -> int:
        """Return how many exchanges the index holds."""
        ...

    def total(self, connection: sa.Connection) -> int:
        """Return about how many exchanges the index holds, at once."""
        ...

    def found(self, connection: sa.Connection, tokens: Collection[bytes], total: int) -> Mapping[bytes, int]:
        """Return how many exchanges hold each token, of `total`."""
        ...

    def held(self, connection: sa.Connection, term: Term, realms: Sequence[int], place: str | None, most: int) -> int:
        """Return how many exchanges within realms, or within one place of them, hold a term; `most` where they are more."""
        ...

    def best(
        self, connection: sa.Connection, terms: Sequence[Term], realms: Sequence[int], place: str | None, limit: int, most: int
    ) -> Sequence[tuple[int, float]]:
        """Return (exchange, bm25) of the best matches within realms, or within one place of them, best first.

        Where more than `most` match, it may look only at so many, the newest of a realm first.
        """
        ...

    def holding(self, words: Sequence[str]) -> sa.Select[Any] | sa.TextualSelect:
        """Return a query for the ids of the exchanges whose own words hold all of these, whatever their endings."""
        ...
