"""Tests of recall: words and meaning together, nothing where nothing is relevant, and never what the model sees anyway."""

from __future__ import annotations

import pytest

from extension.database import Database
from extension.embedders import MiniLM, Remembering, minilm_folder
from extension.errors import IndexUnavailable
from extension.memory.diary import Answer, insert
from extension.memory.memories import Memories
from extension.memory.recall import Question, Recall, is_small_talk
from extension.messages import Place, digest
from tests.doubles import Absent

from .conftest import ALICE, BOB, told, turn

ATTIC = Place("attic")
PAST = (
    ("My daughter Ida plays the cello in the youth orchestra.", "How wonderful, the cello suits her."),
    ("We had the kitchen painted in a pale green.", "That sounds fresh."),
    ("The car broke down near Bergen on Friday.", "Did you get it towed?"),
    ("I am allergic to hazelnuts.", "I will keep that in mind."),
    ("Our cat Miso hides under the sofa when it thunders.", "Poor Miso."),
)


@pytest.fixture
def past(memories):
    """Memories with five exchanges of the past, indexed."""
    told(memories, *PAST)
    memories.settle()
    return memories


def recalled(memories, text, *, place=ATTIC, dense=True, gate=True, **more):
    question = Question(text, ALICE, place, "Robin", **{"scope": "companion", **more})
    return [memory.exchange.id for memory in memories.recall.search(question, dense=dense, gate=gate)]


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Which instrument does my daughter play, the cello?", 1),
        ("What colour was the kitchen painted in, green?", 2),
        ("When did the car break down?", 3),
        ("Am I allergic to hazelnuts?", 4),
        ("Where does the cat Miso hide?", 5),
    ],
)
def test_what_was_said_is_recalled_elsewhere(past, text, first, dense):
    assert recalled(past, text, dense=dense)[0] == first


@pytest.mark.parametrize("text", ["Hello!", "thanks", "go on", "", "  ", "?!", "\x00"])
def test_for_small_talk_nothing_is_recalled(past, text):
    assert recalled(past, text) == []


@pytest.mark.parametrize("text", ["Explain the theory of plate tectonics.", "Write me a haiku about snowfall."])
def test_where_no_word_is_shared_words_alone_recall_nothing(past, text):
    assert recalled(past, text, dense=False) == []


def test_a_person_who_searches_sees_weak_matches_too(past):
    assert set(recalled(past, "cello orchestra", gate=False, limit=50)) == {1, 2, 3, 4, 5}
    assert recalled(past, "cello orchestra", gate=False, limit=50)[0] == 1


def test_no_more_than_the_limit_are_recalled(past):
    assert (
        recalled(past, "Ida cello kitchen green car Bergen hazelnuts Miso sofa", gate=False, limit=2)
        == recalled(past, "Ida cello kitchen green car Bergen hazelnuts Miso sofa", gate=False, limit=50)[:2]
    )


def test_scores_are_between_none_and_one_and_the_best_comes_first(past):
    found = past.recall.search(Question("Is Ida allergic to the cello?", ALICE, ATTIC, "Robin", limit=9), gate=False)
    scores = [memory.score for memory in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= value <= 1 for memory in found for value in (memory.score, memory.lexical, memory.dense))
    assert max(memory.lexical for memory in found) == 1.0


def test_the_exchange_of_this_turn_is_not_recalled(past):
    assert recalled(past, PAST[3][0])[0] == 4
    assert 4 not in recalled(past, PAST[3][0], without=(4,))


def test_what_the_model_sees_anyway_is_not_recalled_wherever_it_is_kept(past):
    told(past, *PAST[3:4], place=Place("branch"))
    past.settle()
    assert recalled(past, "Am I allergic to hazelnuts?", visible=frozenset({digest(*PAST[3])})) == []


def test_what_the_model_sees_anyway_does_not_crowd_out_the_rest(memories):
    told(memories, ("My sister Ada breeds alpacas in Wales.", "Alpacas!"), place=ATTIC)
    seen = [(f"Where does my sister Ada breed alpacas, and why number {number}?", f"Reason {number}.") for number in range(150)]
    with memories.database.write() as connection:
        for number, (said, reply) in enumerate(seen):
            insert(connection, turn(said, number), Answer(reply))
    memories.settle()
    visible = frozenset(digest(*row) for row in seen)
    assert recalled(memories, "Where does my sister Ada breed alpacas?", place=Place("kitchen"), visible=visible) == [1]


def test_the_turn_under_way_does_not_make_the_others_look_weak(past):
    own = past.diary.hear(turn("Does Ida still play the cello?", place=ATTIC))
    past.settle()
    assert recalled(past, "Does Ida still play the cello?", without=(own,)) == [1]


def test_the_same_words_kept_twice_are_recalled_once(past):
    told(past, *PAST[:1], place=Place("branch"))
    past.settle()
    assert len(recalled(past, "Does Ida play the cello?")) == 1


def test_a_pinned_exchange_comes_before_one_that_is_as_relevant(memories):
    ids = told(memories, ("I water the ferns on Mondays.", "Good."), ("I water the ferns on Tuesdays.", "Good."))
    memories.settle()
    before = recalled(memories, "When do I water the ferns?")
    memories.diary.pin(before[1])
    assert set(before) == set(ids)
    assert recalled(memories, "When do I water the ferns?") == before[::-1]


def test_a_pin_does_not_make_what_is_irrelevant_relevant(past):
    past.diary.pin(2)
    assert 2 not in recalled(past, "Am I allergic to hazelnuts?")


def test_what_was_forgotten_is_recalled_no_more_at_once(past):
    past.forget([4])
    assert recalled(past, "Am I allergic to hazelnuts?") == []


def test_what_an_index_still_holds_of_the_forgotten_is_not_recalled(past):
    past.diary.forget([4])  # in the diary only: the indexes have not caught up
    assert recalled(past, "Am I allergic to hazelnuts?") == []


def test_an_edited_memory_is_recalled_with_its_new_words(past):
    past.edit(4, said="I am allergic to walnuts.")
    past.settle()
    question = Question("Am I allergic to walnuts?", ALICE, ATTIC, "Robin")
    assert [memory.exchange.said for memory in past.recall.search(question)] == ["I am allergic to walnuts."]


def test_one_place_alone_is_searched_by_words_and_by_meaning(past):
    told(past, ("Nobody here is allergic to hazelnuts.", "Good."), place=ATTIC)
    past.settle()
    assert recalled(past, "Who is allergic to hazelnuts?", scope="place") == [6]
    assert set(recalled(past, "Who is allergic to hazelnuts?", scope="companion")) == {4, 6}


class Failing:
    """The search by meaning, whose index or model fails in one way."""

    def __init__(self, semantic, error):
        self._semantic = semantic
        self._error = error

    def __getattr__(self, name):
        return getattr(self._semantic, name)

    def search(self, *given):
        raise self._error


def test_an_index_that_fails_leaves_the_words_to_decide(past, caplog):
    failing = Failing(past.semantic, IndexUnavailable("The index is damaged."))
    recall = Recall(past.database, past.diary, past.fulltext, failing)
    found = recall.search(Question("Am I allergic to hazelnuts?", ALICE, ATTIC, "Robin"))
    assert found[0].exchange.id == 4
    assert "Recall by meaning failed, words alone decide: The index is damaged." in caplog.text


class Wrong(Failing):
    """The search by meaning, whose index names an exchange of another realm."""

    def search(self, *given):
        return {self._error: 0.99}


def test_an_index_that_is_wrong_betrays_nothing(past):
    secret = past.diary.write(turn("I am Bob, allergic to hazelnuts.", person=BOB, place=Place("bobs")), Answer("Noted."))
    recall = Recall(past.database, past.diary, past.fulltext, Wrong(past.semantic, secret))
    found = recall.search(Question("Am I allergic to hazelnuts?", ALICE, ATTIC, "Robin", limit=50), gate=False)
    assert 4 in [memory.exchange.id for memory in found]
    assert secret not in [memory.exchange.id for memory in found]


def test_what_is_not_embedded_yet_is_recalled_by_its_words(past):
    said = past.diary.write(turn("The code of my locker is 4711.", 5), Answer("Noted."))
    past.fulltext.catch_up()
    assert recalled(past, "What is the code of my locker?")[:1] == [said]


def test_a_missing_model_leaves_the_words_to_decide(open_memories, caplog):
    memories = open_memories(embedder=Absent())
    told(memories, *PAST)
    memories.fulltext.catch_up()
    assert recalled(memories, "Am I allergic to hazelnuts?", dense=True)[0] == 4
    assert "Recall goes on without meaning: The embedding model is not installed." in caplog.text


@pytest.mark.parametrize(
    ("text", "small"),
    [
        ("Hello!", True),
        ("Good morning, thank you.", True),
        ("ok", True),
        ("go on", True),
        ("What is my name?", False),
        ("Do you remember me?", False),
        ("hello Miso", False),
        ("cello", False),
    ],
)
def test_small_talk_is_told_from_questions(text, small):
    assert is_small_talk(text) is small


@pytest.mark.model
@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("What instrument does my kid practise?", 1),
        ("Which colour are the walls of the room where we cook?", 2),
        ("Did my vehicle ever let me down?", 3),
        ("Which nuts must I not eat?", 4),
        ("What is our pet afraid of?", 5),
    ],
)
def test_minilm_finds_by_meaning_what_shares_no_word(minilm_past, text, first):
    assert recalled(minilm_past, text)[:1] == [first]


@pytest.mark.model
@pytest.mark.parametrize(
    "text", ["Explain the theory of plate tectonics.", "How do I sort a list in Python?", "Tell me a joke about penguins."]
)
def test_minilm_recalls_nothing_where_nothing_is_relevant(minilm_past, text):
    assert recalled(minilm_past, text) == []


@pytest.fixture(scope="module")
def minilm_past(tmp_path_factory):
    """The same past, embedded with the bundled model."""
    data_dir = tmp_path_factory.mktemp("minilm")
    memories = Memories(Database(f"sqlite:///{data_dir / 'diary.sqlite'}"), Remembering(MiniLM(minilm_folder())), data_dir)
    told(memories, *PAST)
    memories.settle()
    yield memories
    memories.close()
