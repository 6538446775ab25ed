"""Tests of cutting: at the longest silence, between sentences, and to the last character the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extension.refresh.conversations.cutting import cut, filled, split

from .talk import chats, said, texts


def words(turn):
    return len(turn.text)


@pytest.mark.parametrize(
    ("minutes", "room", "expected"),
    [
        ((0, 1, 9, 10, 11), 3, ["0 1", "2 3 4"]),
        ((0, 1, 9, 10, 11), 2, ["0 1", "2", "3 4"]),
        ((None,) * 8, 4, ["0 1 2 3", "4 5 6 7"]),
        ((0, 1, 2, 3), 99, ["0 1 2 3"]),
        ((0, 1, 2), 0, ["0", "1", "2"]),
    ],
)
def test_what_is_too_long_is_cut_at_the_longest_silence(minutes, room, expected):
    assert texts(cut(said(*minutes), [1] * len(minutes), room)) == expected


def test_a_cut_leaves_enough_on_both_sides_where_that_can_be():
    assert texts(cut(said(0, 60, 61, 63, 64, 65), [1] * 6, 4, least=3)) == ["0 1 2", "3 4 5"]


@given(chats(), st.integers(0, 30), st.integers(1, 5), st.data())
def test_no_turn_is_lost_or_doubled_however_it_is_cut(chat, room, least, data):
    costs = data.draw(st.lists(st.integers(0, 20), min_size=len(chat.turns), max_size=len(chat.turns)))
    parts = cut(chat.turns, costs, room, least)
    assert tuple(turn for part in parts for turn in part) == chat.turns
    cost = dict(zip(chat.turns, costs, strict=True))
    sums = [sum(cost[turn] for turn in part) for part in parts]
    assert all(total <= room or len(part) == 1 for part, total in zip(parts, sums, strict=True))
    joined = filled(parts, sums, room)
    assert tuple(turn for part in joined for turn in part) == chat.turns
    assert all(sum(cost[turn] for turn in part) <= room or len(part) == 1 for part in joined)


def turn(text):
    return replace(said(0)[0], text=text)


@pytest.mark.parametrize(
    ("text", "room", "expected"),
    [
        ("It fits.", 8, ["It fits."]),
        ("One is. Two is! Three?", 16, ["One is. Two is! ", "Three?"]),
        ("Say “no.” Then go", 10, ["Say “no.” ", "Then go"]),
        ("a line\nanother line", 12, ["a line\n", "another line"]),
        ("no sentence ends here", 12, ["no sentence ", "ends here"]),
        ("abcdefgh", 3, ["ab", "cd", "ef", "gh"]),
        ("short. abcdefgh. on", 7, ["short. ", "ab", "cd", "ef", "gh.", " ", "on"]),
    ],
)
def test_a_turn_that_is_too_long_becomes_several_of_the_same_speaker(text, room, expected):
    parts = split(turn(text), words, room)
    assert "".join(part.text for part in parts) == text
    assert all(len(part.text) <= room and part.speaker == turn("").speaker for part in parts)
    if text != "short. abcdefgh. on":
        assert [part.text for part in parts] == expected


@given(st.text(st.sampled_from("ab. !?\n。"), max_size=200), st.integers(1, 20))
def test_not_a_character_of_a_long_turn_is_lost(text, room):
    parts = split(turn(text), words, room)
    assert "".join(part.text for part in parts) == text
    assert all(len(part.text) <= room for part in parts)


def test_a_turn_for_which_there_is_no_room_at_all_ends_all_the_same():
    assert "".join(part.text for part in split(turn("abc def"), words, 0)) == "abc def"
