"""Tests of servers that go away in the middle: the answer always comes, nothing said is lost, and everything heals by itself."""

from __future__ import annotations

import logging

import pytest

from extension.companion import Companion
from extension.database import Database
from extension.embedders import Hashing
from extension.memory.diary import Answer
from extension.memory.memories import Memories
from extension.messages import Attention, Place
from extension.vectors import Server
from tests.servers import Mortal, chroma, postgres

from .conftest import told, turn

pytestmark = pytest.mark.postgres
ATTIC = Place("attic")
PAST = (("My locker code is 4711.", "I will keep it."), ("My bike was stolen.", "How awful."))


@pytest.fixture
def vectors(monkeypatch):
    """A Chroma server of this test, for which nobody waits long."""
    monkeypatch.setattr("extension.vectors.server.TIMEOUT", 0.5)
    server = Mortal(chroma)
    yield server
    server.close()


@pytest.fixture
def memories(tmp_path, vectors):
    """Memories with a few exchanges, their vectors on the server."""
    opened = Memories(Database(f"sqlite:///{tmp_path / 'diary.sqlite'}"), Hashing(), tmp_path, server=Server(vectors.url))
    told(opened.diary, *PAST)
    opened.settle()
    yield opened
    opened.close()


def briefing(memories, text="What is the code of my locker?"):
    return Companion(memories).briefing(turn(text, 9, place=ATTIC), Attention(), len)


def recalled(memories):
    """Return by what the locker's code is recalled."""
    found = briefing(memories).memories
    assert 1 in {memory.exchange.id for memory in found}
    return "meaning" if any(memory.dense for memory in found) else "words"


def test_words_alone_decide_while_the_vector_server_is_away_and_it_heals_when_it_is_back(memories, vectors, caplog):
    assert recalled(memories) == "meaning"
    vectors.end()
    assert recalled(memories) == "words"
    memories.remember(turn("My bicycle is purple.", 2), Answer("Nice."))
    while not memories.catch_up.trouble:
        memories.catch_up.wait(0.1)
    assert f"The Chroma server at {vectors.url} does not answer." in briefing(memories).note
    assert memories.forget([2]) == 1
    vectors.start()
    memories.settle()
    assert memories.semantic.expected() == memories.semantic.indexed() == {1: {(n, part) for n in (1, 3) for part in ("said", "reply")}}
    assert recalled(memories) == "meaning"
    assert "rebuilding it from the diary" not in caplog.text


def test_a_vector_server_that_hangs_is_waited_for_once(memories, vectors, monkeypatch):
    assert recalled(memories) == "meaning"
    vectors.pause()
    assert recalled(memories) == "words"
    with monkeypatch.context() as patched:
        patched.setattr("extension.vectors.shared.SharedVectors.search", None)  # to ask it again would fail
        assert recalled(memories) == "words"
    vectors.resume()
    memories.settle()
    assert recalled(memories) == "meaning"


def test_a_vector_server_that_is_away_at_the_start_is_used_once_it_is_there(memories, vectors, tmp_path):
    vectors.end()
    late = Memories(Database(f"sqlite:///{tmp_path / 'diary.sqlite'}"), Hashing(), tmp_path, server=Server(vectors.url))
    assert recalled(late) == "words"
    assert "does not answer" in briefing(late).note
    vectors.start()
    late.settle()
    assert recalled(late) == "meaning"
    late.close()


def test_a_vector_server_that_lost_everything_is_filled_again_from_the_diary(memories, vectors, tmp_path):
    vectors.close()
    vectors._folder.mkdir()
    (vectors._folder / "port").write_text(vectors.url.rpartition(":")[2])
    vectors.start()
    memories.settle()
    assert memories.semantic.expected() == memories.semantic.indexed()
    assert recalled(memories) == "meaning"


def test_what_is_said_while_the_database_is_away_is_kept_and_comes_into_the_diary_when_it_is_back(tmp_path, caplog):
    server = Mortal(postgres)
    memories = Memories(Database(server.url), Hashing(), tmp_path)
    try:
        told(memories, *PAST)
        memories.settle()
        server.end()
        assert memories.hear(turn("Said meanwhile.", 2)) is None
        assert memories.remember(turn("Said meanwhile.", 2), Answer("Answered.")) is None
        assert briefing(memories).note.endswith("See that the server runs and can be reached from here, and try again.")
        assert memories.spool.waiting() == 2
        assert "Said meanwhile" not in caplog.text
        server.start()
        assert memories.remember(turn("Said later.", 3), Answer("Answered.")) == 4
        assert [(each.row, each.said, each.reply) for each in memories.diary.chat("kitchen")][2:] == [
            (2, "Said meanwhile.", "Answered."),
            (3, "Said later.", "Answered."),
        ]
        with caplog.at_level(logging.WARNING):
            memories.settle()
        assert memories.semantic.expected() == memories.semantic.indexed()
    finally:
        memories.close()
        server.close()
