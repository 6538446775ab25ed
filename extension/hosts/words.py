"""Words as a model writes them: a tokenizer has other tokens for a word at the beginning of a sentence, and behind a space."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..messages import Generation

Tokens = Callable[[str], Sequence[int]]
"""The ids of a text, without anything added before or behind."""
BANNED = -100.0
"""What is added to a logit so that a token is never used, as OpenAI has it."""


def variants(word: str) -> tuple[str, ...]:
    """Return the ways a word is written: as it is and with its first letter large or small, each with and without a space before it."""
    forms = dict.fromkeys((word, word[:1].lower() + word[1:], word[:1].upper() + word[1:]))
    return tuple(space + form for space in ("", " ") for form in forms)


def sequences(words: Sequence[str], tokens: Tokens) -> list[list[int]]:
    """Return the ids of all variants of some words, each sequence once."""
    found = (tuple(tokens(variant)) for word in words for variant in variants(word))
    return [list(ids) for ids in dict.fromkeys(found) if ids]


def biases(options: Generation, tokens: Tokens) -> tuple[dict[int, float], tuple[str, ...]]:
    """Return what to add to the logit of which token, for hosts that know no more than that, and the words that are never one token."""
    weights = [*options.weighted, *((word, BANNED) for word in options.banned)]
    made: dict[int, float] = {}
    missed = []
    for word, weight in weights:
        single = [ids[0] for ids in sequences([word], tokens) if len(ids) == 1]
        made |= dict.fromkeys(single, weight)
        missed += [] if single else [word]
    return made, tuple(missed)
