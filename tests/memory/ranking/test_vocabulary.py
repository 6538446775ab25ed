"""Tests of the words the ranker has met, and of what it sees in a text."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from extension.embedders import Hashing
from extension.memory.ranking import profile
from extension.memory.ranking.profile import Profiles
from extension.memory.ranking.vocabulary import MYSELF, NUMBER, STOP, TIME, Vocabulary
from extension.memory.stems import WORD, Stems


@pytest.fixture
def vocabulary():
    return Vocabulary(Hashing(), Stems())


@pytest.fixture
def profiles():
    return Profiles(Hashing())


def names(profiles, text, number=count(1)):  # noqa: B008 (a new id each time is what is wanted)
    _, (found,) = profiles.of([(next(number), 1)], [(text, "")])
    return set(found.names)


def test_a_word_keeps_its_number(vocabulary):
    assert [numbers.tolist() for numbers in vocabulary.numbers([["cats", "purr"], [], ["purr", "cat"]])] == [[0, 1], [], [1, 2]]
    assert vocabulary.numbers([["cat", "cats"]])[0].tolist() == [2, 0]
    assert (len(vocabulary), vocabulary.known(["purr", "dog"])) == (3, [1])


def test_words_of_one_stem_share_its_number(vocabulary):
    (numbers,) = vocabulary.numbers([["cats", "purr", "cat"]])
    cats, purr, cat = vocabulary.stems[numbers].tolist()
    assert (cats == cat, cats == purr) == (True, False)
    assert vocabulary.stem_numbers(["cat", "dog"]) == [cats, -1]


def test_the_kinds_of_words_are_told(vocabulary):
    (numbers,) = vocabulary.numbers([["the", "i", "12", "seven", "monday", "kite"]])
    the, i, twelve, seven, monday, kite = vocabulary.kinds[numbers].tolist()
    assert (the, i & MYSELF, twelve, seven, monday, kite) == (STOP, MYSELF, NUMBER, NUMBER, TIME, 0)


def test_likeness_is_the_cosine_whatever_was_asked_before(vocabulary):
    vectors = Hashing().words(["harbour", "boat", "tea"])
    numbers = vocabulary.numbers([["boat", "tea", "boat"]])[0]
    assert vocabulary.likeness(["harbour"], numbers)[0] == pytest.approx((vectors[0] @ vectors[[1, 2, 1]].T).tolist(), abs=1e-6)
    more = vocabulary.numbers([["harbour", "boat"]])[0]
    assert vocabulary.likeness(["harbour"], more)[0] == pytest.approx([1.0, float(vectors[0] @ vectors[1])], abs=1e-6)
    assert vocabulary.likeness(["harbour"], more[:0]).shape == (1, 0)


def test_a_changed_exchange_is_looked_at_again(profiles):
    (_, (old,)), (vocabulary, (new,)) = (profiles.of([(1, revision)], [(text, "")]) for revision, text in ((1, "tea"), (2, "tea coffee")))
    assert (len(old.words), len(new.words), len(vocabulary)) == (1, 2, 2)


def test_too_many_words_start_anew_and_what_is_in_hand_stays_right(profiles, monkeypatch):
    monkeypatch.setattr(profile, "_MOST_WORDS", 3)
    first, (old,) = profiles.of([(1, 1)], [("one two three four", "")])
    second, (again,) = profiles.of([(1, 1)], [("one two three four", "")])
    assert second is not first
    assert first.stems[old.words].tolist() == second.stems[again.words].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("text", ["Grüße aus Köln, 12 Äpfel!", "grüße aus köln 12 äpfel", "a_b-c'd\x00e", "", "\ud800 x", "ß" * 9_000])
def test_words_are_what_the_index_takes_for_words(profiles, text):
    vocabulary, (found,) = profiles.of([(1, 1)], [(text, "")])
    assert len(found.words) == len(WORD.findall(text[: profile.LONGEST]))
    assert (vocabulary.stems[found.words] >= 0).all()


def test_plain_words_are_the_same_both_ways():
    text = "".join(map(chr, range(128))) + " it's 3.5_kg, e-mail\tA\nB"
    assert profile._words(text) == WORD.findall(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("We met Ana in Lisbon.", {"ana", "lisbon"}),
        ("Ana is here. Bob too! Eve? Yes", set()),
        ("so Ana, McKay and iPhone", {"ana", "mc"}),
        ("I am X", set()),
    ],
)
def test_names_are_capitals_inside_a_sentence(profiles, text, found):
    assert names(profiles, text) == found


def test_several_threads_agree_on_the_numbers(vocabulary):
    from concurrent.futures import ThreadPoolExecutor

    texts = [[f"word{(number * step) % 97}" for number in range(200)] for step in range(1, 9)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda words: vocabulary.numbers([words])[0], texts))
    numbers = {word: number for words, each in zip(texts, found, strict=True) for word, number in zip(words, each.tolist(), strict=True)}
    assert sorted(numbers.values()) == list(range(len(vocabulary)))
    assert all(np.array_equal([numbers[word] for word in words], each) for words, each in zip(texts, found, strict=True))
