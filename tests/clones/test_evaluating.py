"""Tests of the evaluation: who is told by their spelling, figures of texts, sheets, and a journal that survives a kill."""

from __future__ import annotations

import csv
import io

import pytest

from extension.clones.evaluating.authors import Authors, told
from extension.clones.evaluating.journal import Journal
from extension.clones.evaluating.measures import distinct, repetition
from extension.clones.evaluating.occasions import occasions, texts
from extension.clones.evaluating.sheet import Sheet
from extension.errors import CommandRefused, StoreError
from extension.refresh.turns import Conversation, Speaker, Turn

ANN, BOB, CY = Speaker("a", "Ann"), Speaker("b", "Bob"), Speaker("c", "Cy")
WORDS = ("boat", "lake", "wind", "tent", "map", "soup", "rain", "song", "bike", "moon", "tree", "shoe", "door", "lamp", "coin")
SHOUTED = [f"SO GOOD!!! {one.upper()} AND {two.upper()}!!!" for one in WORDS for two in WORDS if one != two]
MUTED = [f"hm. perhaps {one}, or rather {two}…" for one in WORDS for two in WORDS if one != two]


def test_authors_are_told_by_how_they_write():
    authors = Authors({"a": SHOUTED[:100], "b": MUTED[:100]})
    found = told(authors, [("a", SHOUTED[150]), ("b", MUTED[150]), ("a", SHOUTED[151]), ("a", MUTED[151]), ("x", "unknown"), ("b", " ")])
    assert (found.texts, found.accuracy, found.chance) == (5, 0.6, 0.6)
    assert found.mistaken == (("a", "b", 1), ("b", "", 1))
    assert authors.confidence(SHOUTED[150], "a") > 0.9 > 0.1 > authors.confidence(SHOUTED[150], "b")
    assert (authors.confidence("  ", "a"), authors.confidence("hm", "nobody"), authors.shares([])) == (0.0, 0.0, [])


@pytest.mark.parametrize("some", [{}, {"a": SHOUTED}, {"a": SHOUTED, "b": MUTED[:19]}, {"a": SHOUTED, "b": [" "] * 50}])
def test_with_too_few_texts_nobody_is_told(some):
    with pytest.raises(CommandRefused, match="at least two with 20 messages each"):
        Authors(some)


def test_figures_of_texts_are_those_of_their_word_ngrams():
    assert distinct(["a b c", "a b d"]) == 3 / 4
    assert repetition("la la la la la") == pytest.approx(2 / 3)
    assert (distinct([]), distinct(["one"]), repetition("one two"), repetition("a b c d")) == (0, 0, 0, 0)


def test_occasions_are_spread_over_people_and_conversations():
    turns = [Turn(ANN, "1"), Turn(BOB, "2"), Turn(CY, "3", learned=False), Turn(BOB, "4"), Turn(BOB, " "), Turn(ANN, "5")]
    talks = [Conversation(str(number), tuple(turns)) for number in range(3)]
    found = occasions(talks, [ANN, BOB], 4)
    assert [(each.speaker.name, each.text) for each in found] == [("Ann", "5"), ("Bob", "2"), ("Ann", "5"), ("Bob", "4")]
    assert found[1].said == (("a", "1"),)
    assert len(occasions(talks, [ANN, BOB], 500)) == 9
    assert (occasions([], [ANN], 5), occasions(talks, [], 5)) == ([], [])
    assert texts(talks[:1]) == {"a": ["1", "5"], "b": ["2", "4"]}


SHEET = Sheet(("context", "step 5"), (("Ann: <b>\n|", "=cmd()"), ("\\", 'fine, "thanks"')))


def test_a_sheet_is_written_so_that_no_cell_breaks_out_of_it():
    assert list(csv.reader(io.StringIO(SHEET.csv())))[1:] == [["Ann: <b>\n|", "'=cmd()"], ["\\", 'fine, "thanks"']]
    assert "<td>Ann: &lt;b&gt;\n|</td><td>=cmd()</td>" in SHEET.html()
    assert SHEET.markdown().splitlines()[2:] == ["| Ann: &lt;b&gt;<br>\\| | =cmd() |", '| \\\\ | fine, "thanks" |']


def test_a_journal_goes_on_where_it_was_and_begins_anew_for_another_evaluation(tmp_path):
    path = tmp_path / "evaluation" / "one.jsonl"
    journal = Journal(path, {"n": 2})
    journal.put("x", ["\ud800 é"])
    journal.put("y", [])
    path.write_bytes(path.read_bytes()[:-4])  # killed while it wrote
    again = Journal(path, {"n": 2})
    assert ("x" in again, "y" in again, again["x"]) == (True, False, ["\ud800 é"])
    again.put("y", ["z"])
    assert Journal(path, {"n": 2})["y"] == ["z"]
    assert len(Journal(path, {"n": 3})) == 0


def test_a_journal_that_is_no_file_of_ours_is_replaced_and_one_that_cannot_be_written_says_so(tmp_path):
    path = tmp_path / "one.jsonl"
    path.write_bytes(b"\xff\x00[]\n5\n{}\n")
    assert len(Journal(path, {})) == 0
    (tmp_path / "two").write_text("")
    with pytest.raises(StoreError, match="Cannot write"):
        Journal(tmp_path / "two" / "one.jsonl", {})
