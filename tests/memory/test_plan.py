"""What forgetting would take, counted before anything goes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from extension.errors import NotFound
from extension.memory.diary import Answer, Filter
from extension.memory.plan import Plan, plan_of
from extension.memory.selection import Selection
from extension.messages import Person, Place

from .conftest import BOB, CHANNEL, NOON, told, turn

BOBS = Place("bobs")


@pytest.fixture
def ids(diary):
    """Two exchanges of Alice in private, one of hers and one of Bob's in the channel, and one of Bob's in private."""
    found = told(diary, ("My cat is called Miso", "Lovely."), ("She eats fish", "I see."))
    found += [diary.write(turn("Hello all", 2, place=CHANNEL), Answer("Hi Alice.", memories=(found[0],)))]
    found += [diary.write(turn("alice is late", 3, person=BOB, place=CHANNEL), Answer("Her Miso too.", memories=(found[0], 912)))]
    found += [diary.write(turn("Malice aforethought", 4, person=BOB, place=BOBS), Answer("What?", memories=(found[1],)))]
    return found


def plan(database, chosen=None, ids=(), words="", **options) -> Plan:
    return plan_of(database, Selection(chosen or Filter(), words, tuple(ids)), **options)


def test_one_exchange_is_counted_with_what_was_derived_from_it(memories):
    (first, _) = told(memories, ("My cat is called Miso", ""), ("She eats fish", "I see."))
    memories.settle()
    found = memories.forgetting.plan(Selection(ids=(first,)))
    assert found == Plan(
        selected=(first,),
        counts={
            "exchanges": 1,
            "embeddings": 1,
            "facts": 0,
            "extractions": 0,
            "marks": 0,
            "hidings": 0,
            "messages": 0,
            "former answers": 0,
        },
        people=1,
        places=1,
        first=NOON,
        last=NOON,
        people_gone=0,
        places_gone=0,
    )
    assert memories.diary.count() == 2


def test_a_person_is_what_they_said_everywhere(database, ids):
    found = plan(database, Filter(person="alice"))
    assert (found.selected, found.people, found.places) == ((ids[2], ids[1], ids[0]), 1, 2)
    assert (found.people_gone, found.places_gone) == (1, 1)
    assert (found.first, found.last) == (NOON, NOON + timedelta(minutes=2))


def test_where_others_name_a_person_is_counted_and_goes_only_when_asked_for(database, ids):
    assert plan(database, Filter(person="alice")).mentions == (ids[3],)
    found = plan(database, Filter(person="alice"), mentions=True)
    assert (set(found.ids), found.mentions) == ({*ids[:4]}, ())


def test_a_name_that_means_nothing_is_not_looked_for(database, diary):
    diary.write(turn("Tell me", person=Person("me")), Answer(""))
    diary.write(turn("Tell me more", 1), Answer("It is me."))
    assert plan(database, Filter(person="me")).mentions == ()


def test_mentions_are_a_matter_of_whole_people_only(database, ids):
    assert plan(database, Filter(person="alice"), words="cat").mentions == ()
    assert plan(database, Filter(place="kitchen")).mentions == ()
    assert plan(database, Filter(person="alice", place="kitchen")).mentions == ()


def test_replies_that_were_given_a_memory_are_counted_and_go_only_when_asked_for(database, ids):
    assert plan(database, ids=ids[:1]).given == (ids[2], ids[3])
    assert plan(database, ids=ids[:2]).given == (ids[2], ids[3], ids[4])
    found = plan(database, ids=ids[:1], given=True)
    assert (found.ids, found.given) == ((ids[0], ids[2], ids[3]), ())


def test_many_are_looked_for_at_once(database, diary, ids):
    more = [diary.write(turn(f"Fact {row}", row), Answer("")) for row in range(10, 40)]
    last = diary.write(turn("And?", 50), Answer("Yes.", memories=(more[17],)))
    assert plan(database, ids=more).given == (last,)


def test_a_person_touches_only_what_they_said_themselves(database, ids):
    found = plan(database, Filter(place="channel"), own="alice", given=True, mentions=True)
    assert (found.ids, found.mentions, found.given) == ((ids[2],), (), ())
    assert plan(database, ids=ids[:1], own="alice", given=True).ids == (ids[0], ids[2])
    assert plan(database, ids=ids[:1], own="bob").ids == ()


def test_copies_of_the_same_person_go_along_before_and_after_an_edit(database, diary):
    first = diary.write(turn("Hello"), Answer("Hi"))
    second = diary.write(turn("Hello", branch="b"), Answer("Hi"))
    edited = diary.write(turn("Hello", branch="c"), Answer("Hi"))
    diary.edit(edited, said="Good day")
    diary.pin(edited)
    diary.write(turn("Hello", person=BOB, place=CHANNEL), Answer("Hi"))
    found = plan(database, ids=[first])
    assert (found.selected, set(found.copies), found.pinned) == ((first,), {second, edited}, 1)
    assert diary.forget([first]) == 3


def test_what_a_search_a_span_a_place_or_a_companion_means_is_counted(database, ids):
    assert plan(database, words="fish").ids == (ids[1],)
    assert plan(database, Filter(since=(NOON + timedelta(minutes=3)).timestamp())).ids == (ids[4], ids[3])
    assert plan(database, Filter(place="channel")).ids == (ids[3], ids[2])
    nothing = {"exchanges": 0, "embeddings": 0, "facts": 0, "extractions": 0, "marks": 0, "hidings": 0, "messages": 0, "former answers": 0}
    assert plan(database, Filter(companion="Robin")).counts == {**nothing, "exchanges": 5}
    assert plan(database, Filter(companion="Wren")) == Plan(counts=nothing)


def test_an_id_there_is_not_is_named(database, ids):
    with pytest.raises(NotFound, match="There is no memory with id 77"):
        plan(database, ids=(ids[0], 77))


def test_a_whole_diary_is_counted(database, ids):
    found = plan(database)
    assert (len(found.ids), found.people, found.people_gone, found.places, found.places_gone) == (5, 2, 2, 3, 3)
    assert found.given == ()
