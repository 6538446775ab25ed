"""A reply as it is shown while it comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extension.cli.reply import ReplyText
from extension.prompt import split_reasoning


def shown(*pieces: str) -> list[str]:
    reply = ReplyText()
    return [*(reply.feed(piece) for piece in pieces), reply.rest()]


def test_words_are_shown_as_they_come():
    assert shown("Hello", " there", ".") == ["Hello", " there", ".", ""]


def test_white_space_around_a_reply_is_not_shown():
    assert shown("\n ", " Hello", " \n", "you \n") == ["", "Hello", "", " \nyou", ""]


def test_reasoning_is_not_shown():
    assert "".join(shown("<thi", "nk>They want", " tea.</thi", "nk>\n\n", "Tea", " it is.")) == "Tea it is."


def test_reasoning_that_never_ends_is_not_shown():
    assert "".join(shown("<think>", "and on", " and on")) == ""


def test_what_only_looks_like_the_start_of_reasoning_is_shown():
    assert shown("<thi", "s> is a tag") == ["", "<this> is a tag", ""]
    assert shown("<thin") == ["", "<thin"]


def test_a_tag_in_the_middle_of_a_reply_is_shown():
    assert "".join(shown("I <think> so</think>.")) == "I <think> so</think>."


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<", "think", ">", " ", "\n", "a", "b c", "<reasoning>", "</reasoning>"]), max_size=12)
)
def test_the_pieces_together_are_the_reply_without_reasoning(pieces):
    assert "".join(shown(*pieces)) == split_reasoning("".join(pieces))[1].strip()


@pytest.mark.parametrize("reply", ["", "   ", "<think></think>"])
def test_a_reply_of_nothing_has_not_begun(reply):
    text = ReplyText()
    text.feed(reply)
    text.rest()
    assert text.begun is False
