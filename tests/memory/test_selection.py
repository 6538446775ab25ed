"""Which memories a person means."""

from __future__ import annotations

import pytest

from extension.errors import NotFound
from extension.memory.diary import Answer, Filter
from extension.memory.selection import Selection, select

from .conftest import BOB, CHANNEL, told, turn


@pytest.fixture
def ids(diary):
    return told(
        diary,
        ("My cats are called Miso and Bo", "Lovely."),
        ("The rent is 900 francs", "Noted: the cat pays nothing."),
        ("Ärger mit 100% C++", "Oh."),
    )


def test_nothing_asked_for_means_everything_and_is_recognisable(database, ids):
    assert bool(Selection()) is False
    assert select(database, Selection()) == ids[::-1]


@pytest.mark.parametrize(
    "selection",
    [
        Selection(words="cat"),
        Selection(ids=(1,)),
        Selection(Filter(person="")),
        Selection(Filter(pinned=False)),
        Selection(Filter(since=0.0)),
    ],
)
def test_anything_asked_for_is_recognisable(selection):
    assert bool(selection) is True


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ("cat", [1, 0]),
        ("CATS", [1, 0]),
        ("miso cat", [0]),
        ("cat rent", [1]),
        ("cat elephant", []),
        ("are called", [0]),
        ("iso and", [0]),
        ("0 franc", [1]),
        ("ärger", [2]),
        ("arger", [2]),
        ("C++", [2]),
        ("100%", [2]),
        ("_", []),
        ('" OR "', []),
        ("NEAR(cat, rent)", []),
        ("   ", [2, 1, 0]),
    ],
)
def test_words_must_all_be_there_whatever_their_endings_or_the_text_as_it_is(database, ids, words, rows):
    assert select(database, Selection(words=words)) == [ids[row] for row in rows]


def test_speaker_day_and_previous_turn_are_no_words_of_a_memory(database, ids):
    assert select(database, Selection(words="Alice")) == select(database, Selection(words="2026")) == []


def test_all_of_a_selection_must_hold(database, diary, ids):
    other = diary.write(turn("My cat", person=BOB, place=CHANNEL), Answer(""))
    assert select(database, Selection(Filter(person="bob"), "cat")) == [other]
    assert select(database, Selection(Filter(person="alice"), "cat", (ids[0], other))) == [ids[0]]


def test_an_id_there_is_not_is_named(database, ids):
    with pytest.raises(NotFound, match="There is no memory with id 77"):
        select(database, Selection(ids=(ids[0], 77)))


def test_the_newest_come_first_and_no_more_than_wanted(database, ids):
    assert select(database, Selection(words="cat"), limit=1) == [ids[1]]
    assert select(database, Selection(ids=tuple(ids)), limit=2) == [ids[2], ids[1]]


def test_more_ids_than_sqlite_takes_in_one_statement(database, ids):
    many = tuple(range(1, 40_000))
    with pytest.raises(NotFound, match="There is no memory with id 4"):
        select(database, Selection(ids=many))
