"""`familiar memory list`, `show` and `stats`."""

from __future__ import annotations

import pytest


def ids(memories) -> list[int]:
    return [memory["id"] for memory in memories]


def test_all_memories_are_listed_the_newest_first(told):
    assert ids(told.remembered()) == [4, 3, 2, 1]


def test_a_memory_in_json_has_everything(told):
    memory = told.remembered()[-1]
    assert memory.pop("when").endswith("+00:00")
    assert len(memory.pop("branch")) == 32
    assert memory.pop("reply").startswith("I am a script, not a model.")
    assert memory == {
        "id": 1,
        "person": "ann",
        "person_name": "",
        "place": "sofa",
        "place_title": "",
        "shared": False,
        "companion": "Robin",
        "row": 0,
        "said": "My cat is called Miso",
        "reasoning": "",
        "model": "scripted",
        "adapter": "",
        "memories": [],
        "feedback": 0,
        "pinned": False,
    }


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["--person", "ann"], [2, 1]),
        (["--place", "sofa"], [3, 1]),
        (["--companion", "Wren"], [4, 3]),
        (["--person", "ann", "--place", "desk"], [2]),
        (["--person", "nobody"], []),
        (["--since", "1h"], [4, 3, 2, 1]),
        (["--since", "today", "--until", "today"], [4, 3, 2, 1]),
        (["--until", "yesterday"], []),
        (["--pinned"], []),
        (["--unpinned"], [4, 3, 2, 1]),
        (["--limit", "2"], [4, 3]),
        (["--limit", "0"], [4, 3, 2, 1]),
        (["--search", "cat"], [4, 1]),
        (["--search", "roses CATS"], [4]),
        (["--search", "cat elephant"], []),
        (["--search", "iso"], [1]),
        (["--search", "C++"], [4]),
        (["--search", "100%"], [4]),
        (["--search", "%"], [4]),
        (["--search", '"; DROP TABLE exchange'], []),
        (["--search", "roses", "--place", "sofa"], [3]),
        (["--search", "cat", "--limit", "1"], [4]),
    ],
)
def test_a_list_holds_what_all_filters_name(told, filters, expected):
    # Midnight between the telling and the listing would make "today" another day; then one hour ago is still right.
    assert ids(told.remembered(*filters)) == expected


@pytest.mark.parametrize(
    ("filters", "complaint"),
    [
        (["--search", " "], "it takes 1 to 1000 characters"),
        (["--search", "x" * 1001], "it takes 1 to 1000 characters"),
        (["--since", "soon"], "'soon' is no moment"),
        (["--limit", "-1"], "'--limit'"),
    ],
)
def test_a_filter_that_means_nothing_is_a_usage_error(familiar, filters, complaint):
    ran = familiar("memory", "list", *filters)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err


def test_people_read_a_list_in_lines(told):
    out = told("memory", "list", "--search", "Miso").out.splitlines()
    assert out[0].startswith("#1  20")
    assert out[0].endswith("  sofa, ann to Robin")
    assert out[1] == "    ann: My cat is called Miso"
    assert out[2].startswith("    Robin: I am a script, not a model.")
    assert len(out) == 3


def test_a_list_cannot_steer_the_terminal(familiar):
    familiar.tell("red \x1b[31m alert", as_="me\x07")
    assert "\x1b" not in familiar("memory", "list").out
    assert "\x07" not in familiar("memory", "list").out
    assert "\x1b" not in familiar("memory", "show", "1").out
    assert familiar.remembered()[0]["said"] == "red \x1b[31m alert"


@pytest.mark.parametrize("command", [["list"], ["stats"], ["forget", "--person", "ann", "--yes"]])
def test_looking_at_nothing_makes_nothing(familiar, command):
    assert familiar("memory", *command).code == 0
    assert not familiar.data_dir.exists()


@pytest.mark.parametrize("command", [["show", "1"], ["edit", "1", "--pin"], ["forget", "1", "--yes"], ["export"], ["reindex"]])
def test_what_needs_memories_says_that_there_are_none(familiar, command):
    ran = familiar("memory", *command)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"Error: Nothing is remembered in {familiar.data_dir} yet.")
    assert not familiar.data_dir.exists()


def test_an_empty_list_in_json_is_an_empty_list(familiar):
    assert familiar.remembered() == []


def test_one_memory_is_shown_whole(told):
    out = told("memory", "show", "1").out
    assert "sofa, ann to Robin" in out
    assert "model: scripted" in out
    assert "\nann:\nMy cat is called Miso\n" in out
    assert told("memory", "show", "1", "--json").json == told.remembered()[-1]


def test_a_memory_there_is_not_is_named(told):
    ran = told("memory", "show", "77")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "Error: There is no memory with id 77. `familiar memory list` shows those there are.\n"


def test_the_numbers(told):
    stats = told("memory", "stats", "--json").json
    assert (stats["exchanges"], stats["people"], stats["places"], stats["pinned"]) == (4, 2, 2, 0)
    assert (stats["unsaved"], stats["behind"]) == (0, 0)
    assert stats["first"] < stats["last"]
    assert stats["diary_bytes"] > 50_000
    assert told("memory", "stats").out.startswith("4 memories, 2 people, 2 places, 0 pinned, from 20")


def test_the_numbers_of_nothing(familiar):
    stats = familiar("memory", "stats", "--json").json
    assert (stats["exchanges"], stats["first"], stats["unsaved"]) == (0, None, 0)
