"""The database: its transactions and migrations, and the translation of its errors into ours.

Which database it is, SQLite or PostgreSQL, only `dialects` knows. Either way one process writes at a time, the others
wait, and a reader sees one state for as long as it reads.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import monotonic

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from .dialects import Dialect, dialect_of
from .errors import StoreError, StoreLocked
from .tables import counter, metadata

HEAD = "0014"
"""The newest migration; a test compares it with the migrations there are."""

_IMPATIENT = 60.0
"""Seconds after a wait for the write lock was in vain in which the next waits are short."""
_SHORT_WAIT = 1.0
_CROWDED = "too many of its connections are in use. Wait and try again"
_migrating = Lock()
"""Alembic keeps its context in globals: one migration at a time."""


class Database:
    """One diary database. Opening it creates or migrates the schema; nothing happens before the first use.

    `lock_timeout` is how many seconds a writer waits for another one. A turn writes several times; after one such wait
    was in vain, the next ones are short, so that the whole turn does not wait several times as long.
    """

    def __init__(self, url: str, lock_timeout: float = 30.0) -> None:
        self.url = url
        self._lock_timeout = lock_timeout
        self._impatient_until = 0.0
        self._known: Dialect | None = None
        self._engine: sa.Engine | None = None
        self._file: tuple[int, int] | None = None
        self._opening = Lock()
        self._writing = Lock()

    @property
    def dialect(self) -> Dialect:
        """What speaks with the database. Raises SettingsError for a URL that is none."""
        if self._known is None:
            self._known = dialect_of(self.url, self._lock_timeout)
        return self._known

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database; None for a server. Raises SettingsError for a URL that is none."""
        return self.dialect.path

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one state of the database. Raises StoreError."""
        with self._translated(), self._opened().connect() as connection:
            yield self.dialect.reading(connection)

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[sa.Connection]:
        """A transaction that is committed at the end, or rolled back on an error. Raises StoreError.

        What is not `durable` survives a kill of this process as all else does, but the last of it perhaps not a power cut; in return
        nobody waits for the disk.
        """
        with (
            self._translated(),
            self._opened().connect() as connection,
            self._next_writer() as wait,
            self.dialect.writing(connection, wait, durable=durable),
        ):
            yield connection
        self._impatient_until = 0.0

    @contextmanager
    def _next_writer(self) -> Iterator[float]:
        """Wait for the other writers of this process, which is quicker than asking the database again and again; yield the seconds left."""
        begun, hurried = monotonic(), monotonic() < self._impatient_until
        wait = min(self._lock_timeout, _SHORT_WAIT) if hurried else self._lock_timeout
        held = self._writing.acquire(timeout=wait)
        try:
            yield max(0.0, wait - (monotonic() - begun))
        finally:
            if held:
                self._writing.release()

    def compact(self) -> None:
        """See to it that deleted words are in none of the file's bytes any more, or in none of a server's tables. Raises StoreError."""
        with self._translated():
            self.dialect.compact(self._opened(), metadata.tables)

    def size(self) -> int:
        """Return how many bytes the diary takes. Raises StoreError."""
        with self._translated():
            return self.dialect.size(self._opened(), metadata.tables)

    def close(self) -> None:
        """Close all connections; a later use opens them again."""
        with self._opening:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def _opened(self) -> sa.Engine:
        with self._opening:
            if self._engine is not None and self._file != _identity(self.path):
                self._engine.dispose()  # the file was moved away or replaced: writing on would be writing into nothing
                self._engine = None
            if self._engine is None:
                engine = self.dialect.engine()
                try:
                    with _migrating:
                        _migrate(engine, self.dialect)
                except BaseException:
                    engine.dispose()
                    raise
                self._engine, self._file = engine, _identity(self.path)
            return self._engine

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as exc:
            # PostgreSQL's errors quote the values of the row they are about.
            raise self._ours(exc.orig or exc) from (exc if self.path else None)
        except (sqlite3.Error, PoolTimeout) as exc:
            raise self._ours(exc) from exc

    def _ours(self, exc: BaseException) -> StoreError:
        where = self.dialect.where
        meaning = (StoreLocked, _CROWDED) if isinstance(exc, PoolTimeout) else self.dialect.meaning(exc)
        if meaning is None:
            return StoreError(f"The diary at {where} failed ({type(exc).__name__}). Run `familiar doctor`.")
        kind, advice = meaning
        if kind is StoreLocked:
            self._impatient_until = monotonic() + _IMPATIENT
        else:
            self.close()  # the file may have been moved or replaced: the next use opens it anew
        return kind(f"The diary at {where} cannot be used: {advice}.")


def next_revision(connection: sa.Connection, many: int = 1) -> int:
    """Return the next revision number, the first of `many`; the order of revisions is the order of commits."""
    statement = sa.update(counter).where(counter.c.name == "revision").values(value=counter.c.value + many).returning(counter.c.value)
    return int(connection.execute(statement).scalar_one()) - many + 1


def watermark(connection: sa.Connection, name: str) -> int:
    """Return the revision up to which the index `name` (or 'revision' for the diary itself) has come; 0 for a new one."""
    return int(connection.execute(sa.select(counter.c.value).where(counter.c.name == name)).scalar() or 0)


def set_watermark(connection: sa.Connection, name: str, value: int) -> None:
    """Record the revision up to which the index `name` has come."""
    if not connection.execute(sa.update(counter).where(counter.c.name == name).values(value=value)).rowcount:
        connection.execute(sa.insert(counter).values(name=name, value=value))


def _identity(path: Path | None) -> tuple[int, int] | None:
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found is not None else None


def _migrate(engine: sa.Engine, dialect: Dialect) -> None:
    if _version(engine) == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with engine.connect() as connection, dialect.migrating(connection):
        dialect.check(connection)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as exc:
            raise StoreError(
                f"The diary at {dialect.where} was written by a newer Familiar. Update this one; the diary is untouched."
            ) from exc


def _version(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        return str(found) if found else None
