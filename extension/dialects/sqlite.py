"""SQLite: one file, in WAL mode, so that several processes may share it.

`synchronous=FULL`: a transaction that returned survives a power cut. A write transaction takes the write lock at once
(BEGIN IMMEDIATE): a reader that later wants to write would otherwise fail instead of waiting.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from ..errors import StoreCorrupt, StoreError, StoreFull, StoreLocked, StoreReadOnly
from .dialect import Meaning

_SYMPTOMS: tuple[tuple[str, type[StoreError], str], ...] = (
    ("database is locked", StoreLocked, "another program has been writing to it for too long. Close it, or wait and try again"),
    ("readonly database", StoreReadOnly, "it may not be written. Give yourself write permission on the file and its folder"),
    ("disk is full", StoreFull, "the disk is full. Free some space; nothing that was stored is harmed"),
    ("disk i/o error", StoreFull, "the disk does not take the data (it may be full or failing). Free some space and check the disk"),
    ("not a database", StoreCorrupt, "it is not a database of ours or is damaged. Restore it from a backup, or move it away to start anew"),
    ("malformed", StoreCorrupt, "it is damaged. Restore it from a backup, or recover what is readable with `sqlite3 FILE .recover`"),
    ("unable to open", StoreReadOnly, "it cannot be opened. Check that the folder exists and that you may write in it"),
    ("no such module", StoreError, "this Python's SQLite was built without FTS5. Use another Python, such as Debian's or python.org's"),
)
_MUCH = 0.25
"""Part of the file that is empty pages before it is made smaller."""
_MOMENT = 0.02
"""Seconds before a file that another process makes is tried again."""
_MADE_BY = sa.text("SELECT sql FROM sqlite_master WHERE name = :name")
_PRAGMAS = ("synchronous=FULL", "secure_delete=ON", "cache_size=-32000", "mmap_size=268435456")


class Sqlite:
    """A diary in a file of its own. See Dialect for what each method does."""

    name = "sqlite"

    def __init__(self, url: sa.URL, lock_timeout: float) -> None:
        self._url = url
        self._lock_timeout = lock_timeout
        self.path: Path | None = Path(str(url.database).removeprefix("file:"))  # SQLite takes a path or, with uri=true, a URI
        self.where = str(self.path)

    def engine(self) -> sa.Engine:
        folder = Path(self.where).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise StoreReadOnly(f"Cannot create the folder {folder}: {exc.strerror}.") from exc
        # hide_parameters: they are what people said, and errors go into the log.
        engine = sa.create_engine(self._url, connect_args={"timeout": self._lock_timeout}, max_overflow=-1, hide_parameters=True)
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return engine

    def check(self, connection: sa.Connection) -> None:
        return

    def reading(self, connection: sa.Connection) -> sa.Connection:
        return connection

    @contextmanager
    def writing(self, connection: sa.Connection, wait: float, *, durable: bool = True) -> Iterator[None]:
        raw: Any = connection.connection.dbapi_connection
        raw.execute(f"PRAGMA busy_timeout = {round(wait * 1000)}")
        raw.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        with self.migrating(connection):
            yield

    @contextmanager
    def migrating(self, connection: sa.Connection) -> Iterator[None]:
        with connection.execution_options(familiar_write=True).begin():
            yield

    def meaning(self, exc: BaseException) -> Meaning | None:
        text = str(exc).lower()
        return next(((kind, advice) for symptom, kind, advice in _SYMPTOMS if symptom in text), None)

    def compact(self, engine: sa.Engine, tables: Collection[str]) -> None:
        """SQLite overwrites deleted rows with zeros (secure_delete); left are the segments of the full-text index, which
        keep deleted terms until they are merged, and the write-ahead log. A file of which much is empty by now is made
        smaller where the disk has room for that.
        """
        with engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            for table in ("exchange_text", "passage_text"):
                raw.execute(f"INSERT INTO {table}({table}) VALUES('optimize')")  # noqa: RUF100, S608
            self._empty_log(raw)
            (pages,), (empty,) = raw.execute("PRAGMA page_count").fetchone(), raw.execute("PRAGMA freelist_count").fetchone()
            if empty > pages * _MUCH:
                with suppress(sqlite3.OperationalError):
                    raw.execute("VACUUM")
                self._empty_log(raw)

    def _empty_log(self, raw: Any) -> None:
        busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreLocked(
                f"Another program is reading the diary at {self.where}, so that deleted words are still in its write-ahead log. "
                "Let it finish, or close it; they are erased at the next try."
            )

    def given(self, connection: sa.Connection, table: sa.Table) -> int:
        [key] = table.primary_key
        highest = int(connection.execute(sa.select(sa.func.max(key))).scalar() or 0)
        found = connection.execute(sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}).scalar()
        return max(highest, int(found or 0))

    def give_after(self, connection: sa.Connection, table: sa.Table, number: int) -> None:
        if "AUTOINCREMENT" in connection.execute(_MADE_BY, {"name": table.name}).scalar_one():  # others take the highest there is
            connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
            connection.execute(sa.text("INSERT INTO sqlite_sequence VALUES (:name, :seq)"), {"name": table.name, "seq": number})

    def size(self, engine: sa.Engine, tables: Collection[str]) -> int:
        total = 0
        for ending in ("", "-wal", "-shm"):
            try:
                total += Path(self.where + ending).stat().st_size
            except OSError:
                continue
        return total


def _prepare(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    _share(connection)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _share(connection: Any) -> None:
    """Let several processes use the file: where another makes it at this moment, SQLite does not wait by itself."""
    (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
    until = monotonic() + patience / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as exc:
            if "locked" not in str(exc) or monotonic() > until:
                raise
        sleep(_MOMENT)


def _begin(connection: sa.Connection) -> None:
    kind = "IMMEDIATE" if connection.get_execution_options().get("familiar_write") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {kind}")
