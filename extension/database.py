"""The database: engine, transactions, migrations, and the translation of its errors into ours.

SQLite runs in WAL mode, so that several processes may share one data directory, and with `synchronous=FULL`, so that
a transaction that returned survives a power cut. A write transaction takes the write lock at once (BEGIN IMMEDIATE):
a reader that later wants to write would otherwise fail instead of waiting.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from .errors import SettingsError, StoreCorrupt, StoreError, StoreFull, StoreLocked, StoreReadOnly

HEAD = "0006"
"""The newest migration; a test compares it with the migrations there are."""

metadata = sa.MetaData()
person = sa.Table("person", metadata, sa.Column("id", sa.Text, primary_key=True), sa.Column("name", sa.Text))
place = sa.Table(
    "place", metadata, sa.Column("id", sa.Text, primary_key=True), sa.Column("shared", sa.Boolean), sa.Column("title", sa.Text)
)
realm = sa.Table(
    "realm",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("companion", sa.Text),
    sa.Column("person_id", sa.Text),
    sa.Column("place_id", sa.Text),
)
participant = sa.Table(
    "participant", metadata, sa.Column("place_id", sa.Text, primary_key=True), sa.Column("person_id", sa.Text, primary_key=True)
)
exchange = sa.Table(
    "exchange",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("person_id", sa.Text),
    sa.Column("place_id", sa.Text),
    sa.Column("companion", sa.Text),
    sa.Column("realm_id", sa.Integer),
    sa.Column("row", sa.BigInteger),
    sa.Column("branch", sa.Text),
    sa.Column("said", sa.Text),
    sa.Column("reply", sa.Text),
    sa.Column("reasoning", sa.Text),
    sa.Column("model", sa.Text),
    sa.Column("adapter", sa.Text),
    sa.Column("said_at", sa.Float),
    sa.Column("memories", sa.Text),
    sa.Column("feedback", sa.SmallInteger),
    sa.Column("pinned", sa.Boolean),
    sa.Column("digest", sa.Text),
    sa.Column("original", sa.Text),
    sa.Column("revision", sa.BigInteger),
)
"""`digest` is that of said and reply; `original` what it was before the person edited the memory, '' for an unedited one."""

forgotten = sa.Table(
    "forgotten",
    metadata,
    sa.Column("exchange_id", sa.BigInteger, primary_key=True),
    sa.Column("realm_id", sa.Integer),
    sa.Column("person_id", sa.Text),
    sa.Column("digest", sa.Text),
    sa.Column("revision", sa.BigInteger),
)
retention = sa.Table("retention", metadata, sa.Column("place_id", sa.Text, primary_key=True), sa.Column("days", sa.Integer))
"""How many days a place keeps what was said in it, 0 for ever; one that is not named follows the setting."""

counter = sa.Table("counter", metadata, sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.BigInteger))
embedding = sa.Table(
    "embedding",
    metadata,
    sa.Column("exchange_id", sa.BigInteger, primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("space", sa.Text),
    sa.Column("digest", sa.Text),
    sa.Column("vector", sa.LargeBinary),
)
fact = sa.Table(
    "fact",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("exchange_id", sa.BigInteger),
    sa.Column("realm_id", sa.Integer),
    sa.Column("about", sa.Text),
    sa.Column("attribute", sa.Text),
    sa.Column("value", sa.Text),
    sa.Column("subject", sa.Text),
    sa.Column("ends", sa.Boolean),
)
"""`subject` is the digest of what two facts share that are about the same; `ends` is whether earlier ones of it are over."""

extraction = sa.Table("extraction", metadata, sa.Column("exchange_id", sa.BigInteger, primary_key=True), sa.Column("digest", sa.Text))
"""The exchanges that were looked through for facts, with the digest of what was said."""
summary = sa.Table(
    "summary",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("kind", sa.Text),
    sa.Column("realm_id", sa.Integer),
    sa.Column("person_id", sa.Text),
    sa.Column("place_id", sa.Text),
    sa.Column("branch", sa.Text),
    sa.Column("since", sa.Float),
    sa.Column("until", sa.Float),
    sa.Column("text", sa.Text),
    sa.Column("tokens", sa.Integer),
    sa.Column("stands_for", sa.Integer),
    sa.Column("model", sa.Text),
)
"""`person_id` is '' but for summaries of a person, `place_id` and `branch` are '' for those; `model` is '' for extracts."""

summary_part = sa.Table(
    "summary_part",
    metadata,
    sa.Column("summary_id", sa.BigInteger, primary_key=True),
    sa.Column("exchange_id", sa.BigInteger, primary_key=True),
)

_SYMPTOMS: tuple[tuple[str, type[StoreError], str], ...] = (
    ("database is locked", StoreLocked, "another program has been writing to it for too long. Close it, or wait and try again"),
    ("readonly database", StoreReadOnly, "it may not be written. Give yourself write permission on the file and its folder"),
    ("disk is full", StoreFull, "the disk is full. Free some space; nothing that was stored is harmed"),
    ("disk i/o error", StoreFull, "the disk does not take the data (it may be full or failing). Free some space and check the disk"),
    ("not a database", StoreCorrupt, "it is not a database of ours or is damaged. Restore it from a backup, or move it away to start anew"),
    ("malformed", StoreCorrupt, "it is damaged. Restore it from a backup, or recover what is readable with `sqlite3 FILE .recover`"),
    ("unable to open", StoreReadOnly, "it cannot be opened. Check that the folder exists and that you may write in it"),
    ("no such module", StoreError, "this Python's SQLite was built without FTS5. Use another Python, such as Debian's or python.org's"),
    ("queuepool limit", StoreLocked, "too many of its connections are in use. Wait and try again"),
)


_LIKE = "it looks like sqlite:////folder/file"
_IMPATIENT = 60.0
"""Seconds after a wait for the write lock was in vain in which the next waits are short."""
_SHORT_WAIT = 1.0
_MUCH = 0.25
"""Part of a SQLite file that is empty pages before it is made smaller."""
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
        self._engine: sa.Engine | None = None
        self._file_path: Path | None = None
        self._file: tuple[int, int] | None = None
        self._opening = Lock()

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database; None for a server. Raises SettingsError for a URL that is none."""
        try:
            found = sa.make_url(self.url)
        except SQLAlchemyError as exc:
            raise SettingsError(f"FAMILIAR_DATABASE_URL is no URL of a database; {_LIKE}.") from exc
        name = (found.database or "").removeprefix("file:")  # SQLite takes a path or, with uri=true, a URI
        return Path(name) if found.get_backend_name() == "sqlite" and name else None

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one state of the database. Raises StoreError."""
        with self._translated(), self._opened().connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that is committed at the end, or rolled back on an error. Raises StoreError."""
        with self._translated(), self._opened().connect() as connection:
            self._be_patient(connection)
            with connection.execution_options(familiar_write=True).begin():
                yield connection
        self._impatient_until = 0.0

    def compact(self) -> None:
        """See to it that deleted words are in none of the file's bytes any more. Raises StoreError.

        SQLite overwrites deleted rows with zeros (secure_delete); left are the segments of the full-text index, which
        keep deleted terms until they are merged, and the write-ahead log. A file of which much is empty by now is made
        smaller where the disk has room for that.
        """
        if self.path is None:
            return
        with self._translated(), self._opened().connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.execute("INSERT INTO exchange_text(exchange_text) VALUES('optimize')")
            self._empty_log(raw)
            (pages,), (empty,) = raw.execute("PRAGMA page_count").fetchone(), raw.execute("PRAGMA freelist_count").fetchone()
            if empty > pages * _MUCH:
                with suppress(sqlite3.OperationalError):
                    raw.execute("VACUUM")
                self._empty_log(raw)

    def close(self) -> None:
        """Close all connections; a later use opens them again."""
        with self._opening:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def _empty_log(self, raw: Any) -> None:
        busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreLocked(
                f"Another program is reading the diary at {self.path}, so that deleted words are still in its write-ahead log. "
                "Let it finish, or close it; they are erased at the next try."
            )

    def _opened(self) -> sa.Engine:
        with self._opening:
            if self._engine is not None and self._file != _identity(self._file_path):
                self._engine.dispose()  # the file was moved away or replaced: writing on would be writing into nothing
                self._engine = None
            if self._engine is None:
                engine = self._make_engine()
                try:
                    with _migrating:
                        _migrate(engine, self.path)
                except BaseException:
                    engine.dispose()
                    raise
                self._engine, self._file_path = engine, self.path
                self._file = _identity(self._file_path)
            return self._engine

    def _be_patient(self, connection: sa.Connection) -> None:
        raw: Any = connection.connection.dbapi_connection
        if isinstance(raw, sqlite3.Connection):
            hurried = monotonic() < self._impatient_until
            wait = min(self._lock_timeout, _SHORT_WAIT) if hurried else self._lock_timeout
            raw.execute(f"PRAGMA busy_timeout = {round(wait * 1000)}")

    def _make_engine(self) -> sa.Engine:
        try:
            if self.path is None:
                return sa.create_engine(self.url, pool_pre_ping=True, hide_parameters=True)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # hide_parameters: they are what people said, and errors go into the log.
            engine = sa.create_engine(self.url, connect_args={"timeout": self._lock_timeout}, max_overflow=-1, hide_parameters=True)
        except OSError as exc:
            raise StoreReadOnly(f"Cannot create the folder {self.path.parent if self.path else ''}: {exc.strerror}.") from exc
        except (SQLAlchemyError, ModuleNotFoundError) as exc:
            raise SettingsError(f"FAMILIAR_DATABASE_URL cannot be used ({type(exc).__name__}); {_LIKE}.") from exc
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as exc:
            raise self._ours(exc.orig or exc) from exc
        except (sqlite3.Error, PoolTimeout) as exc:
            raise self._ours(exc) from exc

    def _ours(self, exc: BaseException) -> StoreError:
        where = self.path or "the database server"
        for symptom, kind, advice in _SYMPTOMS:
            if symptom in str(exc).lower():
                if kind is StoreLocked:
                    self._impatient_until = monotonic() + _IMPATIENT
                else:
                    self.close()  # the file may have been moved or replaced: the next use opens it anew
                return kind(f"The diary at {where} cannot be used: {advice}.")
        return StoreError(f"The diary at {where} failed ({type(exc).__name__}). Run `familiar doctor`.")


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


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "cache_size=-32000", "mmap_size=268435456"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    kind = "IMMEDIATE" if connection.get_execution_options().get("familiar_write") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {kind}")


def _migrate(engine: sa.Engine, path: Path | None) -> None:
    if _version(engine) == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with engine.connect() as connection, connection.execution_options(familiar_write=True).begin():
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as exc:
            raise StoreError(
                f"The diary at {path or 'the database server'} was written by a newer Familiar. Update this one; the diary is untouched."
            ) from exc


def _version(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        return str(found) if found else None
