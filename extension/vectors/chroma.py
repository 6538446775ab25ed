"""HNSW indexes in an embedded Chroma, owned by one process at a time."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import IndexUnavailable, MissingPackage
from ..settings import replace_text
from .graphs import scrub, survives
from .index import Key

if TYPE_CHECKING:
    from ..ports import Vectors

log = logging.getLogger(__name__)

FORMAT = 1
_MARKER = "familiar.json"
_IN_USE = "in-use"
"""A file that lies in the folder from opening to closing: found at the start, it tells of a process that was killed."""
_BATCH = 2_000


class _Taken(IndexUnavailable):
    """Another process owns the folder."""


def own(folder: Path, space: str) -> ChromaVectors | None:
    """Return the index in `folder`, or None while another process owns it. Raises IndexUnavailable, MissingPackage."""
    try:
        return ChromaVectors(folder, space)
    except _Taken:
        return None


class ChromaVectors:
    """HNSW indexes in an embedded Chroma, cosine distance. Opening it takes the folder's lock.

    Raises IndexUnavailable from the constructor when another process holds the folder, and from the methods when
    Chroma fails; a folder that this Chroma cannot read is removed and started anew with revision 0.
    """

    def __init__(self, folder: Path, space: str) -> None:
        self._folder = folder
        self._space = space
        self._lock = _taken(folder)
        try:
            self._client = self._open()
        except BaseException:
            self._lock.release()
            raise
        self._collections: dict[int, Any] = {}
        self._sizes: dict[int, int] = {}
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
        if realm in self._sizes:
            self._sizes[realm] += len(keys)
        with _translated():
            collection = self._collection(realm)
            for start in range(0, len(keys), _BATCH):
                part = slice(start, start + _BATCH)
                collection.upsert(ids=_ids(keys[part]), embeddings=vectors[part])
            if realm not in self._scrubbed:
                self._scrubbed.add(realm)
                collection.count()  # its graph is made at the first look
                scrub(self._folder)

    def remove(self, realm: int, keys: Sequence[Key]) -> None:
        """Remove the vectors of these keys; those that are not there are no error."""
        with _translated():
            collection = self._collection(realm)
            for start in range(0, len(keys), _BATCH):
                collection.delete(ids=_ids(keys[start : start + _BATCH]))

    def search(self, realms: Sequence[int], vector: Vectors, limit: int) -> dict[int, float]:
        """Return the cosine similarity of the exchanges nearest to `vector`, the better part of each."""
        found: dict[int, float] = {}
        with _translated():
            for realm in realms:
                result = self._collection(realm).query(query_embeddings=[vector], n_results=limit, include=["distances"])
                for key, distance in zip(result["ids"][0], result["distances"][0], strict=True):
                    number = int(key.partition(":")[0])
                    found[number] = max(found.get(number, -1.0), 1.0 - float(distance))
        return found

    def size(self, realm: int) -> int:
        """Return about how many vectors a realm holds.

        Chroma counts row by row (28 ms for 200,000), so it is asked once, and what is put in later is added.
        """
        if realm not in self._sizes:
            with _translated():
                self._sizes[realm] = int(self._collection(realm).count())
        return self._sizes[realm]

    def counts(self) -> dict[int, int]:
        """Return the number of vectors in each realm that has any."""
        with _translated():
            names = [str(getattr(found, "name", found)) for found in self._client.list_collections()]
            sizes = {int(name.partition("-")[2]): self._client.get_collection(name).count() for name in names}
        return {realm: size for realm, size in sizes.items() if size}

    def keys(self, realm: int) -> set[Key]:
        """Return the keys of all vectors of a realm."""
        with _translated():
            ids = self._collection(realm).get(include=[])["ids"]
        return {(int(number), what) for number, _, what in (key.partition(":") for key in ids)}

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

    def _collection(self, realm: int) -> Any:
        if realm not in self._collections:
            self._collections[realm] = self._client.get_or_create_collection(
                f"realm-{realm}", configuration={"hnsw": {"space": "cosine", "ef_search": 128}}, embedding_function=None
            )
        return self._collections[realm]

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
        chromadb = _chromadb()
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
        return {"format": FORMAT, "space": self._space, "chroma": _chromadb().__version__}

    def _remove_folder(self) -> None:
        chromadb = _chromadb()
        chromadb.api.client.SharedSystemClient.clear_system_cache()
        if self._folder.is_dir():
            shutil.rmtree(self._folder, ignore_errors=True)
        else:
            self._folder.unlink(missing_ok=True)


def _ids(keys: Sequence[Key]) -> list[str]:
    return [f"{number}:{what}" for number, what in keys]


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


def _chromadb() -> Any:
    try:
        import chromadb
    except ImportError as exc:
        raise MissingPackage(f"The vector index needs chromadb ({exc}). Install it: pip install chromadb") from exc
    return chromadb


@contextmanager
def _translated() -> Iterator[None]:
    """Turn whatever Chroma raises, its Rust core's panics (BaseException) included, into IndexUnavailable."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, IndexUnavailable, MissingPackage):
        raise
    except BaseException as exc:
        raise IndexUnavailable(f"{type(exc).__name__}: {str(exc)[:200]}") from exc
