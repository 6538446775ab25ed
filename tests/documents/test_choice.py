"""Which exchanges become a document: by number, by range, one, a whole chat; and never what somebody may not see."""

from __future__ import annotations

from itertools import count

import pytest

from extension.documents import choice
from extension.documents.choice import Chat, One, Recent, chosen
from extension.errors import NotFound, SettingsError
from extension.memory.diary import Answer
from extension.messages import Person, Place
from tests.memory.conftest import ALICE, BOB, CHANNEL, KITCHEN, turn

DESK = Place("desk")
CAROL = Person("carol")


@pytest.fixture
def say(diary):
    """Writes an exchange, each a minute after the one before it, and returns its id."""
    rows = count()
    return lambda reply, **turn_of: diary.write(turn(f"Say {reply}", next(rows), **turn_of), Answer(reply))


@pytest.fixture
def replies(database):
    """Returns the replies of a choice."""
    return lambda who, wanted: [each.reply for each in chosen(database, who, wanted)]


@pytest.fixture
def five(say):
    for reply in ("one", "two", "three", "four", "five"):
        say(reply)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Recent(), ["five"]),
        (Recent(3, 3), ["three"]),
        (Recent(1, 3), ["three", "four", "five"]),
        (Recent(4, 2), ["two", "three", "four"]),
        (Recent(4, 9), ["one", "two"]),
    ],
)
def test_recent_replies_come_oldest_first(five, replies, wanted, found):
    assert replies(ALICE, wanted) == found


def test_a_place_narrows_them_down_and_without_one_the_persons_own_count(say, replies):
    say("kitchen")
    say("desk", place=DESK, companion="Wren")
    say("to bob", person=BOB)
    assert replies(ALICE, Recent()) == ["desk"]
    assert replies(ALICE, Recent(place=KITCHEN.id)) == ["kitchen"]
    assert replies(BOB, Recent()) == ["to bob"]


def test_a_message_without_a_reply_is_not_counted(say, replies):
    say("one")
    say("")
    say("   ")
    assert replies(ALICE, Recent()) == ["one"]
    assert replies(ALICE, Chat(KITCHEN.id)) == ["one", "", "   "]


def test_a_given_exchange(say, replies):
    number = say("this")
    say("not this")
    assert replies(ALICE, One(number)) == ["this"]


def test_a_shared_place_is_there_for_those_who_took_part(say, replies):
    say("to alice", place=CHANNEL)
    number = say("to bob", place=CHANNEL, person=BOB)
    assert replies(ALICE, Chat(CHANNEL.id)) == ["to alice", "to bob"]
    assert replies(ALICE, Recent(place=CHANNEL.id)) == ["to bob"]
    assert replies(ALICE, One(number)) == ["to bob"]
    for wanted in (Chat(CHANNEL.id), Recent(place=CHANNEL.id), One(number)):
        with pytest.raises(NotFound):
            replies(CAROL, wanted)


def test_what_was_said_in_private_is_there_for_nobody_else(say, replies):
    number = say("secret")
    for wanted in (Chat(KITCHEN.id), Recent(place=KITCHEN.id), One(number), Recent()):
        with pytest.raises(NotFound) as caught:
            replies(BOB, wanted)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("wanted", [One(0), One(-1), One(2**80), Chat(""), Chat("nowhere\x00"), Recent(6, 7), Recent(place="nowhere")])
def test_what_is_not_there_is_not_found(five, replies, wanted):
    with pytest.raises(NotFound):
        replies(ALICE, wanted)


@pytest.mark.parametrize("wanted", [Recent(0, 1), Recent(-3, -1), Recent(1, 10**6)])
def test_numbers_that_count_nothing_are_refused(five, replies, wanted):
    with pytest.raises(SettingsError, match="counted from 1, the newest; a document takes 5,000"):
        replies(ALICE, wanted)


def test_a_chat_that_is_too_long_is_refused(five, replies, monkeypatch):
    monkeypatch.setattr(choice, "MOST", 4)
    with pytest.raises(SettingsError, match="more than 4 exchanges"):
        replies(ALICE, Chat(KITCHEN.id))
