"""Tests of how a question is taken apart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from extension.memory.ranking.question import statement, understood

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("What did Ana plant in May?", "plant in May"),
        ("How many of Ana's tulips froze?", "of tulips froze"),
        ("Where did Bruno's sister move to?", "sister move to"),
        ("I am taking Bruno to the vet.", "I am taking to the vet."),
        ("Who?", "Who?"),
        ("Ana?", "Ana?"),
        ("", ""),
    ],
)
def test_a_statement_is_left_of_a_question(question, left):
    assert statement(question, {"ana", "bruno"}) == left


def test_a_question_is_taken_apart():
    asked = understood("When did I last see Ana, and is she still in Porto?", NOW)
    assert (asked.kind, asked.about_myself, asked.about_now) == ("when", True, True)
    assert asked.nameless({"ana"}) == ("last", "see", "still", "porto")
    assert asked.named({"ana", "bruno"}) == {"ana"}


def test_where_only_a_name_is_asked_for_it_is_searched_for():
    assert understood("Who is Ana?", NOW).nameless({"ana"}) == ("ana",)


def test_a_question_of_a_megabyte_is_looked_at_in_part():
    asked = understood("when " * 200_000, NOW)
    assert len(asked.words) == 400
    assert len(statement("plant " * 200_000, ())) <= 2_000
