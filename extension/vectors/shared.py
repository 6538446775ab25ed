"""The vector index of one diary on a Chroma server, shared by several processes and machines.

The names of the collections begin with the number of the diary, so that several diaries can lie on one server. Beside
those of the realms there is one without vectors, the marker: its metadata say of which embedding model the vectors are,
and up to which revision the index has come. Every process feeds the index; to do so twice changes nothing. Whoever
starts it anew replaces the marker first, so that what another process still feeds into the old one counts for nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

from .hnsw import Collections, nothing
from .server import Gone, Server

log = logging.getLogger(__name__)

FORMAT = 1
_COUNTED_FOR = 60.0
"""Seconds after which the sizes of realms, which other processes change too, are asked for anew."""


def marker(diary: int) -> str:
    """Return the name of the collection that says how far the index of a diary has come."""
    return f"d{diary}.marker"


class SharedVectors(Collections):
    """HNSW indexes on a server, cosine distance. Opening it asks the server.

    Raises IndexUnreachable from the constructor and the methods while the server is away.
    """

    def __init__(self, server: Server, diary: int, space: str, expected: Callable[[int], int] = nothing) -> None:
        super().__init__(f"d{diary}-", server.translated, expected)
        self._server = server
        self._name = marker(diary)
        self._space = space
        self._counted = monotonic()
        self._client = server.client()
        try:
            self._marker = self._found()
            if any(self._marker.metadata.get(name) != value for name, value in self._expected().items()):
                log.warning("The vector index at %s is of another version or model; rebuilding it from the diary.", server.where)
                self.clear()
        except BaseException:
            self.close()
            raise

    @property
    def revision(self) -> int:
        """The revision of the diary up to which this index has come; 0 for an empty one."""
        self._marker = self._found()
        return int(self._marker.metadata.get("revision") or 0)

    def advance(self, revision: int) -> None:
        """Record the revision up to which the index has come.

        Nothing is recorded when another process has started the index anew since the revision was looked at. It may go
        back when another process has come further meanwhile: what that one did is then done once more.
        """
        try:
            with self._translated():
                self._marker.modify(metadata={**self._expected(), "revision": revision})
        except Gone:
            log.info("Another process has started the vector index at %s anew.", self._server.where)

    def size(self, realm: int) -> int:
        """Return about how many vectors a realm holds, or held within the last minute."""
        if monotonic() - self._counted > _COUNTED_FOR:
            self._sizes, self._counted = {}, monotonic()
        return super().size(realm)

    def clear(self) -> None:
        """Remove every vector and go back to revision 0."""
        self._collections, self._sizes = {}, {}
        self._delete(self._name)
        with self._translated():
            names = [found.name for found in self._listed()]
        for name in names:
            self._delete(name)
        self._marker = self._found()

    def close(self) -> None:
        """Let go of the connections."""
        self._collections = {}
        self._server.close(self._client)

    def _once(self, realm: int, call: Callable[[Any], Any]) -> Any:
        try:
            return super()._once(realm, call)
        except Gone:
            self._collections.pop(realm, None)
            return super()._once(realm, call)

    def _found(self) -> Any:
        with self._translated():
            return self._client.get_or_create_collection(self._name, metadata={**self._expected(), "revision": 0}, embedding_function=None)

    def _expected(self) -> dict[str, Any]:
        return {"format": FORMAT, "space": self._space}

    def _delete(self, name: str) -> None:
        with suppress(Gone), self._translated():
            self._client.delete_collection(name)
