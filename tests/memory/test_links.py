"""Tests of links between messages of a platform and exchanges, and of the answers that others took the place of."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from extension.errors import NotFound
from extension.memory.answers import FormerAnswers
from extension.memory.diary import Answer
from extension.memory.links import Link, Links
from extension.messages import Person, Place, Turn

ADA, ROOM = Person("ada"), Place("room", shared=True)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def say(diary, row=0, said="word"):
    return diary.write(Turn(ADA, ROOM, "Familiar", said, row, NOON), Answer("yes", model="small"))


@pytest.fixture
def links(database):
    return Links(database)


def test_messages_are_known_by_their_place_and_keep_their_order(diary, links):
    number = say(diary)
    links.note("room", ["m2", "m1"], "question", number)
    links.note("room", ["m3\x00"], "hidden")
    assert links.messages(number, "question") == ["m2", "m1"]
    assert links.of("room", ["m1", "m3\x00", "m9"]) == {
        "m1": Link("m1", "question", number, 1),
        "m3\N{REPLACEMENT CHARACTER}": Link("m3\N{REPLACEMENT CHARACTER}", "hidden", 0, 0),
    }
    assert links.of("elsewhere", ["m1"]) == {}


def test_noting_the_replies_of_an_exchange_again_takes_the_place_of_those_before(diary, links):
    number = say(diary)
    links.note("room", ["a", "b"], "reply", number)
    links.note("room", ["c"], "reply", number)
    assert (links.messages(number, "reply"), links.of("room", ["a", "b"])) == (["c"], {})


def test_only_the_newest_messages_without_an_exchange_are_kept(diary, links, monkeypatch):
    monkeypatch.setattr("extension.memory.links.KEPT", 2)
    links.note("room", ["q"], "question", say(diary))
    for number in range(4):
        links.note("room", [f"h{number}"], "hidden")
    assert set(links.of("room", ["h0", "h1", "h2", "h3", "q"])) == {"h2", "h3", "q"}


def test_forgetting_an_exchange_takes_its_links_and_former_answers(database, diary, links):
    number, former = say(diary), FormerAnswers(database)
    links.note("room", ["q"], "question", number)
    links.note("room", ["h"], "hidden")
    former.keep(diary.one(number), ADA)
    diary.forget([number])
    assert (links.of("room", ["q", "h"]), former.of(number)) == ({}, [])


def test_a_former_answer_says_who_asked_for_another_and_who_preferred_that(database, diary):
    former, number = FormerAnswers(database), say(diary)
    kept = former.keep(diary.one(number), ADA)
    assert [(each.answer.reply, each.answer.model, each.replaced_by, each.beaten_for) for each in former.of(number)] == [
        ("yes", "small", "ada", "")
    ]
    former.prefer(number, Person("bob"))
    assert [each.beaten_for for each in former.of(number)] == ["bob"]
    former.drop(kept)
    assert former.of(number) == []


def test_what_was_not_answered_or_is_forgotten_has_no_former_answer(database, diary):
    former, number = FormerAnswers(database), say(diary)
    gone = diary.one(number)
    diary.forget([number])
    with pytest.raises(NotFound):
        former.keep(gone, ADA)
    unanswered = diary.hear(Turn(ADA, ROOM, "Familiar", "hello", 1, NOON))
    assert former.keep(diary.one(unanswered), ADA) is None
