"""PostgreSQL: one server for several machines, spoken to with psycopg 3.

A write transaction first locks the row of the revision counter, and so waits for the writer before it, as SQLite's does:
the order of revisions is the order of commits, and what one writer looked up is still so when it writes. The server
releases the lock after the commit has become visible; a reader sees one state of the database (REPEATABLE READ).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError

from ..errors import MissingPackage, StoreCorrupt, StoreError, StoreFull, StoreLocked, StoreReadOnly
from .dialect import Meaning

INSTALL = 'pip install "psycopg[binary]"'
OLDEST = 130000
"""Version 13, as the server counts versions."""
_CONNECT = 5
"""Seconds to wait for a server that does not answer."""
_SOON = 1.0
"""Seconds within which a refusal costs a turn nothing."""
_PAUSE = 10.0
"""Seconds in which a server that was waited for in vain is not waited for again: a turn asks it several times."""
_STALLED = 60.0
"""Seconds after which the server takes the write lock from a process that has stopped in the middle of a transaction."""
_CONNECTIONS = 20
"""Most connections of one process; a server takes 100 unless told otherwise."""
_FRESH = 0.5
"""Seconds for which a connection counts as sound after its last use; a turn uses it again at once."""
_MIGRATING = 6_973_001
"""The advisory lock of a process that changes the schema."""
_TEXT = ("exchange_text", "exchange_term", "passage_text", "passage_term")
"""The tables of the full-text indexes, which are PostgreSQL's own."""
_REWRITTEN = 64 * 2**20
"""Bytes of a table, its indexes included, that is rewritten to erase words; others wait meanwhile, with a larger one for too long."""
_GLANCE = 0.05
"""Seconds between two looks at whether others still see what was deleted."""
_KEEPALIVE = {"keepalives": 1, "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15_000}
"""So that a server that vanished from the network is noticed within seconds."""

_PATIENCE = sa.text("SELECT set_config('lock_timeout', :wait, false)")
_LOCK = sa.text("""
    WITH patience AS (
        SELECT set_config('lock_timeout', :wait, true), set_config('idle_in_transaction_session_timeout', :stalled, true)
    )
    SELECT value FROM patience, counter WHERE name = 'revision' FOR UPDATE OF counter
""")
"""Takes the write lock, with timeouts that hold until the end of the transaction."""

_READERS = sa.text("""
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
        AND age(backend_xmin) > age(CAST(:now AS xid))
""")
"""Counts who reads a state of the database that is older than a transaction: the server keeps for them what was deleted since."""

_BUSY = "another program has been writing to it for too long. Close it, or wait and try again"
_GONE = "nothing answers there, or the connection broke. See that the server runs and can be reached from here, and try again"
_REFUSED = "the server refuses the user or the password. Check FAMILIAR_DATABASE_URL, and the server's pg_hba.conf"
_FULL = "the server's disk is full. Free some space there; nothing that was stored is harmed"
_DAMAGED = "the server says that its data are damaged. Restore them from a backup"
_CROWDED = "the server has too many connections already. Close some, or raise its max_connections"
_STATES: dict[str, Meaning] = {
    "25006": (StoreReadOnly, "this server only reads (a standby). Name the one that writes in FAMILIAR_DATABASE_URL"),
    "25P03": (StoreError, _GONE),
    "40001": (StoreLocked, _BUSY),
    "40P01": (StoreLocked, _BUSY),
    "42501": (StoreReadOnly, "its user may not write there. Make the user the owner of the database, or GRANT what is missing"),
    "42P01": (StoreCorrupt, "a table of ours is missing. Restore it from a backup, or name an empty database"),
    "53100": (StoreFull, _FULL),
    "53300": (StoreLocked, _CROWDED),
    "55P03": (StoreLocked, _BUSY),
    "57014": (StoreLocked, "the server ended a statement that took too long. Wait and try again, or raise its statement_timeout"),
    "58030": (StoreFull, "the server's disk does not take the data (it may be full or failing). Free some space and check the disk"),
    "XX001": (StoreCorrupt, _DAMAGED),
    "XX002": (StoreCorrupt, _DAMAGED),
}
_SYMPTOMS: tuple[tuple[str, Meaning], ...] = (
    ("password authentication failed", (StoreError, _REFUSED)),
    ("no password supplied", (StoreError, _REFUSED)),
    ("pg_hba.conf", (StoreError, _REFUSED)),
    ("permission denied", (StoreError, _REFUSED)),
    ("role ", (StoreError, _REFUSED)),
    ("too many clients", (StoreLocked, _CROWDED)),
    ("connection slots", (StoreLocked, _CROWDED)),
    ("the database system is", (StoreError, "the server is starting or stopping. Wait and try again")),
    ("database ", (StoreError, "there is no such database. Make it: createdb --encoding UTF8 --template template0 NAME")),
)
"""What a server says that lets nobody in; it gives no SQLSTATE then, and other languages than English come down to _GONE."""


class Postgres:
    """A diary on a PostgreSQL server. See Dialect for what each method does."""

    name = "postgresql"
    path: Path | None = None

    def __init__(self, url: sa.URL, lock_timeout: float) -> None:
        self._url = url
        self._lock_timeout = lock_timeout
        self._down_until = 0.0
        named = url.query.get("host") or url.host or "localhost"
        host = named if isinstance(named, str) else ",".join(named)
        self.where = f"{host}{f':{url.port}' if url.port else ''}/{url.database or ''} (PostgreSQL)"

    def engine(self) -> sa.Engine:
        given = {"connect_timeout": _CONNECT, "application_name": "familiar", **_KEEPALIVE}
        given = {name: value for name, value in given.items() if name not in self._url.query}
        try:
            engine = sa.create_engine(
                self._url,
                connect_args=given,
                isolation_level="READ COMMITTED",
                pool_size=5,
                max_overflow=_CONNECTIONS - 5,
                pool_timeout=self._lock_timeout,
                hide_parameters=True,  # they are what people said, and errors go into the log
            )
        except ImportError as exc:
            raise MissingPackage(f"A diary in PostgreSQL needs psycopg ({type(exc).__name__}). Install it: {INSTALL}") from exc
        event.listen(engine, "do_connect", self._connect)
        event.listen(engine, "connect", self._prepare)
        event.listen(engine, "checkin", _put_back)
        event.listen(engine, "checkout", _ask_whether_alive)
        return engine

    def check(self, connection: sa.Connection) -> None:
        raw: Any = connection.connection.dbapi_connection
        if raw.info.server_version < OLDEST:
            raise StoreError(f"A diary needs PostgreSQL {OLDEST // 10_000} or newer, unlike {self.where}. Update the server.")
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        if encoding != "UTF8":
            raise StoreError(
                f"The diary at {self.where} cannot be made: the database has the encoding {encoding}, which cannot hold every word. "
                "Make one that can: createdb --encoding UTF8 --template template0 NAME"
            )

    def reading(self, connection: sa.Connection) -> sa.Connection:
        return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def writing(self, connection: sa.Connection, wait: float, *, durable: bool = True) -> Iterator[None]:
        with connection.begin():
            if not durable:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            connection.execute(_LOCK, {"wait": _milliseconds(wait), "stalled": _milliseconds(_STALLED)})
            yield

    @contextmanager
    def migrating(self, connection: sa.Connection) -> Iterator[None]:
        with connection.begin():
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATING})")
            yield

    def meaning(self, exc: BaseException) -> Meaning | None:
        import psycopg

        state = getattr(exc, "sqlstate", None)
        if state in _STATES:
            return _STATES[state]
        if state is not None:
            return (StoreError, _GONE) if state.startswith(("08", "57P")) else None
        if not isinstance(exc, psycopg.OperationalError | psycopg.InterfaceError):
            return None
        said = str(exc).partition("FATAL:")[2]
        return next((meaning for symptom, meaning in _SYMPTOMS if symptom in said), (StoreError, _GONE))

    def compact(self, engine: sa.Engine, tables: Collection[str]) -> None:
        """A table is rewritten (VACUUM FULL), since VACUUM alone leaves words in free space and as keys of the full-text index. A large
        one, and the counters, which hold no words, are only vacuumed. Older copies stay in the server's log and backups.
        """
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            self._wait_for_readers(connection)
            connection.execute(_PATIENCE, {"wait": _milliseconds(_SOON)})  # whoever comes after us waits, too
            try:
                for table in _ours(connection, tables):
                    size = connection.execute(sa.select(sa.func.pg_total_relation_size(f'"{table}"'))).scalar_one()
                    full = "(FULL) " if size <= _REWRITTEN and table != "counter" else ""
                    connection.exec_driver_sql(f'VACUUM {full}"{table}"')
            finally:
                connection.execute(_PATIENCE, {"wait": _milliseconds(self._lock_timeout)})

    def _wait_for_readers(self, connection: sa.Connection) -> None:
        """Wait a moment for those who may still see what was deleted. Raises StoreLocked where there are some after it."""
        now = connection.exec_driver_sql("SELECT CAST(CAST(pg_current_xact_id() AS xid) AS text)").scalar_one()
        end = monotonic() + _SOON
        while connection.execute(_READERS, {"now": now}).scalar_one():
            if monotonic() > end:
                raise StoreLocked(
                    f"Another program is reading the diary at {self.where}, so that deleted words are still in the server's files. "
                    "Let it finish, or close it; they are erased at the next try."
                )
            sleep(_GLANCE)

    def given(self, connection: sa.Connection, table: sa.Table) -> int:
        [key] = table.primary_key
        highest = int(connection.execute(sa.select(sa.func.max(key))).scalar() or 0)
        sequence = _sequence(connection, table)
        found = connection.exec_driver_sql(f"SELECT last_value, is_called FROM {sequence}").one() if sequence else (0, False)  # noqa: S608
        return max(highest, int(found[0]) if found[1] else 0)

    def give_after(self, connection: sa.Connection, table: sa.Table, number: int) -> None:
        if sequence := _sequence(connection, table):
            connection.execute(sa.select(sa.func.setval(sequence, max(1, number), number > 0)))

    def size(self, engine: sa.Engine, tables: Collection[str]) -> int:
        with engine.connect() as connection:
            sizes = [sa.func.pg_total_relation_size(f'"{table}"') for table in _ours(connection, tables)]
            return sum(int(size) for size in connection.execute(sa.select(*sizes)).one()) if sizes else 0

    def _connect(self, dialect: Any, record: Any, args: Any, params: Any) -> Any:
        import psycopg

        if monotonic() < self._down_until:
            raise StoreError(f"The diary at {self.where} cannot be used: {_GONE}.")
        started = monotonic()
        try:
            return dialect.connect(*args, **params)
        except psycopg.OperationalError:
            if monotonic() - started > _SOON:
                self._down_until = monotonic() + _PAUSE
            raise

    def _prepare(self, connection: Any, record: Any) -> None:
        connection.autocommit = True
        # To compile a query (jit) takes longer than any query here.
        wait = _milliseconds(self._lock_timeout)
        connection.execute("SELECT set_config('jit', 'off', false), set_config('lock_timeout', %s, false)", [wait])
        connection.autocommit = False


def _put_back(connection: Any, record: Any) -> None:
    record.info["since"] = monotonic()


def _ask_whether_alive(connection: Any, record: Any, proxy: Any) -> None:
    """Let the pool make another connection where one that was not used for a while broke: a restart of the server costs no turn."""
    if monotonic() - record.info.get("since", monotonic()) > _FRESH:
        try:
            connection.autocommit = True
            connection.execute("SELECT 1")
            connection.autocommit = False
        except connection.Error as exc:
            raise DisconnectionError from exc


def _milliseconds(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"


def _sequence(connection: sa.Connection, table: sa.Table) -> str | None:
    [key] = table.primary_key
    found = connection.execute(sa.select(sa.func.pg_get_serial_sequence(f'"{table.name}"', key.name))).scalar()
    return str(found) if found else None


def _ours(connection: sa.Connection, tables: Collection[str]) -> list[str]:
    """Return which of these tables there are, and those of the full-text index."""
    there = set(sa.inspect(connection).get_table_names())
    return sorted(there & {*tables, *_TEXT})
