"""Tests of the builders: what is a sample, with every turn in one, once for each threshold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extension.refresh.conversations.builders import samples
from extension.refresh.recipe.format import Dataset
from extension.refresh.turns import Conversation

from .talk import chats, said, texts

TALK = Conversation("c", said(0, 1, 2, 500, 501, 502, 503, 1000, 1001), "A room.")


def built(name, room, chat=TALK, least=1, hours=4.0):
    return list(samples(chat, [1] * len(chat.turns), room, hours, Dataset(name=name, min_session_length=least)))


@pytest.mark.parametrize(
    ("name", "room", "expected"),
    [
        ("whole", 9, ["0 1 2", "3 4 5 6", "7 8"]),
        ("whole", 3, ["0 1 2", "3 4", "5 6", "7 8"]),
        ("max_tokens", 7, ["0 1 2 3 4 5 6", "7 8"]),
        ("max_tokens", 9, ["0 1 2 3 4 5 6 7 8"]),
        ("ungrouped", 5, ["0 1 2 3 4", "5 6 7 8"]),
        ("one_turn", 2, ["0", "0 1", "1 2", "3", "3 4", "4 5", "5 6", "7", "7 8"]),
    ],
)
def test_each_builder_makes_its_samples(name, room, expected):
    made = built(name, room)
    assert texts(made) == expected
    assert {(sample.id, sample.system) for sample in made} == {("c", "A room.")}


def test_one_turn_learns_only_the_last_of_each():
    chat = Conversation("c", tuple(replace(turn, learned=turn.text != "1") for turn in said(0, 1, 2)))
    assert [[turn.learned for turn in sample.turns] for sample in built("one_turn", 9, chat)] == [[True], [False, False, True]]


@given(chats(), st.sampled_from(["whole", "max_tokens", "ungrouped"]), st.integers(1, 12), st.integers(1, 5))
def test_no_turn_is_lost_or_doubled(chat, name, room, least):
    made = built(name, room, chat, least)
    assert tuple(turn for sample in made for turn in sample.turns) == chat.turns
    assert all(len(sample.turns) <= room for sample in made)


@given(chats(), st.integers(1, 12), st.integers(1, 5))
def test_one_turn_learns_each_learned_turn_once_with_what_came_before(chat, room, least):
    made = built("one_turn", room, chat, least)
    assert [sample.turns[-1] for sample in made] == [turn for turn in chat.turns if turn.learned]
    places = [[int(turn.text[1:]) for turn in sample.turns] for sample in made]
    assert all(place == list(range(place[0], place[-1] + 1)) and len(place) <= room for place in places)
    assert all(sum(turn.learned for turn in sample.turns) == 1 for sample in made)
