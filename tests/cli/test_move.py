"""`familiar memory move`: the diary in another database, and what is said when it cannot be."""

from __future__ import annotations

from itertools import count

import pytest

from tests.memory.stores import administer, url_of

pytestmark = pytest.mark.postgres
NUMBERS = count()


@pytest.fixture
def elsewhere(postgres, worker):
    """The URL of an empty database on a server."""
    name = f"cli_{worker}_{next(NUMBERS)}"
    administer(postgres, f"CREATE DATABASE {name}")
    yield url_of(postgres, name)
    administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


def test_a_diary_is_moved_and_talked_to_where_it_is_now(told, elsewhere):
    before = told.remembered()
    ran = told("memory", "move", "--to", elsewhere)
    assert ran.code == 0, ran.err
    assert "4 memories moved to " in ran.err
    assert "Name the new one in FAMILIAR_DATABASE_URL to go on with it." in ran.err
    assert told.remembered() == before
    told.environ["FAMILIAR_DATABASE_URL"] = elsewhere
    assert told.remembered() == before
    turn = told.tell("What is my cat called, Miso?", as_="ann", place="bed", companion="Robin")
    assert [memory["text"] for memory in turn["memories"]] == ["My cat is called Miso"]
    assert len(told.remembered("--search", "cats")) == 3
    assert told("memory", "forget", "1", "--yes").code == 0
    stats = told("memory", "stats", "--json").json
    assert (stats["exchanges"], stats["diary_bytes"] > 100_000) == (4, True)


def test_it_goes_back_into_a_file_as_well(told, elsewhere, tmp_path):
    assert told("memory", "move", "--to", elsewhere).code == 0
    told.environ["FAMILIAR_DATABASE_URL"] = elsewhere
    moved = told("memory", "move", "--to", f"sqlite:///{tmp_path / 'back.sqlite'}", "--json").json
    assert (moved["to"], moved["parts"]["exchange"]["rows"], moved["indexed"]) == (str(tmp_path / "back.sqlite"), 4, 4)
    before = told("memory", "export", "-").out
    told.environ["FAMILIAR_DATABASE_URL"] = f"sqlite:///{tmp_path / 'back.sqlite'}"
    assert told("memory", "export", "-").out == before


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("nonsense", "FAMILIAR_DATABASE_URL is no URL of a database"),
        ("mysql://ann:hunter2@host/name", "a diary lies in SQLite or PostgreSQL"),
        ("postgresql://ann:hunter2@127.0.0.1:9/name", "nothing answers there"),
        ("sqlite:////dev/null/diary.sqlite", "Cannot create the folder /dev/null"),
    ],
)
def test_a_target_that_cannot_be_used_is_a_sentence_without_the_password(told, to, said):
    ran = told("memory", "move", "--to", to, "--verbose")
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "hunter2" not in ran.err


def test_a_target_with_memories_in_it_is_left_alone(told, elsewhere):
    assert told("memory", "move", "--to", elsewhere).code == 0
    ran = told("memory", "move", "--to", elsewhere)
    assert (ran.code, "is not empty" in ran.err) == (1, True)


def test_without_a_diary_there_is_nothing_to_move(familiar, elsewhere):
    ran = familiar("memory", "move", "--to", elsewhere)
    assert (ran.code, ran.err.startswith("Error: Nothing is remembered in ")) == (1, True)
    assert not familiar.data_dir.exists()
