"""Tests of the database: its schema, its transactions, and what it says when it cannot be used."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from extension.database import HEAD, Database, next_revision, set_watermark, watermark
from extension.errors import SettingsError, StoreCorrupt, StoreError, StoreFull, StoreLocked, StoreReadOnly
from extension.memory.fulltext import FullText
from extension.tables import counter, exchange, metadata, person

from .transactions import TransactionContract, people, say

ROOT = Path(__file__).resolve().parent.parent


def at(path, **options):
    return Database(f"sqlite:///{path}", **options)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "diary.sqlite"


@pytest.fixture
def database(path):
    """An empty diary."""
    opened = at(path, lock_timeout=5)
    with opened.read():
        pass
    yield opened
    opened.close()


def test_the_newest_migration_is_the_one_the_code_expects():
    config = Config()
    config.set_main_option("script_location", str(ROOT / "extension" / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_tables_in_the_code_are_those_the_migrations_make(database):
    with database.read() as connection:
        found = {name: {column["name"] for column in sa.inspect(connection).get_columns(name)} for name in metadata.tables}
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": of_columns})
        differences = compare_metadata(context, metadata)
    assert found == {name: set(table.columns.keys()) for name, table in metadata.tables.items()}
    assert [difference for difference in differences if not isinstance(difference, list)] == []


def of_columns(thing, name, kind, reflected, compared):
    """Leave out the tables of the full-text index and Alembic's own."""
    return kind == "column" or name in metadata.tables


def test_nothing_is_opened_before_the_first_use(path):
    database = at(path)
    assert database.path == path
    assert not path.exists()
    database.close()


def test_the_folder_is_made_at_the_first_use(tmp_path):
    database = at(tmp_path / "new" / "folder" / "diary.sqlite")
    assert people(database) == []
    database.close()
    assert (tmp_path / "new" / "folder" / "diary.sqlite").is_file()


def test_a_path_of_unusual_letters_is_taken_as_it_is(tmp_path):
    path = tmp_path / "50% of #1 & Zoë's 東京" / "my diary.sqlite"
    database = at(path)
    say(database)
    database.close()
    assert path.is_file()
    assert people(at(path)) == ["alice"]


def test_sqlite_runs_in_wal_mode_fully_synchronous_and_erases_what_is_deleted(database):
    with database.read() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "secure_delete")]
    assert found == ["wal", 2, 1]


def test_a_transaction_is_committed_at_its_end(database):
    say(database)
    assert people(database) == ["alice"]


class TestTransactions(TransactionContract):
    """In this database."""


def test_revisions_count_up_singly_and_in_blocks(database):
    with database.write() as connection:
        assert [next_revision(connection), next_revision(connection), next_revision(connection, 10), next_revision(connection)] == [
            1,
            2,
            3,
            13,
        ]
        assert watermark(connection, "revision") == 13


def test_a_watermark_is_zero_until_it_is_set(database):
    with database.write() as connection:
        assert watermark(connection, "new") == 0
        set_watermark(connection, "new", 7)
        set_watermark(connection, "new", 9)
        assert watermark(connection, "new") == 9
        assert connection.execute(sa.select(counter).where(counter.c.name == "new")).all() == [("new", 9)]


def test_a_diary_from_before_facts_is_found_in_as_before(path):
    from alembic import command

    config = Config()
    config.set_main_option("script_location", str(ROOT / "extension" / "migrations"))
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        values = {"said": "My locker code is 4711.", "reply": "Noted.", "person_id": "ann", "place_id": "desk", "companion": "Robin"}
        connection.execute(sa.text("INSERT INTO person VALUES ('ann', 'Ann')"))
        blank = dict.fromkeys(("branch", "reasoning", "model", "adapter", "digest"), "")
        row = {"realm_id": 1, "row": 0, "said_at": 0.0, "memories": "[]", "feedback": 0, "pinned": False, "revision": 1}
        connection.execute(sa.insert(exchange).values(**values, **blank, **row))
        connection.execute(sa.update(counter).where(counter.c.name.in_(("revision", "fulltext"))).values(value=1))
    engine.dispose()
    database = at(path)
    index = FullText(database)
    index.catch_up()
    assert [match.exchange for match in index.search("locker code", [1])] == [1]
    database.close()


def test_a_diary_of_a_newer_familiar_is_refused_and_left_untouched(database, path):
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"was written by a newer Familiar\. Update this one; the diary is untouched\.$"):
        people(at(path))
    assert path.read_bytes() == before


def test_opening_a_diary_twice_migrates_it_once(database, path):
    say(database)
    again = at(path)
    assert people(again) == ["alice"]
    again.close()


def test_a_closed_database_opens_again(database):
    say(database)
    database.close()
    assert people(database) == ["alice"]


OPEN = """
import sys
sys.path.insert(0, sys.argv[2])
import sqlalchemy as sa
from extension.database import Database
from extension.tables import person
sys.stdin.readline()
database = Database(f"sqlite:///{sys.argv[1]}")
with database.write() as connection:
    connection.execute(sa.insert(person).values(id=sys.argv[3], name=""))
database.close()
"""


def test_several_processes_make_the_same_diary_at_once(path):
    command = [sys.executable, "-c", OPEN, str(path), str(ROOT)]
    processes = [subprocess.Popen([*command, f"p{number}"], stdin=subprocess.PIPE, stderr=subprocess.PIPE) for number in range(4)]
    for process in processes:
        process.stdin.write(b"go\n")
        process.stdin.flush()
    assert [process.communicate()[1].decode() for process in processes] == [""] * 4
    assert people(at(path)) == ["p0", "p1", "p2", "p3"]


def test_several_threads_open_it_at_once(path):
    database, barrier, failures = at(path), Barrier(8), []

    def write(number):
        barrier.wait()
        try:
            say(database, f"t{number}")
        except StoreError as exc:
            failures.append(exc)

    threads = [Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert people(database) == [f"t{number}" for number in range(8)]
    database.close()


def test_more_threads_than_a_usual_pool_holds_read_at_once(database):
    barrier, seen = Barrier(30), []

    def read():
        with database.read() as connection:
            connection.execute(sa.select(person)).all()
            barrier.wait(30)
            seen.append(1)

    threads = [Thread(target=read) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 30


@pytest.fixture
def holder(path):
    """Another connection, as of another program, to hold the write lock."""
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def test_a_writer_waits_for_the_one_before_it(database, holder):
    holder.execute("BEGIN IMMEDIATE")
    thread = Thread(target=say, args=(database,))
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()
    holder.execute("COMMIT")
    thread.join()
    assert people(database) == ["alice"]


def test_a_lock_that_is_held_too_long_is_named_and_reading_goes_on(database, path, holder):
    quick = at(path, lock_timeout=0.05)
    say(quick)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreLocked, match=r"another program has been writing to it for too long\. Close it, or wait and try again\.$"):
        say(quick, "bob")
    assert people(quick) == ["alice"]
    holder.execute("ROLLBACK")
    say(quick, "bob")
    assert people(quick) == ["alice", "bob"]
    quick.close()


def test_after_a_wait_in_vain_the_next_one_is_short(database, path, holder):
    slow, waits = at(path, lock_timeout=1.2), []
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreLocked):
        say(slow)
    holder.execute("COMMIT")
    for _ in range(2):
        with slow.write() as connection:
            waits.append(connection.exec_driver_sql("PRAGMA busy_timeout").scalar())
    assert waits == [1000, 1200]
    slow.close()


def test_a_file_that_may_only_be_read_is_named_and_can_be_read(database, path):
    say(database)
    database.close()
    read_only = Database(f"sqlite:///file:{path}?mode=ro&uri=true")
    assert people(read_only) == ["alice"]
    with pytest.raises(StoreReadOnly, match=r"it may not be written\. Give yourself write permission on the file and its folder\.$"):
        say(read_only, "bob")
    read_only.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreReadOnly, match=r"^Cannot create the folder "):
        people(at(tmp_path / "file" / "diary.sqlite"))


def test_a_directory_where_the_file_should_be_is_named(path):
    path.mkdir()
    with pytest.raises(StoreReadOnly, match=r"it cannot be opened\. Check that the folder exists and that you may write in it\.$"):
        people(at(path))


@pytest.mark.parametrize("content", [b"This is no database, but somebody's letter." * 100, b"\x00" * 8192, os.urandom(5000)])
def test_a_file_that_is_no_database_is_named_and_never_overwritten(path, content):
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt, match=r"Restore it from a backup, or"):
        say(at(path))
    assert path.read_bytes() == content


def test_a_truncated_diary_is_named_and_never_overwritten(database, path):
    with database.write() as connection:
        for number in range(3000):
            connection.execute(sa.insert(person).values(id=f"person {number}", name="x" * 100))
    database.compact()
    database.close()
    os.truncate(path, path.stat().st_size // 2)
    before = path.read_bytes()
    damaged = at(path)
    with pytest.raises(StoreCorrupt, match="it is damaged"):
        people(damaged)
    with pytest.raises(StoreCorrupt, match="it is damaged"):
        say(damaged, "zoe")
    damaged.close()
    assert path.read_bytes() == before


FULL = """
import resource, sys
sys.path.insert(0, sys.argv[2])
import sqlalchemy as sa
from extension.database import Database
from extension.tables import person
from extension.errors import StoreError
database = Database(f"sqlite:///{sys.argv[1]}")
with database.write() as connection:
    connection.execute(sa.insert(person).values(id="before", name=""))
size = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, size[1]))
try:
    with database.write() as connection:
        connection.execute(sa.insert(person).values(id="large", name="x" * 1_000_000))
except StoreError as exc:
    print(type(exc).__name__)
resource.setrlimit(resource.RLIMIT_FSIZE, size)
with database.write() as connection:
    connection.execute(sa.insert(person).values(id="after", name=""))
with database.read() as connection:
    print(list(connection.execute(sa.select(person.c.id).order_by(person.c.id)).scalars()))
"""


def test_a_full_disk_is_named_and_what_was_stored_is_unharmed(path):
    done = subprocess.run([sys.executable, "-c", FULL, str(path), str(ROOT)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [StoreFull.__name__, "['after', 'before']"]


def test_a_diary_deleted_under_our_feet_is_begun_anew(database, path):
    say(database)
    shutil.move(path, path.with_name("moved.sqlite"))
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    say(database, "bob")
    assert people(database) == ["bob"]
    assert people(at(path)) == ["bob"]


def test_a_diary_replaced_by_its_backup_under_our_feet_is_used(database, path):
    say(database)
    database.close()
    backup = shutil.copy(path, path.with_name("backup.sqlite"))
    say(database, "bob")
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink()
    Path(backup).replace(path)
    say(database, "carol")
    assert people(database) == ["alice", "carol"]


def test_an_error_of_the_database_never_quotes_what_was_said(database):
    say(database, "a secret word")
    with pytest.raises(StoreError) as caught:
        say(database, "a secret word")
    texts = []
    error = caught.value
    while error is not None:
        texts.append(str(error))
        error = error.__cause__
    assert texts[0].endswith("failed (IntegrityError). Run `familiar doctor`.")
    assert "secret" not in " ".join(texts)


@pytest.mark.parametrize("url", ["nonsense", "oracle+nothing://user:hunter2@host/name", "postgresql+nodriver://user:hunter2@host/name"])
def test_a_url_that_cannot_be_used_is_refused_without_quoting_it(url):
    with pytest.raises(SettingsError, match=r"it looks like sqlite:////folder/file or postgresql://user:password@host/name\.$") as caught:
        people(Database(url))
    assert "hunter2" not in str(caught.value)


def test_what_was_deleted_is_in_none_of_the_bytes_after_compacting(database, path):
    say(database, "unmistakable-words")
    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO exchange_text(rowid, said) VALUES (1, 'unmistakable full text')")
    with database.write() as connection:
        connection.execute(sa.delete(person))
        connection.exec_driver_sql("DELETE FROM exchange_text")
    database.compact()
    remains = [file for file in path.parent.iterdir() if b"unmistak" in file.read_bytes()]
    assert remains == []


def test_compacting_a_locked_diary_says_so(database, path, holder):
    quick = at(path, lock_timeout=0.05)
    say(quick)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreLocked):
        quick.compact()
    holder.execute("ROLLBACK")
    quick.close()
