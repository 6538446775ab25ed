"""Tests of learning to rank from what people judge: collected from the diary, behind the gate, for one person alone."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from extension.embedders import Hashing
from extension.memory import learning
from extension.memory.diary import Answer
from extension.memory.ranking import fitting
from extension.messages import Place

from .conftest import ALICE, BOB, told, turn
from .stores import remains

ANIMALS = (
    *(
        "badger",
        "beaver",
        "bison",
        "camel",
        "cheetah",
        "cobra",
        "condor",
        "cougar",
        "coyote",
        "crane",
        "dingo",
        "dolphin",
        "eagle",
        "falcon",
    ),
    *("ferret", "gecko", "gibbon", "heron", "hyena", "ibex", "iguana", "impala", "jackal", "jaguar", "koala", "lemur", "leopard", "lizard"),
    *("llama", "lobster", "lynx", "macaw", "magpie", "manatee", "marten", "moose", "narwhal", "newt", "ocelot", "osprey", "otter", "panda"),
)
TAUGHT, ASKED = ANIMALS[:34], ANIMALS[34:]


def known(embedder):
    """Return an embedder that goes by the name of the one whose cosines the trees know."""
    embedder.name = "all-MiniLM-L6-v2"
    return embedder


def file_of(folder):
    [path] = (folder / "ranking").iterdir()
    return path


@pytest.fixture
def zoo(open_memories):
    """Memories of animals: what each eats, in few words and in many, and a question about it."""
    memories = open_memories(embedder=known(Hashing()))
    row = 0
    for animal in ANIMALS:
        for said in (
            f"The {animal} eats fish and roots.",
            f"Who can tell me what a {animal} eats?",
            f"I read in the long book that my uncle left me how the {animal} eats its fish and roots, and sleeps all day in the sun.",
        ):
            memories.diary.write(turn(said, 100 * row), Answer("Noted."))
            row += 1
    memories.settle()
    return memories


def pin(memories, words, animals=TAUGHT):
    """Pin, for each animal, what holds these words, found by a search."""
    for animal in animals:
        text = f"what does the {animal} eat"
        found = [memory.exchange for memory in memories.search(text, ALICE, "Robin")]
        memories.pin(next(each.id for each in found if animal in each.said and words in each.said), found_by=text)


def learn(memories, stopped=lambda: False):
    return memories.learning.step("companion", stopped)


def places(memories, words, person=ALICE):
    """Return at which places, among what is found for each other animal, stands what holds these words."""
    counts = Counter()
    for animal in ASKED:
        found = [memory.exchange.said for memory in memories.search(f"what does the {animal} eat", person, "Robin")]
        counts[next(place for place, said in enumerate(found) if animal in said and words in said)] += 1
    return counts


@pytest.mark.embedded
def test_what_a_person_pins_is_found_sooner_for_other_questions_and_can_be_taken_back(zoo, data_dir):
    before = places(zoo, "eats fish")
    pin(zoo, "eats fish")
    assert (learn(zoo), learn(zoo)) == (True, False)
    learned = zoo.corrections.of("alice")
    assert (learned.refused, learned.figures["questions"]) == ("", 34)
    assert before[0] <= 1 and places(zoo, "eats fish")[0] >= 5
    assert not any(animal in file_of(data_dir).read_text() for animal in ANIMALS)
    assert zoo.learning.reset("alice")
    assert places(zoo, "eats fish") == before
    pin(zoo, "long book", TAUGHT[:9])
    assert (learn(zoo), zoo.learning.reset("alice"), zoo.learning.reset("bob")) == (False, False, False)


@pytest.mark.embedded
def test_who_pins_what_is_found_first_anyway_changes_nothing(zoo):
    pin(zoo, "long book")
    assert (learn(zoo), learn(zoo)) == (True, False)
    refused = "It would not clearly order the memories of this person's own questions better."
    assert (zoo.corrections.of("alice").weights, zoo.corrections.of("alice").refused) == ({}, refused)


@pytest.mark.embedded
def test_a_turn_stops_it_and_it_goes_on_from_there(zoo):
    pin(zoo, "eats fish")
    looked = []
    look = zoo.recall.look
    zoo.recall.look = lambda question: looked.append(question.text) or look(question)
    assert not learn(zoo, stopped=lambda: len(looked) == 9)
    assert (len(looked), zoo.corrections.of("alice")) == (9, None)
    assert learn(zoo)
    assert (len(looked), len(set(looked))) == (34, 34)


@pytest.mark.embedded
def test_what_was_forgotten_is_learned_from_no_more(zoo, data_dir, monkeypatch):
    monkeypatch.setattr(learning, "FEWEST", 5)
    monkeypatch.setattr(fitting, "FEWEST", 5)
    pin(zoo, "eats fish", TAUGHT[:5])
    assert learn(zoo)
    held = zoo.corrections.of("alice").learned_from
    zoo.forget([marks(zoo)[0][0]])
    assert learn(zoo)
    assert (len(held), set(zoo.corrections.of("alice").learned_from) < set(held)) == (5, True)
    assert zoo.corrections.of("alice").refused == "4 judged questions say which memory was useful; 5 are needed."
    zoo.forget([each.id for each in zoo.diary.browse(limit=None)])
    assert list((data_dir / "ranking").iterdir()) == []


@pytest.mark.embedded
@pytest.mark.parametrize("missing", ["lightgbm", "the trees for this embedding model"])
def test_without_the_trees_nothing_is_learned(open_memories, zoo, missing, monkeypatch):
    pin(zoo, "eats fish", TAUGHT[:30])
    if missing == "lightgbm":
        monkeypatch.setitem(sys.modules, "lightgbm", None)
    other = open_memories(embedder=known(Hashing()) if missing == "lightgbm" else Hashing())
    other.settle()
    assert not learn(other)
    assert other.search("what does the otter eat", ALICE, "Robin")


def marks(memories):
    with memories.database.read() as connection:
        return [tuple(row) for row in connection.exec_driver_sql("SELECT exchange_id, kind, asked_id, words FROM mark ORDER BY 1, 2")]


def test_a_mark_remembers_the_search_or_the_question_that_found_it(memories):
    first, other = told(memories, ("My dog is called Biscuit.", "Nice."), ("My cat is called Ash.", "Nice."))
    asked = memories.remember(turn("Who is Biscuit?", 5), Answer("Your dog.", memories=(first,)))
    memories.pin(first)
    memories.edit(first, said="My dog is called Biscuit!", found_by=" dog \x00 ")
    memories.pin(other)  # nothing is known to have found it
    assert marks(memories) == [(first, "edit", 0, "dog \N{REPLACEMENT CHARACTER}"), (first, "pin", asked, "")]
    memories.pin(first, found_by="x" * 1_000_000)
    assert [len(words) for *_, words in marks(memories)] == [5, 2_000]
    memories.pin(first, pinned=False)
    assert [kind for _, kind, *_ in marks(memories)] == ["edit"]
    memories.pin(first)
    memories.forget([asked])
    assert [kind for _, kind, *_ in marks(memories)] == ["edit"]


def test_the_words_of_a_search_go_with_the_memory_it_found_and_come_back_with_it(memories, data_dir):
    first, _ = told(memories, ("My dog is called Biscuit.", "Nice."), ("My cat is called Ash.", "Nice."))
    memories.pin(first, found_by="quixotic")
    gone = memories.forgetting.forget([first], undo_for=60)
    assert marks(memories) == []
    memories.forgetting.undo(gone.batch)
    assert marks(memories) == [(first, "pin", 0, "quixotic")]
    memories.forget([first])
    assert remains(data_dir, b"quixotic") == []


def test_a_thumb_up_speaks_for_what_the_reply_used_and_a_thumb_down_for_nothing(memories):
    rows = (("My dog is called Biscuit.", "Nice."), ("My aunt lives in Porto.", "Far."), ("The dog sleeps all day.", "Lucky."))
    dog, aunt, sleeps = told(memories, *rows)
    memories.settle()
    asked = Place("attic")
    up = memories.remember(turn("What is my dog called?", 50, place=asked), Answer("Biscuit!", memories=(dog, aunt, sleeps)))
    down = memories.remember(turn("Where does my aunt live?", 51, place=asked), Answer("Porto.", memories=(dog, aunt)))
    later = memories.remember(turn("I said that my dog is called Biscuit.", 52), Answer("Yes."))
    memories.settle()
    memories.diary.rate(up, 1)
    memories.diary.rate(down, -1)
    [judgement] = memories.preferences.of("alice", "companion")
    assert (judgement.question.text, judgement.shown) == ("What is my dog called?", (dog, aunt, sleeps))
    assert memories.preferences.hidden(judgement) == [up, down, later]
    assert memories.learning._used(judgement) == {dog}
    assert memories.preferences.people() == ["alice"]
    assert memories.preferences.of("alice", "companion", since=judgement.until) == []


def test_what_the_model_saw_anyway_is_not_held_against_a_question(memories):
    ids = told(memories, *((f"Biscuit the dog slept {row} hours.", "Good.") for row in range(30)))
    asked = memories.remember(turn("How long did Biscuit sleep?", 40), Answer("29 hours.", memories=(ids[2], ids[29])))
    memories.diary.rate(asked, 1)
    [judgement] = memories.preferences.of("alice", "companion")
    assert set(memories.preferences.hidden(judgement)) == {asked, *ids[10:29]}


def test_a_question_asked_twice_counts_once_and_nobody_elses_counts_at_all(memories):
    [dog] = told(memories, ("My dog is called Biscuit.", "Nice."))
    for row, person in ((20, ALICE), (21, ALICE), (22, BOB)):
        said = ("What is my dog called?", "what is my dog called? ", "What is my dog called?")[row - 20]
        memories.diary.rate(
            memories.remember(turn(said, row, person=person, place=Place(person.id)), Answer("Biscuit", memories=(dog,))), 1
        )
    assert [each.question.text for each in memories.preferences.of("alice", "companion")] == ["what is my dog called? "]
    assert memories.preferences.people() == ["alice", "bob"]
