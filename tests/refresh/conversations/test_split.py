"""Tests of the split: the latest sessions are kept to measure by, and no message is on both sides."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from extension.refresh.conversations.split import split
from extension.refresh.turns import Conversation

from .talk import START, chats, said, texts


def minutes(sessions, turns=3):
    return [session * 1000 + turn for session in range(sessions) for turn in range(turns)]


def test_the_latest_sessions_of_all_chats_are_kept_back():
    early = Conversation("early", said(*minutes(5)))
    late = Conversation("late", said(*(at + 2500 for at in minutes(5))))
    train, held = split([late, early], 0.2, 4, 1)
    assert [(chat.id, len(chat.turns)) for chat in train] == [("late", 9), ("early", 15)]
    assert [(chat.id, text) for chat, text in zip(held, texts(held), strict=True)] == [("late", "9 10 11"), ("late", "12 13 14")]


def test_twenty_messages_suffice_for_one_and_nineteen_do_not():
    assert split([Conversation("c", said(*minutes(1, 19)))], 0.005, 4, 3)[1] == []
    train, held = split([Conversation("c", said(*minutes(1, 20)))], 0.005, 4, 3)
    assert (texts(held), len(train[0].turns)) == (["17 18 19"], 17)
    merged = [replace(turn, lines=("a", "b")) for turn in said(*minutes(1, 10))]
    assert len(split([Conversation("c", tuple(merged))], 0.005, 4, 1)[1]) == 1


def test_what_is_kept_back_holds_something_that_is_learned():
    turns = said(*minutes(9))
    masked = tuple(replace(turn, learned=turn.at < START.replace(day=5)) for turn in turns)
    _, held = split([Conversation("c", masked)], 0.01, 4, 1)
    assert any(turn.learned for turn in held[0].turns)
    nobody = Conversation("c", tuple(replace(turn, learned=False) for turn in turns))
    assert split([nobody], 0.1, 4, 1) == ([nobody], [])


def test_one_session_among_short_ones_is_not_kept_back_as_a_whole():
    train, held = split([Conversation("c", said(0, 1, *(1000 + at for at in range(98))))], 0.05, 4, 1)
    assert (len(train[0].turns), len(held[0].turns)) == (95, 5)


@given(st.lists(chats(), max_size=4), st.floats(0, 0.99), st.floats(0.1, 10), st.integers(1, 5))
def test_no_message_is_lost_doubled_or_on_both_sides(given_chats, fraction, hours, least):
    named = [Conversation(f"{number}", chat.turns) for number, chat in enumerate(given_chats)]
    train, held = split(named, fraction, hours, least)
    for chat in named:
        kept = [turn for part in train if part.id == chat.id for turn in part.turns]
        held_back = [turn for part in held if part.id == chat.id for turn in part.turns]
        assert sorted((*kept, *held_back), key=chat.turns.index) == list(chat.turns)
        assert kept == sorted(kept, key=chat.turns.index)
    learned = any(turn.learned for chat in named for turn in chat.turns)
    if fraction and learned and sum(len(chat.turns) for chat in named) >= 20:
        assert any(turn.learned for chat in held for turn in chat.turns)
    assert split(named, fraction, hours, least) == (train, held)
