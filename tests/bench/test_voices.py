"""Tests of the generated group chat, and of what its benchmark measures."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from bench.dataset import measure, table, turns
from bench.voices import VOICES, export, lines
from extension.refresh.turns import Conversation

from ..refresh.families import family


def test_the_same_seed_gives_the_same_chat_and_another_one_another():
    assert lines(3, 20, 7) == lines(3, 20, 7)
    assert [line.text for line in lines(3, 20, 7)] != [line.text for line in lines(3, 20, 8)]


def test_three_people_talk_in_hundreds_of_sessions():
    said = lines()
    gaps = [(after.at - before.at).total_seconds() for before, after in pairwise(said)]
    assert sum(gap > 4 * 3600 for gap in gaps) == 299
    assert min(gaps) > 0
    assert Counter(line.name for line in said).keys() == {"mia", "Professor Aldous", "RICO"}
    assert min(Counter(line.name for line in said).values()) > 1000
    assert len({line.id for line in said}) == len(said)


def test_answers_are_to_what_was_said_before():
    seen = set()
    for line in lines(5, 50):
        assert not line.reply_to or line.reply_to in seen
        seen.add(line.id)


def test_nobody_can_be_mistaken_for_another():
    words = defaultdict(set)
    for line in lines(len(VOICES), 100):
        words[line.name].add(line.text)
    for one, other in pairwise(words.values()):
        assert not one & other


@pytest.mark.parametrize("people", [1, 6])
def test_there_are_only_so_many_people(people):
    with pytest.raises(ValueError, match="there are 2 to 5 people"):
        lines(people)


def test_an_export_holds_every_message_as_the_exporter_writes_it():
    said = lines(3, 5)
    made = json.loads(json.dumps(export(said)))
    assert made["messageCount"] == len(said) == len(made["messages"])
    answer = next(each for each in made["messages"] if each["type"] == "Reply")
    assert answer["reference"]["messageId"] in {line.id for line in said}
    found = [(each["id"], each["author"]["nickname"], each["content"]) for each in made["messages"]]
    assert found == [(line.id, line.name, line.text) for line in said]


def test_the_benchmark_measures_messages_of_which_no_two_are_alike(tmp_path):
    made = turns(lines(3, 30))
    assert len({turn.text for turn in made}) == len(made)
    figures = measure(Conversation("c", made), "whole", family("qwen"), tmp_path / "set")
    assert figures["samples"] == 30
    known = {"cores": 2, "machine": "x", "memory_gib": 1, "python": "3", "familiar": "0", "date": "d", "load": 0.1}
    shown = table({"machine": known, "messages": len(made), "people": 3, "peak_mib": 9, "builders": {"whole": figures}})
    assert f"| whole | 30 | {figures['tokens']:,} |" in shown
