"""HNSW indexes in an embedded Chroma, owned by one process at a time."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import IndexUnavailable, MissingPackage
from ..settings import replace_text
from .graphs import scrub, survives
from .hnsw import Collections, nothing, package
from .index import Key

if TYPE_CHECKING:
    from ..ports import Vectors

log = logging.getLogger(__name__)

FORMAT = 1
_MARKER = "familiar.json"
_IN_USE = "in-use"
"""A file that lies in the folder from opening to closing: found at the start, it tells of a process that was killed."""


class _Taken(IndexUnavailable):
    """Another process owns the folder."""


def own(folder: Path, space: str, expected: Callable[[int], int] = nothing) -> ChromaVectors | None:
    """Return the index in `folder`, or None while another process owns it. Raises IndexUnavailable, MissingPackage."""
    try:
        return ChromaVectors(folder, space, expected)
    except _Taken:
        return None


class ChromaVectors(Collections):
    """HNSW indexes in an embedded Chroma, cosine distance. Opening it takes the folder's lock.

    Raises IndexUnavailable from the constructor when another process holds the folder, and from the methods when
    Chroma fails; a folder that this Chroma cannot read is removed and started anew with revision 0.
    """

    def __init__(self, folder: Path, space: str, expected: Callable[[int], int] = nothing) -> None:
        super().__init__("realm-", _translated, expected)
        self._folder = folder
        self._space = space
        self._lock = _taken(folder)
        try:
            self._client = self._open()
        except BaseException:
            self._lock.release()
            raise
        self._scrubbed: set[int] = set()

    @property
    def revision(self) -> int:
        """The revision of the diary up to which this index has come; 0 for an empty one."""
        return int(self._marker().get("revision", 0))

    def advance(self, revision: int) -> None:
        """Record the revision up to which the index has come. It is written after the vectors, never before."""
        replace_text(self._folder / _MARKER, json.dumps({**self._expected(), "revision": revision}))

    def put(self, realm: int, keys: Sequence[Key], vectors: Vectors) -> None:
        """Add vectors or replace those of the same keys."""
        super().put(realm, keys, vectors)
        if realm not in self._scrubbed:
            self._scrubbed.add(realm)
            self._ask(realm, lambda found: found.count())  # its graph is made at the first look
            scrub(self._folder)

    def clear(self) -> None:
        """Remove every vector and go back to revision 0. It starts with an empty folder, so it also mends a damaged one."""
        self._collections, self._sizes, self._scrubbed = {}, {}, set()
        try:
            with _translated():
                self._client.close()
        except IndexUnavailable as exc:
            log.warning("The vector index in %s could not be closed: %s", self._folder, exc)
        self._remove_folder()
        self._client = self._client_of_folder()
        self.advance(0)

    def close(self) -> None:
        """Let go of the folder."""
        self._collections = {}
        try:
            with _translated():
                self._client.close()
        except IndexUnavailable as exc:
            log.warning("The vector index in %s could not be closed: %s", self._folder, exc)
        else:
            (self._folder / _IN_USE).unlink(missing_ok=True)
        finally:
            self._lock.release()

    def _open(self) -> Any:
        if self._folder.exists() and self._marker_differs():
            log.warning("The vector index in %s is of another version or model; rebuilding it from the diary.", self._folder)
            self._remove_folder()
        elif (self._folder / _IN_USE).exists() and not survives(self._folder):
            log.warning("The vector index in %s was damaged when its process was killed; rebuilding it from the diary.", self._folder)
            self._remove_folder()
        try:
            return self._client_of_folder()
        except IndexUnavailable as exc:
            log.warning("The vector index in %s cannot be opened (%s); rebuilding it from the diary.", self._folder, exc)
        self._remove_folder()
        return self._client_of_folder()

    def _client_of_folder(self) -> Any:
        chromadb = package()
        with _translated():
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / _IN_USE).touch()
            client = chromadb.PersistentClient(str(self._folder), settings=chromadb.Settings(anonymized_telemetry=False))
            client.list_collections()
        if not (self._folder / _MARKER).exists():
            self.advance(0)
        return client

    def _marker_differs(self) -> bool:
        found = self._marker()
        return any(found.get(name) != value for name, value in self._expected().items())

    def _marker(self) -> Mapping[str, Any]:
        try:
            found = json.loads((self._folder / _MARKER).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _expected(self) -> dict[str, Any]:
        return {"format": FORMAT, "space": self._space, "chroma": package().__version__}

    def _remove_folder(self) -> None:
        package().api.client.SharedSystemClient.clear_system_cache()
        if self._folder.is_dir():
            shutil.rmtree(self._folder, ignore_errors=True)
        else:
            self._folder.unlink(missing_ok=True)


def _taken(folder: Path) -> Any:
    from filelock import FileLock, Timeout

    lock = FileLock(folder.with_name(folder.name + ".lock"), thread_local=False)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as exc:
        raise _Taken("Another process owns the vector index; this one searches the embeddings in the diary instead.") from exc
    except OSError as exc:
        raise IndexUnavailable(f"The vector index in {folder.parent} may not be written ({exc.strerror}).") from exc
    return lock


@contextmanager
def _translated() -> Iterator[None]:
    """Turn whatever Chroma raises, its Rust core's panics (BaseException) included, into IndexUnavailable."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, IndexUnavailable, MissingPackage):
        raise
    except BaseException as exc:
        raise IndexUnavailable(f"{type(exc).__name__}: {str(exc)[:200]}") from exc
