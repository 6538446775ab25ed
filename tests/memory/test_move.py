"""Tests of the move of a diary into another database: everything arrives as it was, or the target is not a diary yet."""

from __future__ import annotations

import io
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path

import pytest
import sqlalchemy as sa

from extension.database import Database
from extension.embedders import Hashing
from extension.errors import SettingsError, StoreError
from extension.memory import transfer
from extension.memory.diary import Answer, Diary
from extension.memory.memories import Memories
from extension.memory.move import move
from extension.messages import Attention, Person, Place
from extension.refresh.chats import Chat, Chats, File
from extension.refresh.lines import Line
from extension.refresh.people import People
from extension.tables import counter, metadata
from tests.doubles import Counting

from .conftest import BOB, CHANNEL, told, turn
from .stores import Files, Servers

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.postgres


@pytest.fixture
def files(empty_diary):
    return Files(empty_diary)


@pytest.fixture
def servers(postgres, chroma, empty_template):
    made = Servers(postgres, chroma, empty_template)
    yield made
    made.drop()


@pytest.fixture
def place_of(tmp_path):
    """Return a database in an empty folder of its own; closed at the end."""
    opened = []

    def place_of_(stores, name):
        (tmp_path / name).mkdir()
        stores.make(tmp_path / name)
        opened.append(Database(stores.url(tmp_path / name)))
        return opened[-1]

    yield place_of_
    for database in reversed(opened):
        database.close()


@pytest.fixture(params=["to the server", "to a file"])
def pair(request, files, servers, place_of):
    """A diary with a life behind it, and an empty database of the other kind."""
    stores = (files, servers) if request.param == "to the server" else (servers, files)
    source, target = place_of(stores[0], "source"), place_of(stores[1], "target")
    live(source)
    return source, target


def live(database):
    """Let a diary hold one of everything there is."""
    memories = Memories(database, Hashing(), Path(database.path or "/nowhere").parent / "none")
    ids = told(memories.diary, ("My cat is called Miso.", "Hello Miso."), ("I like tea. 🦜", "東京"), ("Odd: \x00\ud800'\\", "Yes."))
    told(memories.diary, ("Bees need water.", "True."), person=BOB, place=CHANNEL, companion="Wren")
    memories.diary.write(
        turn("In a branch.", 7, person=Person("bøb", "Bø B"), branch="b1"), Answer("Yes.", "thought", "smol", "lora", (ids[0],))
    )
    memories.diary.pin(ids[0])
    memories.diary.rate(ids[1], -1)
    memories.diary.edit(ids[1], reply="Edited.")
    last = memories.diary.write(turn("Forget me.", 9), Answer("Yes."))
    memories.diary.forget([last])
    memories.next_row("channel")
    said = Line("1", "discord:1", "discord:8", "Ann", "Imported.", turn("x").when, reactions=(("👍", 1),))
    Chats(database).add(File("a.json", "discord", "d"), [Chat("discord:1", "general", "discord")], [said], {"bot": 1}, turn("x").when)
    People(database).change("discord:8", consent="given")
    memories.fulltext.catch_up()
    memories.semantic.embed()
    memories.close()


def rows(database):
    """Return everything a database holds, apart from what is its own."""
    found = {}
    with database.read() as connection:
        for name, table in metadata.tables.items():
            found[name] = sorted(map(repr, connection.execute(sa.select(table)).all()))
        own = sa.or_(counter.c.name == "diary", counter.c.name.startswith("fulltext"))
        found["counter"] = sorted(map(repr, connection.execute(sa.select(counter).where(~own)).all()))
    return found


def test_everything_arrives_as_it_was_and_the_source_is_untouched(pair):
    source, target = pair
    before = rows(source)
    source.close()
    bytes_before = blake2b(source.path.read_bytes()).digest() if source.path else b""
    found = move(source, target)
    assert (found.parts["exchange"].rows, found.parts["embedding"].rows, found.indexed, found.since) == (5, 10, 5, 0)
    assert rows(target) == before
    assert rows(source) == before
    source.close()
    assert (blake2b(source.path.read_bytes()).digest() if source.path else b"") == bytes_before


def test_there_and_back_again_is_the_same_diary(files, servers, place_of):
    first, second, third = place_of(files, "first"), place_of(servers, "second"), place_of(files, "third")
    live(first)
    assert move(first, second).parts == move(second, third).parts
    exports = []
    for database in (first, second, third):
        out = io.BytesIO()
        transfer.export(database, out)
        exports.append(out.getvalue())
    assert rows(third) == rows(first)
    assert exports[0] == exports[1] == exports[2]


def test_a_diary_that_was_moved_goes_on_where_it_was(pair, tmp_path):
    source, target = pair
    move(source, target)
    counting = Counting()
    memories = Memories(target, counting, tmp_path / "target")
    memories.settle()
    assert counting.embedded == {}
    found = memories.about(turn("What is my cat called, Miso?", 9, place=Place("attic")), Attention())
    assert [memory.exchange.said for memory in found] == ["My cat is called Miso."]
    assert memories.next_row("channel") == 2
    assert memories.remember(turn("Something new.", 3), Answer("Yes.")) == 7  # 6 was forgotten, and is never given again
    memories.settle()
    assert memories.semantic.expected() == memories.semantic.indexed()
    memories.close()


KILLED = """
import os, sys
from extension.database import Database
from extension.memory import move
move.BATCH = 10
def progress(table, done, total):
    if table == "exchange" and done >= int(sys.argv[3]):
        os.kill(os.getpid(), 9)
move.move(Database(sys.argv[1]), Database(sys.argv[2]), progress)
"""


def test_a_move_that_was_killed_goes_on_though_the_source_has_changed(pair, monkeypatch):
    monkeypatch.setattr("extension.memory.move.BATCH", 10)
    source, target = pair
    diary = Diary(source)
    ids = [diary.write(turn(f"Fact {number}.", number, place=Place("facts")), Answer("Yes.")) for number in range(80)]
    for after in (20, 50):
        done = subprocess.run([sys.executable, "-c", KILLED, source.url, target.url, str(after)], cwd=ROOT, check=False)
        assert done.returncode == -9
    assert len(rows(target)["exchange"]) == 50
    assert "('revision', 0)" in rows(target)["counter"]
    diary.forget(ids[:3])
    diary.edit(ids[10], said="Another fact.")
    diary.pin(ids[11])
    with source.write() as connection:  # every row changes places with another one
        for change in ('-1 - "row"', '80 + "row"'):
            connection.exec_driver_sql(f"""UPDATE exchange SET "row" = {change} WHERE place_id = 'facts'""")
    diary.write(turn("A late fact.", 99, place=Place("facts")), Answer("Yes."))
    assert move(source, target).indexed == 5 + 80 - 3 + 1
    assert rows(target) == rows(source)


def test_what_is_said_during_a_move_is_moved_too(pair):
    source, target = pair
    late = []

    def speak(table, done, total):
        if table == "person" and not late:
            late.append(Diary(source).write(turn("Said meanwhile.", 5), Answer("Yes.")))

    assert move(source, target, speak).since == 0
    assert Diary(target).one(late[0]).said == "Said meanwhile."
    assert rows(target) == rows(source)


def test_changes_that_never_end_are_counted_and_what_was_moved_is_whole(pair):
    source, target = pair
    said = []

    def speak(table, done, total):
        if table == "person":
            said.append(Diary(source).write(turn(f"Said {len(said)}.", 20 + len(said)), Answer("Yes.")))

    assert move(source, target, speak).since == 1
    assert Diary(target).count() == Diary(source).count() - 1


def test_a_target_that_is_not_empty_is_refused(pair):
    source, target = pair
    Diary(target).write(turn("Mine."), Answer("Yes."))
    before = rows(target)
    with pytest.raises(SettingsError, match=r"is not empty \(there are 1 rows of the kind exchange in it\)\."):
        move(source, target)
    assert rows(target) == before


def test_a_target_that_was_moved_to_before_is_refused(pair):
    source, target = pair
    move(source, target)
    with pytest.raises(SettingsError, match="is not empty"):
        move(source, target)


def test_an_unfinished_target_that_was_written_to_is_refused(pair):
    source, target = pair

    def stop(table, done, total):
        if table == "embedding":
            Diary(target).write(turn("Mine.", 50), Answer("Yes."))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        move(source, target, stop)
    with pytest.raises(SettingsError, match="has been written to since the move into it was begun"):
        move(source, target)


def test_a_diary_is_not_moved_onto_itself(pair):
    source, _ = pair
    with pytest.raises(SettingsError, match="Name another database"):
        move(source, Database(source.url))


def test_a_copy_that_is_not_the_same_is_no_diary(pair):
    source, target = pair

    def spoil(table, done, total):
        if table == "place":
            with target.write() as connection:
                connection.execute(sa.text("UPDATE exchange SET said = 'Other words.'"))

    with pytest.raises(StoreError, match="its 5 rows of the kind exchange are not the 5 there should be"):
        move(source, target, spoil)
    assert "('revision', 0)" in rows(target)["counter"]
    move(source, target)
    assert rows(target) == rows(source)


def test_words_postgresql_cannot_hold_are_moved_as_well_as_can_be(files, servers, place_of):
    source, target = place_of(files, "source"), place_of(servers, "target")
    number = Diary(source).write(turn("Words."), Answer("Yes."))
    with source.write() as connection:
        connection.exec_driver_sql("UPDATE exchange SET model = 'a' || char(0) || 'b', reasoning = char(0)")
    move(source, target)
    found = Diary(target).one(number)
    assert (found.said, found.model, found.reasoning) == ("Words.", "a\N{REPLACEMENT CHARACTER}b", "\N{REPLACEMENT CHARACTER}")


def test_an_empty_diary_is_moved(files, servers, place_of):
    source, target = place_of(files, "source"), place_of(servers, "target")
    assert move(source, target).parts["exchange"].rows == 0
    assert Diary(target).write(turn("First."), Answer("Yes.")) == 1
