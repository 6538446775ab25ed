"""Tests of the estimate of tokens and of the refusal of what does not fit."""

from __future__ import annotations

import pytest

from extension.errors import HostRefused
from extension.hosts.window import estimate, require_room


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("a", 1),
        ("abc", 1),
        ("abcd", 2),
        ("two words", 1 + 1 + 2),
        ("1234", 4),
        ("f(x)", 4),
        ("é", 2),
        ("天气", 4),
        ("😀", 3),
        ("\ud83d", 2),
    ],
)
def test_an_estimate_can_be_told_by_hand(text, tokens):
    assert estimate(text) == tokens


def test_a_prompt_may_fill_the_window_to_the_last_token():
    require_room(90, 10, 100, "m")


def test_a_prompt_that_is_one_token_too_long_is_refused():
    with pytest.raises(HostRefused) as refused:
        require_room(8000, 193, 8192, "SmolLM2")
    assert str(refused.value) == (
        "The prompt takes 8,000 tokens and the reply may take 193, but SmolLM2 sees 8,192 at once."
        " Shorten the message, start a new chat, or lower FAMILIAR_BUDGET or FAMILIAR_MAX_NEW_TOKENS."
    )
