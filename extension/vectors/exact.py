"""Exact search over vectors in memory, for a process that does not own Chroma's folder."""

from __future__ import annotations

from collections.abc import Sequence
from threading import RLock
from typing import TYPE_CHECKING, Any

from .index import Key

if TYPE_CHECKING:
    from ..ports import Vectors


class ExactVectors:
    """Exact search over vectors held in memory, float32, one growing matrix for each realm."""

    def __init__(self) -> None:
        self.revision = 0
        self._realms: dict[int, _Matrix] = {}
        self._lock = RLock()

    def advance(self, revision: int) -> None:
        """Record the revision up to which the index has come."""
        self.revision = revision

    def put(self, realm: int, keys: Sequence[Key], vectors: Vectors) -> None:
        """Add vectors or replace those of the same keys."""
        with self._lock:
            self._realms.setdefault(realm, _Matrix()).put(keys, vectors)

    def remove(self, realm: int, keys: Sequence[Key]) -> None:
        """Remove the vectors of these keys; those that are not there are no error."""
        with self._lock:
            if realm in self._realms:
                self._realms[realm].remove(keys)

    def search(self, realms: Sequence[int], vectors: Vectors, limit: int) -> dict[int, float]:
        """Return the cosine similarity of the exchanges nearest to a vector, or to several, the better part of each."""
        import numpy as np

        found: dict[int, float] = {}
        with self._lock:
            held = [self._realms[realm] for realm in realms if realm in self._realms]
            nearest = [pair for matrix in held for vector in np.atleast_2d(vectors) for pair in matrix.nearest(vector, limit)]
        for number, score in nearest:
            found[number] = max(found.get(number, -1.0), score)
        return found

    def similarity(self, realms: Sequence[int], keys: Sequence[Key], vector: Vectors) -> dict[int, float]:
        """Return the cosine similarity to a vector of those exchanges, by their keys, that are in these realms."""
        with self._lock:
            held = [self._realms[realm] for realm in realms if realm in self._realms]
            return {number: score for matrix in held for number, score in matrix.scores(keys, vector)}

    def size(self, realm: int) -> int:
        """Return the number of vectors in a realm."""
        with self._lock:
            return len(self._realms[realm].places) if realm in self._realms else 0

    def counts(self) -> dict[int, int]:
        """Return the number of vectors in each realm that has any."""
        with self._lock:
            return {realm: len(held.places) for realm, held in self._realms.items() if held.places}

    def load(self) -> None:
        """Do nothing: all is in memory."""

    def keys(self, realm: int) -> set[Key]:
        """Return the keys of all vectors of a realm."""
        with self._lock:
            return set(self._realms[realm].places) if realm in self._realms else set()

    def clear(self) -> None:
        """Remove every vector and go back to revision 0."""
        with self._lock:
            self._realms.clear()
            self.revision = 0

    def close(self) -> None:
        """Let go of the memory."""
        self.clear()


class _Matrix:
    """The vectors of one realm: rows of a matrix with room to grow. A removed row is zero until it is used again."""

    def __init__(self) -> None:
        self.places: dict[Key, int] = {}
        self._owners: list[Key | None] = []
        self._free: list[int] = []
        self._rows: Any = None

    def put(self, keys: Sequence[Key], vectors: Vectors) -> None:
        self._make_room(len(keys), vectors.shape[1])
        for key, vector in zip(keys, vectors, strict=True):
            if key not in self.places:
                if self._free:
                    self.places[key] = self._free.pop()
                    self._owners[self.places[key]] = key
                else:
                    self.places[key] = len(self._owners)
                    self._owners.append(key)
            self._rows[self.places[key]] = vector

    def remove(self, keys: Sequence[Key]) -> None:
        for key in keys:
            place = self.places.pop(key, None)
            if place is not None:
                self._rows[place] = 0.0
                self._owners[place] = None
                self._free.append(place)

    def nearest(self, vector: Vectors, limit: int) -> list[tuple[int, float]]:
        import numpy as np

        size = len(self._owners)
        if not size:
            return []
        scores = self._rows[:size] @ vector
        best = np.argpartition(-scores, min(limit, size - 1))[:limit]
        return [(owner[0], float(scores[index])) for index in best if (owner := self._owners[index]) is not None]

    def scores(self, keys: Sequence[Key], vector: Vectors) -> list[tuple[int, float]]:
        here = [key for key in keys if key in self.places]
        if not here:
            return []
        scores = self._rows[[self.places[key] for key in here]] @ vector
        return [(key[0], float(score)) for key, score in zip(here, scores, strict=True)]

    def _make_room(self, more: int, dimensions: int) -> None:
        import numpy as np

        needed = len(self._owners) + more
        if self._rows is None or needed > len(self._rows):
            rows = np.zeros((max(256, needed * 3 // 2), dimensions), dtype=np.float32)
            if self._rows is not None:
                rows[: len(self._rows)] = self._rows
            self._rows = rows
