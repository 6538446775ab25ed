"""HNSW indexes in a Chroma, one collection for each realm, cosine distance: what the embedded one and a server have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from time import sleep
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings

from ..errors import IndexUnavailable, MissingPackage
from .index import Key

if TYPE_CHECKING:
    from ..ports import Vectors

_BATCH = 4_000
_TRIES, _PAUSE = 6, 0.03
_PASSING = ("Nothing found on disk", "database is locked")
"""What Chroma says of what is over a moment later: another call makes the collection's first graph, or its own work in the background
is just writing to its database (SQLite does not wait where a transaction that has read begins to write)."""
_SYNC, _SYNC_PART = 10, 100
"""A collection's graph is written when a hundredth of what it will hold came in since, ten vectors at least.

Each time Chroma writes the names of all vectors, so a small number would make the filling of a great collection quadratic. What
came in since is kept with its vectors in a log, and put into the graph again at the next start, so it may not be many either.
"""
_LARGE = 1_000
"""Vectors of a realm whose graph takes more than a moment to read."""


def nothing(realm: int) -> int:
    """Return 0: nothing is known of how many vectors a realm will hold."""
    return 0


class Collections:
    """The collections of one Chroma client. Every method raises IndexUnavailable when Chroma fails."""

    _client: Any

    def __init__(
        self, prefix: str, translated: Callable[[], AbstractContextManager[None]], expected: Callable[[int], int] = nothing
    ) -> None:
        """`prefix` begins the names of the collections; `translated` turns Chroma's errors into ours.

        `expected` says about how many vectors a realm will hold, and is asked when a realm is first used.
        """
        self._prefix = prefix
        self._translated = translated
        self._vectors_in = expected
        self._collections: dict[int, Any] = {}
        self._sizes: dict[int, int] = {}

    def put(self, realm: int, keys: Sequence[Key], vectors: Vectors) -> None:
        """Add vectors or replace those of the same keys."""
        if realm in self._sizes:
            self._sizes[realm] += len(keys)
        for part in _parts(len(keys)):
            ids, some = _ids(keys[part]), vectors[part]
            self._ask(realm, lambda found, ids=ids, some=some: found.upsert(ids=ids, embeddings=some))  # type: ignore[misc]

    def remove(self, realm: int, keys: Sequence[Key]) -> None:
        """Remove the vectors of these keys; those that are not there are no error."""
        for part in _parts(len(keys)):
            ids = _ids(keys[part])
            self._ask(realm, lambda found, ids=ids: found.delete(ids=ids))  # type: ignore[misc]

    def search(self, realms: Sequence[int], vectors: Vectors, limit: int) -> dict[int, float]:
        """Return the cosine similarity of the exchanges nearest to a vector, the better part of each.

        Of several vectors, shape (n, dimensions), each names so many; an exchange gets the best of its similarities.
        """
        import numpy as np

        asked, found = list(np.atleast_2d(vectors)), dict[int, float]()
        for realm in realms:
            result = self._ask(realm, lambda held: held.query(query_embeddings=asked, n_results=limit, include=["distances"]))
            for keys, distances in zip(result["ids"], result["distances"], strict=True):
                for key, distance in zip(keys, distances, strict=True):
                    number = int(key.partition(":")[0])
                    found[number] = max(found.get(number, -1.0), 1.0 - float(distance))
        return found

    def size(self, realm: int) -> int:
        """Return about how many vectors a realm holds.

        Chroma counts row by row (28 ms for 200,000), so it is asked once, and what is put in later is added.
        """
        if realm not in self._sizes:
            self._sizes[realm] = int(self._ask(realm, lambda found: found.count()))
        return self._sizes[realm]

    def counts(self) -> dict[int, int]:
        """Return the number of vectors in each realm that has any."""
        with self._translated():
            sizes = {self._realm(found.name): int(found.count()) for found in self._listed()}
        return {realm: size for realm, size in sizes.items() if size}

    def load(self) -> None:
        """Let Chroma read the graphs of large realms now; else it does so at the first question, which would wait seconds for it."""
        for realm, size in self.counts().items():
            if size >= _LARGE:
                self._ask(realm, lambda found: found.get(limit=1, include=["embeddings"]))

    def keys(self, realm: int) -> set[Key]:
        """Return the keys of all vectors of a realm."""
        ids = self._ask(realm, lambda found: found.get(include=[]))["ids"]
        return {(int(number), what) for number, _, what in (key.partition(":") for key in ids)}

    def _ask(self, realm: int, call: Callable[[Any], Any]) -> Any:
        """Return what a call of a realm's collection gives."""
        for tried in range(_TRIES):
            try:
                return self._once(realm, call)
            except IndexUnavailable as exc:
                if not any(each in str(exc) for each in _PASSING):
                    raise
            sleep(_PAUSE * 2**tried)
        return self._once(realm, call)

    def _once(self, realm: int, call: Callable[[Any], Any]) -> Any:
        often = 0 if realm in self._collections else max(_SYNC, self._vectors_in(realm) // _SYNC_PART)
        with self._translated():
            if realm not in self._collections:
                self._collections[realm] = self._opened(f"{self._prefix}{realm}", often)
            return call(self._collections[realm])

    def _opened(self, name: str, often: int) -> Any:
        """Return a collection whose graph is written each time `often` vectors came in, or about that many."""
        chosen = {"hnsw": {"space": "cosine", "ef_search": 128, "sync_threshold": often}}
        found = self._client.get_or_create_collection(name, configuration=chosen, embedding_function=None)
        if 2 * found.configuration_json["hnsw"]["sync_threshold"] < often:  # it has grown; Chroma looks at it when it loads the graph
            with catch_warnings(action="ignore", category=DeprecationWarning):  # of its embedding functions; there is none
                found.modify(configuration={"hnsw": {"sync_threshold": often}})
        return found

    def _listed(self) -> list[Any]:
        """Return the collections of all realms there are."""
        return [found for found in self._client.list_collections() if found.name.startswith(self._prefix)]

    def _realm(self, name: str) -> int:
        return int(name.removeprefix(self._prefix))


def package() -> Any:
    """Return the package. Raises MissingPackage."""
    try:
        import chromadb
    except ImportError as exc:
        raise MissingPackage(f"The vector index needs chromadb ({exc}). Install it: pip install chromadb") from exc
    return chromadb


def _parts(count: int) -> list[slice]:
    return [slice(start, start + _BATCH) for start in range(0, count, _BATCH)]


def _ids(keys: Sequence[Key]) -> list[str]:
    return [f"{number}:{what}" for number, what in keys]
