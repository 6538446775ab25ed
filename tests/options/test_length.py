"""How long an answer is to be, by what the question says, and what follows from it for generating."""

from __future__ import annotations

import pytest

from extension.messages import Generation
from extension.options.length import length_of, limited, sentence


@pytest.mark.parametrize(
    ("said", "length"),
    [
        ("Hi!", "short"),
        ("How are you today?", "short"),
        ("What is the capital of Portugal?", "short"),
        ("Explain quantum entanglement, but in one sentence please, since I have no time at all today.", "short"),
        ("tl;dr of the history of Rome", "short"),
        ("Explain how a fridge works", "long"),
        ("Tell me a story", "long"),
        ("What's the story?", "short"),
        ("Give me 10 reasons to learn Latin", "long"),
        ("List all planets", "long"),
        ("Describe Lisbon in great detail", "long"),
        ("Write a python function", "long"),
        ("What does this do?\n```\nx = 1\n```", "long"),
        ("for (;;) {\n  f();\n}", "long"),
        ("word " * 60, "long"),
        ("I went to the market yesterday and bought some apples, but they were all sour, what now?", ""),
        ("", "short"),
        ("a" * 1_000_000, "short"),
        ("; " * 500_000, "long"),
    ],
)
def test_a_question_says_how_long_its_answer_should_be(said, length):
    assert length_of(said) == length


@pytest.mark.parametrize(
    ("length", "most", "chosen", "expected"),
    [
        ("short", 256, False, 160),
        ("short", 50, True, 50),
        ("long", 256, False, 1024),
        ("long", 2000, False, 2000),
        ("long", 256, True, 256),
        ("", 256, False, 256),
    ],
)
def test_a_limit_that_was_chosen_is_never_gone_beyond(length, most, chosen, expected):
    assert limited(Generation(max_new_tokens=most), length, chosen).max_new_tokens == expected


def test_the_model_is_told_only_where_a_length_was_chosen():
    assert sentence("short") == "Answer briefly, in one to three sentences."
    assert sentence("") == ""
