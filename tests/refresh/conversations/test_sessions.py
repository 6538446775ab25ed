"""Tests of sessions: cut by silence, joined where they are short, with nothing lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extension.refresh.conversations.sessions import sessions

from .talk import chats, said, texts


def test_a_silence_of_more_than_the_hours_begins_a_session():
    assert texts(sessions(said(0, 240, 481, 490), 4)) == ["0 1", "2 3"]


def test_turns_without_times_are_one_session():
    assert texts(sessions(said(None, None, None), 1)) == ["0 1 2"]
    assert texts(sessions(said(0, None, 900), 1)) == ["0 1 2"]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ((0, 1, 2, 200, 500, 501, 502), ["0 1 2 3", "4 5 6"]),
        ((0, 1, 2, 300, 500, 501, 502), ["0 1 2", "3 4 5 6"]),
        ((0, 1, 2, 100, 198, 199, 200), ["0 1 2", "3 4 5 6"]),
        (range(0, 900, 100), ["0 1 2", "3 4 5", "6 7 8"]),
        ((0, 100, 101, 102), ["0 1 2 3"]),
        ((0, 1, 2, 100), ["0 1 2 3"]),
        ((0, 200, 300, 500), ["0 1 2 3"]),
        ((0,), ["0"]),
        ((), []),
    ],
)
def test_a_short_session_joins_the_neighbour_that_is_nearer(minutes, expected):
    assert texts(sessions(said(*minutes), 1, least=3)) == expected


@given(chats(), st.floats(0.01, 1e300), st.integers(1, 8))
def test_no_turn_is_lost_or_doubled_and_no_session_is_short(chat, hours, least):
    parts = sessions(chat.turns, hours, least)
    assert tuple(turn for part in parts for turn in part) == chat.turns
    assert all(len(part) >= least for part in parts) or len(parts) == 1
