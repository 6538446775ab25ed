"""Tests of what the ranker brings to recall, with the real embedding model: answers without the question's words, times, now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from extension.database import Database
from extension.embedders import MiniLM, Remembering, minilm_folder
from extension.memory.diary import Answer
from extension.memory.memories import Memories
from extension.memory.recall import Question
from extension.messages import Place, Turn

from ..conftest import ALICE

pytestmark = pytest.mark.model
NOW = datetime(2026, 3, 14, 15, 30, tzinfo=UTC)
"""A Saturday."""
LIFE = (
    (40, "We painted the hallway at last.", "How did it turn out?"),
    (40, "Lovely. Ask me which colour!", "And which colour did you choose?"),
    (40, "Teal, obviously.", "Of course."),
    (33, "I had the ramen with extra egg for lunch.", "Sounds filling."),
    (20, "The dentist says my molar must come out.", "Ouch."),
    (12, "I had the lentil soup for lunch.", "Good choice."),
    (4, "I had a cheese sandwich for lunch.", "Simple and good."),
    (2, "I had leftover curry for lunch.", "Even better the next day."),
)


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    folder = tmp_path_factory.mktemp("life")
    memories = Memories(Database(f"sqlite:///{folder / 'diary.sqlite'}"), Remembering(MiniLM(minilm_folder())), folder)
    for row, (days, said, reply) in enumerate(LIFE):
        when = NOW - timedelta(days=days) + timedelta(minutes=row)
        memories.remember(Turn(ALICE, Place("kitchen"), "Robin", said, row, when), Answer(reply))
    memories.settle()
    yield memories
    memories.close()


def first(life, text):
    found = life.recall.search(Question(text, ALICE, Place("attic"), "Robin", now=NOW))
    return found[0].exchange.said if found else None


def test_an_answer_that_shares_no_word_with_the_question_is_found_beside_it(life):
    found = life.recall.search(Question("Which colour did we paint the hallway?", ALICE, Place("attic"), "Robin", limit=3, now=NOW))
    assert "Teal, obviously." in {memory.exchange.said for memory in found}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("What did I have for lunch last Tuesday?", "I had a cheese sandwich for lunch."),
        ("What did I have for lunch two days ago?", "I had leftover curry for lunch."),
        ("What did I have for lunch in February?", "I had the ramen with extra egg for lunch."),
        ("What did I have for lunch last week?", "I had the lentil soup for lunch."),
    ],
)
def test_of_what_is_alike_what_was_said_then_comes_first(life, text, said):
    assert first(life, text) == said


def test_a_time_in_the_question_hides_nothing_else(life):
    assert first(life, "What did the dentist say last Tuesday?") == "The dentist says my molar must come out."
