"""`familiar memory edit`, `forget` and `reindex`."""

from __future__ import annotations

import sqlite3

import pytest

from ..memory.stores import remains
from .test_listing import ids


def test_the_words_of_a_memory_can_be_put_right(told):
    ran = told("memory", "edit", "1", "--said", "My cat is called Mochi", "--reply", "A fine name.", "--json")
    assert (ran.json["said"], ran.json["reply"]) == ("My cat is called Mochi", "A fine name.")
    turn = told.tell("What is my cat called?", as_="ann", companion="Robin")
    assert [memory["text"] for memory in turn["memories"]][:1] == ["My cat is called Mochi"]
    assert told.remembered("--search", "Miso") == []


def test_a_memory_can_be_pinned_and_rated_and_the_other_way_round(told):
    told("memory", "edit", "1", "--pin", "--rate", "down")
    assert [(memory["id"], memory["feedback"]) for memory in told.remembered("--pinned")] == [(1, -1)]
    told("memory", "edit", "1", "--unpin", "--rate", "none")
    assert told.remembered("--pinned") == []
    assert told("memory", "show", "1", "--json").json["feedback"] == 0


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([], "say what to change"),
        (["--said", " "], "`familiar memory forget` removes it"),
        (["--rate", "seven"], "it is up, down or none"),
    ],
)
def test_an_edit_that_means_nothing_is_a_usage_error(told, options, complaint):
    ran = told("memory", "edit", "1", *options)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err


@pytest.mark.parametrize("options", [["--said", "x"], ["--pin"], ["--rate", "up"]])
def test_a_memory_there_is_not_cannot_be_changed(told, options):
    ran = told("memory", "edit", "77", *options)
    assert (ran.code, ran.err[:38]) == (1, "Error: There is no memory with id 77. ")


def test_a_forgotten_memory_is_in_no_byte_of_any_store(told):
    ran = told("memory", "forget", "1", "--yes", "--json")
    assert (ran.code, ran.json["forgotten"], ran.json["ids"]) == (0, 1, [1])
    assert ids(told.remembered()) == [4, 3, 2]
    assert told.tell("What is my cat called?", as_="ann", companion="Robin")["memories"] == []
    told("memory", "forget", "--person", "ann", "--yes")
    assert remains(told.data_dir, b"miso") == []


def test_several_can_be_forgotten_by_who_where_when_and_what(told):
    assert told("memory", "forget", "--search", "roses", "--person", "bob", "--place", "sofa", "--since", "1h", "--yes").code == 0
    assert ids(told.remembered()) == [4, 2, 1]


def test_ids_and_filters_together_mean_what_both_name(told):
    assert told("memory", "forget", "1", "2", "--place", "desk", "--yes", "--json").json["ids"] == [2]


def test_a_dry_run_counts_and_forgets_nothing(told):
    told("memory", "reindex")
    ran = told("memory", "forget", "--person", "bob", "--dry-run")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("To be forgotten: 2 memories (1 person, 2 places, 4 embeddings, from ")
    assert ran.err.endswith("Nothing would be left of 1 person and 0 places.\n")
    counted = told("memory", "forget", "--search", "cats", "--dry-run", "--json").json
    moments = (counted.pop("first"), counted.pop("last"))
    assert moments == tuple(told.remembered()[row]["when"] for row in (3, 0))
    assert counted == {
        "ids": [4, 1],
        "copies": [],
        "given": [],
        "mentions": [],
        "counts": {
            "exchanges": 2,
            "embeddings": 4,
            "facts": 0,
            "extractions": 0,
            "marks": 0,
            "hidings": 0,
            "messages": 0,
            "former answers": 0,
        },
        "people": 2,
        "places": 2,
        "people_gone": 0,
        "places_gone": 0,
        "pinned": 0,
        "forgotten": 0,
        "dry_run": True,
    }
    assert ids(told.remembered()) == [4, 3, 2, 1]


def test_what_stays_though_it_bears_on_it_is_told_and_can_go_too(told):
    told.tell("Does Ann have a cat?", as_="bob", place="desk", companion="Wren")
    told.tell("What is my cat called?", as_="ann", place="sofa", companion="Robin")
    ran = told("memory", "forget", "1", "--dry-run")
    assert "1 memory whose replies were given one of them would stay; --given takes them too." in ran.err
    ran = told("memory", "forget", "--person", "ann", "--dry-run")
    assert "1 memory in which others name ann would stay; --mentions takes them too." in ran.err
    assert told("memory", "forget", "1", "--given", "--yes", "--json").json["ids"] == [1, 6]
    assert told("memory", "forget", "--person", "ann", "--mentions", "--yes", "--json").json["ids"] == [2, 5]
    assert ids(told.remembered()) == [4, 3]


def test_forgetting_asks_first(told):
    ran = told("memory", "forget", "1", stdin=b"n\n")
    assert (ran.code, ran.out) == (1, "")
    assert "Forget 1 memory for good? [y/N]" in ran.err
    assert "Nothing was forgotten." in ran.err
    assert ids(told.remembered()) == [4, 3, 2, 1]
    assert told("memory", "forget", "1", stdin=b"y\n").code == 0
    assert ids(told.remembered()) == [4, 3, 2]


def test_without_anybody_to_ask_nothing_is_forgotten(told):
    ran = told("memory", "forget", "1")
    assert (ran.code, "add --yes" in ran.err) == (1, True)
    assert ids(told.remembered()) == [4, 3, 2, 1]


def test_saying_nothing_never_means_everything(told):
    for filters in ([], ["--yes"], ["--dry-run"], ["--search", "", "--yes"]):
        ran = told("memory", "forget", *filters)
        assert (ran.code, ran.out) == (2, "")
    assert told("memory", "forget", "--place", "", "--yes").code == 0
    assert ids(told.remembered()) == [4, 3, 2, 1]


def test_an_id_there_is_not_stops_the_forgetting_of_the_others(told):
    ran = told("memory", "forget", "1", "77", "--yes")
    assert (ran.code, ran.err[:38]) == (1, "Error: There is no memory with id 77. ")
    assert ids(told.remembered()) == [4, 3, 2, 1]


def test_a_filter_that_nothing_meets_forgets_nothing(told):
    ran = told("memory", "forget", "--search", "elephant")
    assert (ran.code, ran.err) == (0, "There is no such memory.\nNothing was forgotten.\n")


def test_copies_in_branched_chats_are_counted_and_forgotten(told, tmp_path):
    file = tmp_path / "memories.jsonl"
    told("memory", "export", file)
    file.write_text(file.read_text().replace('"place": "sofa"', '"place": "sofa, branched"'))
    told("memory", "import", file)
    assert told("memory", "forget", "1", "--dry-run").err.startswith("To be forgotten: 1 memory and 1 copy (1 person, 2 places, ")
    assert told("memory", "forget", "1", "--yes", "--json").json["forgotten"] == 2
    assert told.remembered("--search", "Miso") == []


def test_damaged_indexes_are_built_anew_from_the_diary(told):
    database = sqlite3.connect(told.data_dir / "diary.sqlite")
    database.execute("DELETE FROM exchange_text")
    database.commit()
    database.close()
    assert "The full-text index holds 0 of 4 exchanges" in told("doctor").out
    assert told("memory", "reindex", "--json").json == {"fulltext": 4, "vectors": 4, "passages": 0}
    assert "Full-text index: all 4 exchanges" in told("doctor").out
    assert ids(told.tell("What is my cat called?", as_="ann", companion="Robin", place="attic")["memories"])[:1] == [1]


def test_a_diary_that_is_no_database_is_named_and_stays_as_it_is(familiar):
    familiar.data_dir.mkdir()
    diary = familiar.data_dir / "diary.sqlite"
    diary.write_bytes(b"This is not a database at all. " * 50)
    for command in (["list"], ["show", "1"], ["forget", "1", "--yes"], ["export"], ["stats"]):
        ran = familiar("memory", *command)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith(f"Error: The diary at {diary} cannot be used: it is not a database of ours or is damaged.")
    assert diary.read_bytes() == b"This is not a database at all. " * 50
