"""Tests of memory as a whole: nothing said is lost, whatever is wrong with the stores, and all of it can be forgotten."""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from extension.embedders import Remembering
from extension.errors import MissingModel, SettingsError, StoreError
from extension.memory.diary import Answer, Filter, insert
from extension.messages import Attention, Place
from tests.doubles import Absent, Counting, Slow

from .conftest import ALICE, BOB, NOON, told, turn
from .stores import remains

ROOT = Path(__file__).resolve().parents[2]
ATTIC = Place("attic")


@pytest.fixture(autouse=True)
def temporary(tmp_path_factory, monkeypatch):
    """The system's temporary folder, for what cannot be kept anywhere else, is one of this test's own."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def words(memories, place="kitchen"):
    return [(exchange.row, exchange.said, exchange.reply) for exchange in memories.diary.chat(place)]


def about(memories, text, **more):
    return [memory.exchange.id for memory in memories.about(turn(text, 9, place=ATTIC), Attention(**more))]


def test_a_turn_is_heard_remembered_and_recalled_in_another_chat(memories):
    number = memories.hear(turn("My locker code is 4711."))
    assert memories.remember(turn("My locker code is 4711."), Answer("I will keep it.")) == number
    assert about(memories, "What is the code of my locker?") == [number]


def test_opening_memories_does_nothing(open_memories, tmp_path):
    folder = tmp_path / "elsewhere"
    memories = open_memories(folder)
    assert not folder.exists()
    assert memories.semantic.kind == "none"
    memories.close()
    assert not folder.exists()


def test_a_locked_diary_keeps_what_is_said_aside_and_takes_it_in_order_later(open_memories, stores, data_dir, caplog):
    memories = open_memories(lock_timeout=0.05)
    memories.remember(turn("Before.", 0), Answer("Yes."))
    with stores.held(data_dir):
        assert memories.hear(turn("While locked.", 1)) is None
        assert memories.remember(turn("While locked.", 1), Answer("First reply.")) is None
        assert memories.remember(turn("While locked.", 1), Answer("Second reply.")) is None
        assert memories.spool.waiting() == 3
        assert "will be written when the diary can be" in caplog.text
        assert "While locked" not in caplog.text
        assert words(memories) == [(0, "Before.", "Yes.")]
    assert memories.remember(turn("After.", 2), Answer("Yes.")) == 3
    assert words(memories) == [(0, "Before.", "Yes."), (1, "While locked.", "Second reply."), (2, "After.", "Yes.")]
    assert memories.spool.waiting() == 0


def test_what_was_kept_aside_comes_into_the_diary_without_another_word(open_memories, stores, data_dir):
    memories = open_memories(lock_timeout=0.05)
    memories.remember(turn("Before.", 0), Answer("Yes."))
    with stores.held(data_dir):
        memories.remember(turn("While locked.", 1), Answer("Yes."))
    memories.warm_up()
    while memories.spool.waiting():
        memories.catch_up.wait(0.2)
    assert words(memories)[1] == (1, "While locked.", "Yes.")


def test_what_one_process_kept_aside_another_takes_in(open_memories, stores, data_dir):
    first = open_memories(lock_timeout=0.05)
    first.remember(turn("Before.", 0), Answer("Yes."))
    with stores.held(data_dir):
        first.remember(turn("While locked.", 1), Answer("Yes."))
        first.close()
    second = open_memories()
    second.settle()
    assert words(second)[1] == (1, "While locked.", "Yes.")


def test_a_locked_diary_can_still_be_recalled_from(open_memories, stores, data_dir):
    memories = open_memories(lock_timeout=0.05)
    memories.remember(turn("My locker code is 4711."), Answer("I will keep it."))
    memories.settle()
    with stores.held(data_dir):
        assert about(memories, "What is the code of my locker?") == [1]


def test_a_diary_locked_before_the_newest_words_were_indexed_is_recalled_from_as_far_as_it_is(open_memories, stores, data_dir):
    memories = open_memories(lock_timeout=0.05)
    memories.diary.write(turn("My locker code is 4711."), Answer("I will keep it."))
    memories.settle()
    memories.diary.write(turn("My bicycle is purple.", 1), Answer("Nice."))
    with stores.held(data_dir):
        assert about(memories, "What is the code of my locker?") == [1]


@pytest.mark.embedded
def test_a_diary_that_may_only_be_read_keeps_what_is_said_aside_and_is_recalled_from(memories, open_memories, data_dir):
    memories.remember(turn("My locker code is 4711."), Answer("I will keep it."))
    memories.settle()
    memories.close()
    read_only = open_memories(url=f"sqlite:///file:{data_dir / 'diary.sqlite'}?mode=ro&uri=true")
    assert read_only.remember(turn("New words.", 1), Answer("Yes.")) is None
    assert about(read_only, "What is the code of my locker?") == [1]
    read_only.close()
    writable = open_memories()
    writable.settle()
    assert words(writable)[1] == (1, "New words.", "Yes.")


@pytest.mark.embedded
def test_a_data_directory_that_cannot_be_made_loses_nothing(open_memories, tmp_path, temporary):
    home = tmp_path / "home"
    home.write_text("a file where the folder should be")
    memories = open_memories(home / "data")
    assert memories.hear(turn("Hello?")) is None
    assert memories.remember(turn("Hello?"), Answer("Hi.")) is None
    assert len(list(temporary.rglob("unsaved-*.jsonl"))) == 1
    home.unlink()
    memories.settle()
    assert words(memories) == [(0, "Hello?", "Hi.")]


@pytest.mark.embedded
@pytest.mark.parametrize("content", [b"somebody's letter " * 500, b"\x00" * 4096])
def test_a_corrupt_diary_is_never_overwritten_and_nothing_said_is_lost(open_memories, tmp_path, content):
    home = tmp_path / "home"
    home.mkdir()
    diary = home / "diary.sqlite"
    diary.write_bytes(content)
    memories = open_memories(home)
    assert memories.hear(turn("Hello?")) is None
    assert memories.remember(turn("Hello?"), Answer("Hi.")) is None
    with pytest.raises(StoreError):
        memories.about(turn("Hello?"), Attention())
    assert diary.read_bytes() == content
    diary.rename(home / "letter")
    memories.settle()
    assert words(memories) == [(0, "Hello?", "Hi.")]


def test_a_database_url_that_makes_no_sense_loses_nothing(open_memories, tmp_path):
    home = tmp_path / "home"
    memories = open_memories(home, url="nonsense")
    assert memories.remember(turn("Hello?"), Answer("Hi.")) is None
    with pytest.raises(SettingsError):
        memories.about(turn("Hello?"), Attention())
    mended = open_memories(home)
    mended.settle()
    assert words(mended) == [(0, "Hello?", "Hi.")]


FULL = """
import resource, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from extension.database import Database
from extension.embedders import Hashing
from extension.memory.diary import Answer
from extension.memory.memories import Memories
from tests.memory.conftest import turn
data_dir = Path(sys.argv[1])
memories = Memories(Database(f"sqlite:///{data_dir / 'diary.sqlite'}"), Hashing(), data_dir)
print(memories.remember(turn("Before.", 0), Answer("Fits.")))
memories.settle()
unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, unlimited[1]))
print(memories.hear(turn("x" * 1_000_000, 1)))
print(memories.remember(turn("x" * 1_000_000, 1), Answer("Does not fit.")))
print(memories.remember(turn("Small.", 2), Answer("Neither.")))
resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
memories.settle()
print([(exchange.said[:7], exchange.reply) for exchange in memories.diary.chat("kitchen")])
print(memories.spool.waiting(), memories.semantic.expected() == memories.semantic.indexed(), memories.fulltext.count())
memories.close()
"""


@pytest.mark.embedded
def test_a_full_disk_loses_nothing(data_dir, temporary):
    command = [sys.executable, "-c", FULL, str(data_dir), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, env={"TMPDIR": str(temporary)}, check=True)
    assert done.stdout.splitlines() == [
        "1",
        "None",
        "None",
        "None",
        "[('Before.', 'Fits.'), ('xxxxxxx', 'Does not fit.'), ('Small.', 'Neither.')]",
        "0 True 3",
    ]


def test_words_and_names_no_store_can_hold_are_kept_as_well_as_can_be(memories):
    odd = replace(turn("odd \ud800\x00", person=replace(ALICE, name="\ud800")), companion="R\udfffobin")
    assert memories.hear(odd) == 1
    assert memories.remember(odd, Answer("answer \ud800", "\x00", "\ud800", "\ud800")) == 1
    assert memories.about(odd, Attention(), own=1) == []
    assert words(memories) == [(0, "odd ?\N{REPLACEMENT CHARACTER}", "answer ?")]


def test_a_megabyte_is_remembered_recalled_and_forgotten(memories):
    said = "My locker code is 4711. " + "x" * 1_000_000
    number = memories.remember(turn(said), Answer("y" * 1_000_000))
    assert about(memories, said) == [number]
    assert [memory.exchange.id for memory in memories.search("locker", ALICE, "Robin")] == [number]
    assert memories.forget([number]) == 1


def test_a_missing_model_is_said_and_words_go_on(open_memories):
    absent = Absent()
    memories = open_memories(embedder=absent)
    memories.remember(turn("My locker code is 4711."), Answer("I will keep it."))
    assert about(memories, "What is the code of my locker?") == [1]
    assert memories.catch_up.trouble == "The embedding model is not installed. Install it: pip install it"
    assert [memory.exchange.id for memory in memories.search("locker", ALICE, "Robin")] == [1]
    assert memories.forget([1]) == 1
    assert memories.search("locker", ALICE, "Robin") == []
    with pytest.raises(MissingModel):
        memories.settle()


def test_a_model_that_is_slow_to_load_is_not_waited_for_longer_than_patience(open_memories):
    slow = Slow()
    memories = open_memories(embedder=slow, patience=0.3)
    memories.remember(turn("My locker code is 4711."), Answer("I will keep it."))
    assert about(memories, "What is the code of my locker?") == [1]
    assert not memories.semantic.ready
    assert slow.embedded == {}
    slow.loaded.set()
    memories.settle()
    assert memories.semantic.ready
    assert about(memories, "What is the code of my locker?") == [1]
    assert slow.embedded["What is the code of my locker?"] == 1


def test_a_question_waits_for_the_model_while_patience_lasts(open_memories):
    slow = Slow()
    memories = open_memories(embedder=slow, patience=60)
    memories.remember(turn("My locker code is 4711."), Answer("I will keep it."))
    timer = threading.Timer(0.3, slow.loaded.set)
    timer.start()
    about(memories, "What is the code of my locker?")
    timer.join()
    assert slow.embedded["What is the code of my locker?"] == 1
    assert memories.catch_up.wait(0)  # and what was said while it was loaded could be found by its meaning


def test_the_words_of_a_turn_are_embedded_once(open_memories):
    counting = Counting()
    memories = open_memories(embedder=Remembering(counting))
    memories.settle()
    said = turn("Where did I leave my keys?")
    number = memories.hear(said)
    memories.about(said, Attention(), own=number)
    memories.remember(said, Answer("On the shelf."))
    memories.settle()
    assert counting.embedded == {"Where did I leave my keys?": 1, "I leave my keys": 1, "On the shelf.": 1}


def test_a_person_searches_their_own_memories_in_all_places(memories):
    told(memories, ("I keep bees.", "How many hives?"))
    told(memories, ("Bees need water.", "True."), place=ATTIC, companion="Wren")
    told(memories, ("Bees frighten me.", "Why?"), person=BOB, place=Place("bobs"))
    assert {memory.exchange.id for memory in memories.search("bees", ALICE, "Robin")} == {1, 2}
    assert {memory.exchange.id for memory in memories.search("bees", ALICE, "Robin", scope="companion")} == {1}
    assert memories.search("be\ud800es\x00", ALICE, "Robin") == memories.search("be?es\N{REPLACEMENT CHARACTER}", ALICE, "Robin")


def test_an_edit_reaches_both_indexes(memories):
    told(memories, ("I keep bees.", "How many hives?"))
    memories.edit(1, said="I keep goats.")
    memories.settle()
    assert about(memories, "Do I keep goats?") == [1]
    assert memories.search("bees", ALICE, "Robin") == [] or memories.search("bees", ALICE, "Robin")[0].lexical == 0


@pytest.mark.embedded
def test_forgotten_words_are_in_none_of_the_bytes(memories, data_dir):
    ids = told(memories, ("Unmistakable confession.", "Unmistakable absolution."), ("Other words.", "Yes."))
    memories.settle()
    memories.forget(ids[:1])
    assert remains(data_dir, b"nmistakabl") == []
    assert "diary.sqlite" in remains(data_dir, b"sqlite format")
    assert words(memories) == [(1, "Other words.", "Yes.")]


def test_forgetting_nothing_is_no_error(memories):
    assert memories.forget([]) == 0
    assert memories.forget([1, 2, 3]) == 0


def test_forgetting_while_an_index_cannot_be_written_is_finished_later(memories, stores, data_dir, caplog):
    told(memories, ("I keep bees.", "How many hives?"))
    memories.settle()
    with stores.refusing(data_dir):
        assert memories.forget([1]) == 1
        assert "gone from the diary, but not yet from all that was derived from it" in caplog.text
        assert memories.semantic.indexed() == {}
        assert memories.fulltext.count() == 1
    memories.settle()
    assert memories.fulltext.count() == 0


def test_the_next_row_of_a_place_is_after_its_last(memories):
    assert memories.next_row("kitchen") == 0
    told(memories, ("One.", "."), ("Two.", "."))
    assert memories.next_row("kitchen") == 2
    assert memories.next_row("attic") == 0


def test_a_row_is_given_to_one_only(memories, open_memories):
    second = open_memories()
    assert [each.next_row("kitchen") for each in (memories, second, memories)] == [0, 1, 2]
    told(memories, *((f"{number}", ".") for number in range(5)))
    assert [each.next_row("kitchen") for each in (second, memories)] == [5, 6]


def test_a_row_of_a_locked_diary_is_the_one_after_the_last(open_memories, stores, data_dir):
    memories = open_memories(lock_timeout=0.05)
    told(memories, ("One.", "."))
    with stores.held(data_dir):
        assert memories.next_row("kitchen") == 1
    assert memories.next_row("kitchen") == 1


def test_of_a_place_that_was_forgotten_not_even_its_rows_are_known(memories, stores, data_dir):
    assert memories.next_row("kitchen") == 0
    ids = told(memories, ("One.", "."))
    memories.forget(ids)
    assert stores.run(data_dir, "SELECT name FROM counter WHERE name LIKE 'row:%'") == []


def test_what_is_kept_is_told_in_numbers(memories):
    empty = memories.stats()
    assert (empty.exchanges, empty.people, empty.places, empty.pinned, empty.first, empty.last) == (0, 0, 0, 0, None, None)
    ids = told(memories, ("One.", "."), ("Two.", "."))
    told(memories, ("Three.", "."), person=BOB, place=ATTIC)
    memories.diary.pin(ids[0])
    memories.settle()
    found = memories.stats()
    assert (found.exchanges, found.people, found.places, found.pinned) == (3, 2, 2, 1)
    assert (found.first, found.last) == (NOON.timestamp(), NOON.timestamp() + 60)
    assert (found.unsaved, found.behind, found.index) == (0, 0, "chroma")
    assert found.diary_bytes > 100_000
    assert (found.index_bytes > 100_000) is (memories.database.path is not None)
    assert memories.stats(Filter(person="bob")).exchanges == 1


def test_two_instances_on_one_data_directory_simply_work(memories, open_memories, stores):
    second = open_memories()
    told(memories, ("My locker code is 4711.", "I will keep it."))
    memories.settle()
    assert about(second, "What is the code of my locker?") == [1]
    second.remember(turn("My bicycle is purple.", 1), Answer("Nice."))
    assert 2 in about(memories, "What colour is my purple bicycle?")
    assert {memories.semantic.kind, second.semantic.kind} == {"chroma", stores.second}


def test_closing_leaves_no_thread_and_no_file_open(open_memories, data_dir):
    before = set(threading.enumerate())
    memories = open_memories()
    told(memories, ("One.", "."), ("Two.", "."))
    about(memories, "One?")
    memories.close()
    assert set(threading.enumerate()) == before
    assert [file.path for file in psutil.Process().open_files() if file.path.startswith(str(data_dir))] == []


def test_closing_does_not_wait_for_a_backlog(open_memories):
    class Endless(Counting):
        def embed(self, texts):
            begun.set()
            return super().embed(texts)

    begun = threading.Event()
    memories = open_memories(embedder=Endless())
    with memories.database.write() as connection:
        for number in range(400):
            insert(connection, turn(f"Sentence {number}.", number), Answer(""))
    memories.warm_up()
    begun.wait(30)
    memories.close()
    again = open_memories()
    assert again.semantic.behind() > 0
    again.settle()
    assert again.semantic.expected() == again.semantic.indexed()


def test_nothing_that_was_said_is_logged(memories, caplog):
    with caplog.at_level(logging.DEBUG):
        told(memories, ("A peculiar utterance.", "A peculiar response."))
        about(memories, "peculiar question")
        memories.edit(1, said="A peculiar correction.")
        memories.settle()
        memories.forget([1])
    assert "peculiar" not in caplog.text
