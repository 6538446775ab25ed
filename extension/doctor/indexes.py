"""The indexes: how far they have come, whether they agree with the diary, and who holds the vector index."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..embedders import embedder_for
from ..errors import FamiliarError, MissingModel
from ..settings import Settings
from ..vectors import Server
from ..vectors import marker as marker_of
from .finding import Finding

REINDEX = "Run: familiar memory reindex"
PATIENCE = 5.0
"""Seconds to wait for a server."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a diary holds, in numbers."""

    counters: Mapping[str, int]
    exchanges: int
    indexed: int
    """Exchanges in the full-text index."""
    embeddings: int
    """Of the embedding model in use."""
    documents: int = 0
    passages: int = 0
    passages_indexed: int = 0
    """Passages of documents in the full-text index."""


NOTHING = Held({"revision": 0, "fulltext": 0}, 0, 0, 0)


def held(connection: sqlite3.Connection, settings: Settings) -> Held:
    """Return what a diary in a file holds, which is open for reading. Raises sqlite3.Error."""
    counters = dict(connection.execute("SELECT name, value FROM counter").fetchall())
    tables = ("exchange", "exchange_text_docsize", "document", "passage", "passage_text_docsize")
    exchanges, indexed, *library = (connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables)  # noqa: S608
    embeddings = connection.execute("SELECT count(*) FROM embedding WHERE space = ?", (space(settings),)).fetchone()[0]
    return Held(counters, exchanges, indexed, embeddings, *library)


def indexes(found: Held, settings: Settings) -> list[Finding]:
    """Return how the indexes of a diary are."""
    return [_fulltext(found), shared(found, settings) if settings.chroma_url else _vectors(found, settings), _library(found)]


def _fulltext(found: Held) -> Finding:
    behind = found.counters["revision"] - found.counters["fulltext"]
    facts = {"indexed": found.indexed, "behind": behind}
    if behind:
        return Finding("fulltext", "ok", f"Full-text index: {_changes(behind)} follow with the next chat", facts=facts)
    if found.indexed != found.exchanges:
        text = f"The full-text index holds {found.indexed:,} of {found.exchanges:,} exchanges"
        return Finding("fulltext", "warning", text, REINDEX, facts)
    return Finding("fulltext", "ok", f"Full-text index: all {found.indexed:,} exchanges", facts=facts)


def _library(found: Held) -> Finding:
    facts = {"documents": found.documents, "passages": found.passages, "indexed": found.passages_indexed}
    if found.passages != found.passages_indexed:
        text = f"The full-text index holds {found.passages_indexed:,} of {found.passages:,} passages of documents"
        return Finding("library", "warning", text, REINDEX, facts)
    documents = f"{found.documents:,} {'document' if found.documents == 1 else 'documents'}"
    passages = f"{found.passages:,} {'passage' if found.passages == 1 else 'passages'}"
    return Finding("library", "ok", f"Library: {documents}, {passages}", facts=facts)


def shared(found: Held, settings: Settings) -> Finding:
    """Return how the vector index on a server is, and the server itself."""
    server = Server(settings.chroma_url, settings.chroma_token.get_secret_value())
    facts: dict[str, Any] = {"kind": "server", "url": server.where, "space": space(settings)}
    facts["not_embedded"] = found.counters["revision"] - found.counters.get(f"embedding:{facts['space']}", 0)
    try:
        facts["version"] = server.version(PATIENCE)
        come = server.metadata(marker_of(found.counters.get("diary", 0)), PATIENCE)
    except FamiliarError as exc:
        text = f"The Chroma server at {server.where} cannot be used: recall works by words only"
        return Finding("vectors", "problem", text, str(exc), facts)
    where = f"The Chroma server at {server.where} answers, version {facts['version']}"
    if come is None or come.get("space") != facts["space"]:
        return Finding("vectors", "ok", f"{where}; the next chat builds the vector index", facts=facts | {"exists": come is not None})
    facts |= {"exists": True, "behind": found.counters["revision"] - int(come.get("revision") or 0)}
    if facts["behind"]:
        return Finding("vectors", "ok", f"{where}: {_changes(facts['behind'])} follow with the next chat", facts=facts)
    return Finding("vectors", "ok", f"{where}: all {found.embeddings:,} vectors", facts=facts)


def _vectors(found: Held, settings: Settings) -> Finding:
    folder = settings.data_dir / "vectors"
    own, counters = space(settings), found.counters
    behind = counters["revision"] - counters.get(f"embedding:{own}", 0)
    facts: dict[str, Any] = {"kind": "chroma", "path": str(folder), "space": own, "not_embedded": behind}
    facts |= {"holder": _holder(folder.with_name(folder.name + ".lock"))}
    if not (folder / "familiar.json").exists():
        return Finding("vectors", "ok", f"The vector index in {folder} is built by the next chat", facts=facts | {"exists": False})
    marker = _marker(folder)
    facts |= {"exists": True, "chroma": marker.get("chroma"), "behind": counters["revision"] - _revision(marker)}
    by = f", in use by {facts['holder']}" if facts["holder"] else ""
    if marker.get("space") != own or marker.get("chroma") != _chroma():
        text = f"The vector index in {folder} is of another embedding model or version of Chroma"
        return Finding("vectors", "ok", f"{text}; the next chat builds it anew", facts=facts)
    if facts["behind"]:
        return Finding("vectors", "ok", f"Vector index in {folder}{by}: {_changes(facts['behind'])} follow with the next chat", facts=facts)
    wanted = found.embeddings
    facts |= {"vectors": (indexed := _count(folder)), "embeddings": wanted}
    if indexed is not None and indexed != wanted:
        return Finding(
            "vectors",
            "warning",
            f"The vector index holds {indexed:,} of {wanted:,} vectors",
            f"{REINDEX} (or chat: it mends itself)",
            facts,
        )
    return Finding("vectors", "ok", f"Vector index in {folder}{by}: all {wanted:,} vectors", facts=facts)


def space(settings: Settings) -> str:
    """Return the name of the vector space of the embedding model in use."""
    try:
        return embedder_for(settings).name
    except MissingModel:
        return "none"


def _marker(folder: Path) -> Mapping[str, Any]:
    try:
        found = json.loads((folder / "familiar.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _revision(marker: Mapping[str, Any]) -> int:
    found = marker.get("revision")
    return found if isinstance(found, int) else 0


def _chroma() -> str | None:
    try:
        return version("chromadb")
    except PackageNotFoundError:
        return None


def _count(folder: Path) -> int | None:
    """Return how many vectors Chroma's own tables name; None where they cannot be read (in use, or of another version)."""
    path = folder / "chroma.sqlite3"
    if path.with_name(path.name + "-wal").exists():
        return None
    query = "SELECT count(*) FROM embeddings JOIN segments ON segments.id = embeddings.segment_id WHERE segments.scope = 'METADATA'"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            return int(connection.execute(query).fetchone()[0])
    except sqlite3.Error:
        return None


def _holder(lock: Path) -> str:
    """Return which process holds a lock file, as far as can be told; '' for none."""
    try:
        import fcntl

        with lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _process(lock.stat().st_ino)
    except (ImportError, OSError):
        pass
    return ""


def _process(inode: int) -> str:
    """Return the process that Linux says holds the lock of a file."""
    try:
        locks = [line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines()]
    except OSError:
        locks = []
    holders = [line[4] for line in locks if len(line) > 5 and line[1] == "FLOCK" and line[5].endswith(f":{inode}") and line[4].isdecimal()]
    return f"process {holders[0]}" if holders else "another process"


def _changes(count: int) -> str:
    return f"{count:,} {'change' if count == 1 else 'changes'}"
