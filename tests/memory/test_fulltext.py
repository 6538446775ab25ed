"""Tests of the full-text index: what is found by words, and that it always agrees with the diary."""

from __future__ import annotations

import pytest

from extension.memory.diary import Answer
from extension.memory.document import day_words
from extension.memory.fulltext import FullText
from extension.messages import Person, Place

from .conftest import BOB, CHANNEL, NOON, told, turn


@pytest.fixture
def index(memories):
    """The full-text index of memories with a few exchanges in it."""
    told(
        memories.diary,
        ("I adopted two kittens yesterday.", "Congratulations! What are their names?"),
        ("Miso and Tofu.", "Lovely names."),
        ("My sister works as a gardener in Bergen.", "Does she grow roses?"),
        ("The train to Oslo was late.", "How annoying."),
    )
    memories.fulltext.catch_up()
    return memories.fulltext


def found(index, question, realms=(1,), **where):
    return [match.exchange for match in index.search(question, realms, **where)]


@pytest.mark.parametrize(
    ("question", "exchanges"),
    [
        ("kitten", [1, 2]),
        ("KITTENS!", [1, 2]),
        ("gardening", [3, 4]),
        ("annoyed", [4]),
        ("roses or trains", [4, 3]),
        ("saturday", [4, 2, 3, 1]),
        ("march 2026", [4, 2, 3, 1]),
        ("2026-03-14", [4, 2, 3, 1]),
        ("Alice", [4, 2, 3, 1]),
        ("helicopter", []),
        ("what did you say about the", []),
        ("", []),
        ("?!… \x00 \ud800", []),
    ],
)
def test_words_find_exchanges(index, question, exchanges):
    assert sorted(found(index, question)) == sorted(exchanges)


def test_the_exchange_itself_comes_before_the_one_that_follows_it(index):
    assert found(index, "kittens") == [1, 2]
    assert found(index, "sister gardener Bergen") == [3, 4]


def test_a_match_says_how_strong_it_is(index):
    [first, second] = index.search("kittens", [1])
    assert first.score > second.score > 0
    assert 0 < second.strength < first.strength <= 1


def test_a_follow_up_is_found_by_the_words_before_it(index):
    assert found(index, "names of the kittens")[:2] == [1, 2]


def test_the_speaker_and_the_companion_are_found_by_name(memories):
    told(memories.diary, ("Hello.", "Hi."), person=Person("u17", "Nadine"), place=Place("n"))
    told(memories.diary, ("Hello.", "Hi."), person=Person("ulrich"), place=Place("u"), companion="Wren")
    memories.fulltext.catch_up()
    assert found(memories.fulltext, "nadine", (1, 2)) == [1]
    assert found(memories.fulltext, "ulrich", (1, 2)) == [2]
    assert found(memories.fulltext, "wren", (1, 2)) == [2]


def test_only_the_realms_asked_for_are_searched(memories):
    told(memories.diary, ("The password is swordfish.", "Noted."))
    told(memories.diary, ("The password is tuna.", "Noted."), person=BOB, place=Place("bobs"))
    memories.fulltext.catch_up()
    assert found(memories.fulltext, "password", (1,)) == [1]
    assert found(memories.fulltext, "password", (2,)) == [2]
    assert sorted(found(memories.fulltext, "password", (1, 2))) == [1, 2]
    assert found(memories.fulltext, "password", ()) == []
    assert found(memories.fulltext, "password", (12, 21)) == []


def test_the_name_of_a_realm_or_a_place_is_no_word(memories):
    told(memories.diary, ("Hello.", "Hi."))
    memories.fulltext.catch_up()
    assert found(memories.fulltext, "r1 realm kitchen", (1,)) == []


def test_one_place_is_searched_alone(memories):
    told(memories.diary, ("I like soup.", "Me too."))
    told(memories.diary, ("I like salad.", "And soup?"), place=Place("attic"))
    memories.fulltext.catch_up()
    assert found(memories.fulltext, "soup", place="attic") == [2]
    assert found(memories.fulltext, "soup", place="kitchen") == [1]
    assert found(memories.fulltext, "soup", place='"kitchen" OR realm : r1') == []


def test_another_persons_words_in_the_same_place_are_no_previous_turn(memories):
    memories.diary.write(turn("My diagnosis is secret.", 0, person=BOB), Answer("I see."))
    memories.diary.write(turn("Good morning.", 1), Answer("Morning."))
    memories.fulltext.catch_up()
    assert found(memories.fulltext, "diagnosis", (1,)) == [1]
    assert found(memories.fulltext, "diagnosis", (2,)) == []


def test_in_a_shared_place_the_previous_turn_may_be_another_persons(memories):
    memories.diary.write(turn("Shall we have pizza?", 0, person=BOB, place=CHANNEL), Answer("Why not."))
    memories.diary.write(turn("Yes please.", 1, place=CHANNEL), Answer("Good."))
    memories.fulltext.catch_up()
    assert found(memories.fulltext, "pizza", (1,)) == [1, 2]


@pytest.mark.parametrize(
    "question",
    [
        'kittens" OR "gardener',
        "kittens AND helicopter",
        "kittens NOT kittens",
        "NEAR(kittens helicopter)",
        "kitt*",
        "said : kittens",
        "{said reply} : kittens",
        "realm : r1 OR kittens",
        "(((kittens",
        "kittens)",
        "^kittens",
        "kittens + yesterday",
        "- kittens",
        "'; DROP TABLE exchange_text; --",
        '"""',
        "kittens\x00 OR x",
        "\\ % _ ? :question @x $y",
        "NULL kittens",
    ],
)
def test_a_question_is_words_and_never_a_query(index, question):
    assert set(found(index, question)) <= {1, 2, 3, 4}
    assert index.count() == 4
    if "kittens" in question:
        assert 1 in found(index, question)


def test_a_star_is_no_wildcard(index):
    assert found(index, "kitt*") == []


def test_a_huge_question_is_answered(index):
    assert found(index, "filler words abound " * 60_000) == []
    assert found(index, "kittens " + " ".join(f"w{number}" for number in range(100_000)))[0] == 1


def test_catching_up_twice_does_nothing_the_second_time(memories):
    told(memories.diary, ("One.", "1"), ("Two.", "2"))
    assert memories.fulltext.catch_up() == 2
    assert memories.fulltext.catch_up() == 0
    assert memories.fulltext.count() == 2


def test_catching_up_in_small_steps_comes_to_the_same(memories):
    ids = told(memories.diary, *((f"Number {number} keepsake.", "Yes.") for number in range(7)))
    memories.diary.forget(ids[2:4])
    memories.diary.edit(ids[0], said="Changed keepsake.")
    memories.fulltext.catch_up(batch=1)
    assert memories.fulltext.count() == 5
    assert sorted(found(memories.fulltext, "keepsake")) == [1, 2, 5, 6, 7]
    assert found(memories.fulltext, "changed") == [1, 2]


def test_catching_up_goes_on_where_it_was_stopped(memories, open_memories):
    told(memories.diary, *((f"Number {number} keepsake.", "Yes.") for number in range(2)))
    memories.fulltext.catch_up()
    told(memories.diary, *((f"Number {number} keepsake.", "Yes.") for number in range(5)))
    other = open_memories()
    assert other.fulltext.catch_up() == 3
    assert memories.fulltext.catch_up() == 0
    assert sorted(found(other.fulltext, "keepsake")) == [1, 2, 3, 4, 5]


def test_a_changed_exchange_is_found_by_its_new_words_only(index, memories):
    memories.diary.edit(1, said="I adopted two puppies.")
    index.catch_up()
    assert found(index, "kittens") == []
    assert found(index, "puppies") == [1, 2]


def test_words_in_too_many_exchanges_of_the_realm_are_left_out_where_rarer_ones_are_at_hand(memories):
    told(memories.diary, *((f"Tea number {row}{' with ginger' if row in (2, 9) else ''}.", "") for row in range(12)))
    told(memories.diary, ("Tea.", ""), ("Ginger.", ""), person=BOB, place=Place("bobs"))
    memories.fulltext.catch_up()
    index = FullText(memories.database, most=9)
    assert sorted(found(index, "ginger tea")) == [3, 4, 10, 11]  # those that follow hold them too, as what was said before
    assert sorted(found(index, "ginger tea", (2,))) == [13, 14]  # here they are few


@pytest.mark.embedded
def test_a_question_of_one_word_in_too_many_exchanges_looks_at_the_newest(memories):
    told(memories.diary, *((f"Tea number {row}.", "") for row in range(12)))
    memories.fulltext.catch_up()
    assert sorted(found(FullText(memories.database, most=5), "tea")) == [8, 9, 10, 11, 12]


def test_a_turn_that_comes_after_very_many_exchanges_indexes_a_few_and_leaves_the_others(memories):
    told(memories.diary, *((f"Tea number {row}.", "") for row in range(12)))
    assert memories.fulltext.catch_up(batch=2, most=3) == 4
    assert (memories.fulltext.count(), memories.fulltext.catch_up()) == (4, 8)


def test_forgotten_words_are_found_nowhere_not_even_as_the_previous_turn(index, memories):
    memories.diary.forget([1])
    index.catch_up()
    assert found(index, "kittens congratulations") == []
    assert index.count() == 3


def test_words_are_searched_for_while_what_was_forgotten_is_still_in_the_index(index, memories):
    memories.diary.forget([2, 3, 4])
    assert sorted(found(index, "alice kittens")) == [1, 2, 3, 4]


def test_a_new_reply_is_the_previous_turn_of_the_next_row(index, memories):
    memories.diary.write(turn("I adopted two kittens yesterday."), Answer("Felines are marvellous."))
    index.catch_up()
    assert found(index, "felines") == [1, 2]
    assert found(index, "congratulations") == []


def test_an_index_that_was_lost_is_rebuilt_from_the_diary(index, memories):
    with memories.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM exchange_text")
    assert found(index, "kittens") == []
    assert index.rebuild() == 4
    assert found(index, "kittens") == [1, 2]


def test_only_the_beginning_of_a_very_long_text_is_indexed(memories):
    told(memories.diary, ("start " + "x" * 1_000_000 + " finish", "Long."), ("y " * 60_000 + "zebra", "Longer."))
    memories.fulltext.catch_up()
    assert found(memories.fulltext, "start") == [1, 2]
    assert found(memories.fulltext, "finish zebra") == []


def test_a_day_is_known_by_its_words():
    assert day_words(NOON.timestamp()) == "2026-03-14 14 March 2026 Saturday"
