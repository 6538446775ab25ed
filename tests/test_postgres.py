"""Tests of the database on a PostgreSQL server: its transactions, many that write at once, and what it says when it cannot be used."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import traceback
from itertools import count
from pathlib import Path
from random import Random
from threading import Barrier, Event, Thread

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from extension.database import Database, next_revision, set_watermark, watermark
from extension.errors import MissingPackage, SettingsError, StoreError, StoreLocked, StoreReadOnly
from extension.tables import metadata, person

from .memory.stores import administer, url_of
from .transactions import TransactionContract, people, say

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.postgres
NUMBERS = count()


@pytest.fixture
def url(postgres, worker):
    """The URL of an empty database."""
    name = f"bare_{worker}_{next(NUMBERS)}"
    administer(postgres, f"CREATE DATABASE {name}")
    yield url_of(postgres, name)
    administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(url):
    """An empty diary."""
    opened = Database(url, lock_timeout=5)
    yield opened
    opened.close()


def run(*actions):
    threads = [Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_an_address_may_be_written_as_is_usual(url, scheme):
    database = Database(url.replace("postgresql", scheme, 1))
    say(database)
    assert people(database) == ["alice"]
    database.close()


def test_the_tables_in_the_code_are_those_the_migrations_make(database):
    with database.read() as connection:
        found = {name: {column["name"] for column in sa.inspect(connection).get_columns(name)} for name in metadata.tables}
        options = {"compare_type": True, "include_object": lambda thing, name, kind, *_: kind == "column" or name in metadata.tables}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    assert found == {name: set(table.columns.keys()) for name, table in metadata.tables.items()}
    assert [difference for difference in differences if not isinstance(difference, list)] == []


def test_keys_are_in_the_order_of_their_bytes_as_in_sqlite(database):
    for name in ("b", "B", "ä", "a", "_"):
        say(database, name)
    assert people(database) == ["B", "_", "a", "b", "ä"]


OPEN = """
import sys
sys.path.insert(0, sys.argv[2])
import sqlalchemy as sa
from extension.database import Database
from extension.tables import person
sys.stdin.readline()
database = Database(sys.argv[1])
with database.write() as connection:
    connection.execute(sa.insert(person).values(id=sys.argv[3], name=""))
database.close()
"""


def test_several_processes_make_the_same_diary_at_once(url):
    command = [sys.executable, "-c", OPEN, url, str(ROOT)]
    processes = [subprocess.Popen([*command, f"p{number}"], stdin=subprocess.PIPE, stderr=subprocess.PIPE) for number in range(3)]
    for process in processes:
        process.stdin.write(b"go\n")
        process.stdin.flush()
    assert [process.communicate()[1].decode() for process in processes] == [""] * 3
    database = Database(url)
    assert people(database) == ["p0", "p1", "p2"]
    database.close()


class TestTransactions(TransactionContract):
    """In this database."""


def test_the_order_of_revisions_is_the_order_of_commits(url):
    """Whoever sees a revision sees all before it, though transactions take long and some of them fail."""
    databases = [Database(url) for _ in range(3)]
    chance, over, seen = Random(1), Event(), []

    def write(database):
        for _ in range(25):
            try:
                with database.write() as connection:
                    number = next_revision(connection, chance.choice((1, 3)))
                    newest = watermark(connection, "revision")
                    time.sleep(chance.uniform(0, 0.004))
                    connection.execute(sa.insert(person), [{"id": f"{each:06}", "name": ""} for each in range(number, newest + 1)])
                    if chance.random() < 0.2:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                continue

    def read():
        while not over.is_set():
            with databases[0].read() as connection:
                newest = watermark(connection, "revision")
                time.sleep(0.001)
                seen.append((newest, connection.execute(sa.select(sa.func.count()).select_from(person)).scalar_one()))

    reader = Thread(target=read)
    reader.start()
    run(*(lambda database=database: write(database) for database in databases for _ in range(2)))
    over.set()
    reader.join()
    assert [pair for pair in seen if pair[0] != pair[1]] == []
    assert len(set(seen)) > 5
    assert people(databases[1]) == [f"{number:06}" for number in range(1, len(people(databases[1])) + 1)]
    for database in databases:
        database.close()


def test_what_was_looked_up_in_a_transaction_is_still_so_when_it_writes(url):
    databases = [Database(url) for _ in range(2)]
    barrier = Barrier(8)

    def write(database):
        barrier.wait()
        with database.write() as connection:
            if not connection.execute(sa.select(person.c.id)).all():
                connection.execute(sa.insert(person).values(id="alice", name=""))
            set_watermark(connection, "new", watermark(connection, "new") + 1)

    run(*(lambda database=database: write(database) for database in databases for _ in range(4)))
    with databases[0].read() as connection:
        assert watermark(connection, "new") == 8
    for database in databases:
        database.close()


def test_more_threads_than_there_are_connections_take_turns(database):
    seen = []

    def read():
        with database.read() as connection:
            connection.execute(sa.select(sa.func.pg_sleep(0.01)))
            seen.append(connection.execute(sa.select(person)).all())

    people(database)
    run(*[read] * 60)
    assert seen == [[]] * 60


@pytest.fixture
def held(url, database):
    """The write lock, held by another program until it is told to let go of it."""
    people(database)
    with psycopg.connect(url) as connection:
        connection.execute("SELECT value FROM counter WHERE name = 'revision' FOR UPDATE")
        yield connection


def test_a_writer_waits_for_the_one_before_it(database, held):
    thread = Thread(target=say, args=(database,))
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()
    held.commit()
    thread.join()
    assert people(database) == ["alice"]


def test_a_lock_that_is_held_too_long_is_named_and_reading_goes_on(url, held):
    quick = Database(url, lock_timeout=0.05)
    with pytest.raises(StoreLocked, match=r"another program has been writing to it for too long\. Close it, or wait and try again\.$"):
        say(quick, "bob")
    assert people(quick) == []
    held.rollback()
    say(quick, "bob")
    assert people(quick) == ["bob"]
    quick.close()


def test_after_a_wait_in_vain_the_next_one_is_short(url, held):
    slow, waits = Database(url, lock_timeout=1.2), []
    with pytest.raises(StoreLocked):
        say(slow)
    held.commit()
    for _ in range(2):
        with slow.write() as connection:
            waits.append(connection.exec_driver_sql("SHOW lock_timeout").scalar())
    assert waits == ["1s", "1200ms"]
    slow.close()


def say_with(database, between):
    """Say two things in one transaction, with something else between them."""
    with database.write() as connection:
        connection.execute(sa.insert(person).values(id="first", name=""))
        between()
        connection.execute(sa.insert(person).values(id="second", name=""))


def test_a_process_that_stopped_in_a_transaction_loses_the_lock_to_the_next(database, url, monkeypatch):
    monkeypatch.setattr("extension.dialects.postgres._STALLED", 0.2)
    other = Database(url)
    with pytest.raises(StoreError, match="the connection broke"):
        say_with(other, lambda: say(database))
    assert people(database) == ["alice"]
    other.close()


def test_a_statement_the_server_ends_is_named(url):
    database = Database(f"{url}&options=-c%20statement_timeout%3D200")
    people(database)
    with pytest.raises(StoreLocked, match="the server ended a statement that took too long"), database.read() as connection:
        connection.execute(sa.select(sa.func.pg_sleep(5)))
    assert people(database) == []
    database.close()


END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def test_a_connection_that_breaks_is_named_and_the_next_use_has_another(database, url, monkeypatch):
    say(database)
    with pytest.raises(StoreError, match=r"nothing answers there, or the connection broke\. .*try again\.$"):
        say_with(database, lambda: administer(url, END))
    assert people(database) == ["alice"]
    administer(url, END)
    monkeypatch.setattr("extension.dialects.postgres._FRESH", 0.0)  # as after a while without use
    say(database, "bob")
    assert people(database) == ["alice", "bob"]


def test_a_user_who_may_only_read_reads(database, url, postgres):
    say(database)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DO 'BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END'")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    reader = Database(url.replace("familiar@", "reader@"))
    assert people(reader) == ["alice"]
    with pytest.raises(StoreReadOnly, match="its user may not write there"):
        say(reader, "bob")
    reader.close()
    stranger = Database(url_of(postgres, "postgres").replace("familiar@", "reader@"))
    with pytest.raises(StoreReadOnly, match="its user may not write there"):
        people(stranger)


def test_a_standby_is_named(url):
    database = Database(f"{url}&options=-c%20default_transaction_read_only%3Don")
    with pytest.raises(StoreReadOnly, match=r"this server only reads \(a standby\)"):
        say(database)
    database.close()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("familiar@", "nobody@"), r"the server refuses the user or the password\. Check FAMILIAR_DATABASE_URL"),
        (("/bare_", "/nowhere_"), r"there is no such database\. Make it: createdb"),
        (("?host=", "?host=/nowhere"), r"nothing answers there"),
        (("familiar@/", "familiar:hunter2@127.0.0.1:9/"), r"nothing answers there"),
        (("familiar@/", "familiar:hunter2@no-such-host.invalid/"), r"nothing answers there"),
    ],
)
def test_a_server_that_cannot_be_used_is_named_without_the_password(url, changed, said):
    url = url.replace(*changed)
    url = url.partition("?")[0] if "hunter2" in url else url
    database = Database(url)
    with pytest.raises(StoreError, match=said) as caught:
        people(database)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    assert str(caught.value).startswith(f"The diary at {database.dialect.where} cannot be used: ")


def test_a_server_that_does_not_answer_is_waited_for_once():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = Database(f"postgresql://ann@127.0.0.1:{silent.getsockname()[1]}/name?connect_timeout=2")
        for _ in range(3):
            with pytest.raises(StoreError, match="nothing answers there"):
                people(database)
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


@pytest.mark.parametrize("url", ["postgresql://ann:hunter@2@host/name", "mysql://ann:hunter2@host/name"])
def test_an_address_that_makes_no_sense_is_refused_without_quoting_it(url):
    with pytest.raises(SettingsError, match=r"postgresql://user:password@host/name\.$") as caught:
        people(Database(url))
    assert "hun" not in str(caught.value)


def test_a_database_that_cannot_hold_every_word_is_refused(postgres):
    administer(postgres, "CREATE DATABASE narrow ENCODING LATIN1 TEMPLATE template0")
    with pytest.raises(StoreError, match=r"has the encoding LATIN1, which cannot hold every word\. Make one that can: createdb"):
        people(Database(url_of(postgres, "narrow")))
    administer(postgres, "DROP DATABASE narrow WITH (FORCE)")


def test_a_diary_of_a_newer_familiar_is_refused_and_left_untouched(database, url):
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(StoreError, match=r"was written by a newer Familiar\. Update this one; the diary is untouched\.$"):
        people(database)


def test_an_error_of_the_database_never_quotes_what_was_said(database):
    words = "".join(("se", "cret"))  # the traceback quotes this very line
    say(database, words)
    with pytest.raises(StoreError, match=r"failed \(UniqueViolation\)\. Run `familiar doctor`\.$") as caught:
        say(database, words)
    assert words not in "".join(traceback.format_exception(caught.value))


def test_what_was_deleted_leaves_the_tables(database, url):
    say(database)
    with database.write() as connection:
        connection.execute(sa.delete(person))
    database.compact()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pageinspect")
        pages = connection.execute("SELECT pg_relation_size('person') / 8192").fetchone()[0]
        assert pages == 0


def test_the_diary_has_a_size(database):
    assert 100_000 < database.size() < 10_000_000


MISSING = """
import sys
sys.modules["psycopg"] = None
from extension.database import Database
try:
    with Database("postgresql://host/name").read():
        pass
except Exception as exc:
    print(type(exc).__name__, exc)
"""


def test_without_the_driver_a_sentence_says_what_to_install():
    done = subprocess.run([sys.executable, "-c", MISSING], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.startswith(MissingPackage.__name__)
    assert 'Install it: pip install "psycopg[binary]"' in done.stdout
