"""The stores: the data directory, the diary, its indexes, and what is kept aside. They are read and never written."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

from ..database import HEAD, Database
from ..errors import SettingsError
from ..memory.spool import Spool
from ..settings import Settings
from .finding import Finding, size
from .indexes import NOTHING, REINDEX, held, indexes, shared
from .server import diary

PATIENCE = 10.0
"""Seconds the check of the diary may take."""
LITTLE = 100_000_000
"""Bytes of free space below which writing may fail soon."""
RESTORE = "Restore it from a backup, recover what is readable (`sqlite3 FILE .recover`), or move it away to start anew."


def stores(settings: Settings, patience: float = PATIENCE) -> list[Finding]:
    """Return how the stores of a data directory are. `patience` is how many seconds the check of the diary may take."""
    found = [_folder(settings.data_dir), *_diary(settings, patience)]
    if settings.chroma_url and not any(finding.name == "vectors" for finding in found):  # it is asked though there is no diary yet
        found.append(shared(NOTHING, settings))
    return [*found, _unsaved(settings.data_dir)]


def _folder(folder: Path) -> Finding:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    facts: dict[str, object] = {"path": str(folder), "exists": folder.is_dir()}
    if not there.is_dir():
        return Finding("data_dir", "problem", f"{there} is no folder", "Name another one: --data-dir, or FAMILIAR_DATA_DIR.", facts)
    free = shutil.disk_usage(there).free
    facts["free_bytes"] = free
    if not os.access(there, os.W_OK | os.X_OK):
        return Finding("data_dir", "problem", f"{there} may not be written", f"Give yourself write permission on {there}.", facts)
    if free < LITTLE:
        return Finding("data_dir", "problem", f"Only {size(free)} are free in {there}", "Free some space; nothing stored is harmed.", facts)
    made = "" if folder.is_dir() else " (made at the first use)"
    return Finding("data_dir", "ok", f"{folder}{made}, {size(free)} free", facts=facts)


def _diary(settings: Settings, patience: float) -> Iterator[Finding]:
    try:
        dialect = Database(settings.diary_url, PATIENCE).dialect
    except SettingsError as exc:
        yield Finding("diary", "problem", "The setting `database_url` cannot be used", str(exc))
        return
    path = dialect.path
    if path is None:
        yield from diary(dialect, settings)
        return
    facts: dict[str, object] = {"path": str(path)}
    if not path.exists():
        yield Finding("diary", "ok", f"{path} is made by the first chat", facts=facts | {"exists": False})
        return
    facts |= {"exists": True, "bytes": sum(file.stat().st_size for file in _files(path))}
    try:
        with closing(_opened(path)) as connection:
            yield _checked(connection, path, facts, patience)
            if "exchanges" in facts:
                yield from _indexes(connection, path, settings)
    except sqlite3.Error as exc:
        yield _failed(exc, path, facts)


def _indexes(connection: sqlite3.Connection, path: Path, settings: Settings) -> list[Finding]:
    try:
        return indexes(held(connection, settings), settings)
    except sqlite3.Error as exc:
        return [Finding("indexes", "problem", f"The indexes in {path} cannot be read ({exc})", REINDEX)]


def _checked(connection: sqlite3.Connection, path: Path, facts: dict[str, object], patience: float) -> Finding:
    version = _version(connection)
    facts["schema"] = version
    if version is None:
        return Finding(
            "diary", "problem", f"{path} is a database, but no diary", f"Move {path} away, or name another data directory.", facts
        )
    if version > HEAD:
        return Finding("diary", "problem", f"{path} was written by a newer Familiar", "Update this one; the diary is untouched.", facts)
    facts["exchanges"] = connection.execute("SELECT count(*) FROM exchange").fetchone()[0]
    found = _quick_check(connection, patience)
    facts["quick_check"] = found
    text = f"{path}, {size(float(str(facts['bytes'])))}, {facts['exchanges']:,} exchanges, schema {version}"
    if found not in ("ok", "unfinished"):
        return Finding("diary", "problem", f"{path} is damaged: {found}", RESTORE, facts)
    if not all(os.access(file, os.W_OK) for file in (path.parent, *_files(path))):
        return Finding(
            "diary", "problem", f"{path} may not be written", f"Give yourself write permission on it and on {path.parent}.", facts
        )
    if found == "unfinished":
        text += f", not all of it checked in {patience:g} s"
    return Finding("diary", "ok", text if version == HEAD else f"{text}, brought up to {HEAD} by the next chat", facts=facts)


def _version(connection: sqlite3.Connection) -> str | None:
    there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone() if there else None
    return str(found[0]) if found else None


def _quick_check(connection: sqlite3.Connection, patience: float) -> str:
    """Return `ok`, `unfinished` when there was not enough time, or what is wrong."""
    with _bounded(connection, patience) as out_of_time:
        try:
            return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])[:200]
        except sqlite3.OperationalError:
            if out_of_time():
                return "unfinished"
            raise


@contextmanager
def _bounded(connection: sqlite3.Connection, patience: float) -> Iterator[Callable[[], bool]]:
    """Interrupt statements after `patience` seconds; yields a function that tells whether they are over."""
    end = monotonic() + patience

    def over() -> bool:
        return monotonic() >= end

    connection.set_progress_handler(over, 10_000)
    try:
        yield over
    finally:
        connection.set_progress_handler(None, 0)


def _opened(path: Path) -> sqlite3.Connection:
    """Open a database for reading, making no file beside it: as one that nobody writes, unless somebody has it open."""
    in_use = all(path.with_name(path.name + ending).exists() for ending in ("-wal", "-shm"))
    return sqlite3.connect(f"{path.absolute().as_uri()}?{'mode=ro' if in_use else 'immutable=1'}", uri=True, timeout=2.0)


def _failed(exc: sqlite3.Error, path: Path, facts: dict[str, object]) -> Finding:
    facts["error"] = str(exc)
    if "locked" in str(exc):
        return Finding("diary", "warning", f"{path} is locked by another program", "Close that program, or wait, and look again.", facts)
    if "unable to open" in str(exc):
        return Finding("diary", "problem", f"{path} cannot be opened", f"Give yourself permission to read {path} and its folder.", facts)
    return Finding("diary", "problem", f"{path} is damaged or no database ({exc})", RESTORE, facts)


def _unsaved(folder: Path) -> Finding:
    waiting = Spool(folder).waiting()
    if not waiting:
        return Finding("unsaved", "ok", "No turns wait to be written to the diary", facts={"turns": 0})
    fix = "Mend what is said of the diary and the data directory; the next chat writes them."
    return Finding("unsaved", "warning", f"{waiting} turns wait to be written to the diary", fix, {"turns": waiting})


def _files(path: Path) -> list[Path]:
    return [file for ending in ("", "-wal", "-shm") if (file := path.with_name(path.name + ending)).exists()]
