"""Figures about generated texts that need no reference: how varied they are, and how much they repeat themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile(r"\w+|[^\w\s]")


def distinct(texts: Sequence[str], size: int = 2) -> float:
    """Return distinct-n: the part of the n-grams of words of all texts together that differ (Li et al. 2016); 0 where there are none."""
    grams = [gram for text in texts for gram in _grams(text, size)]
    return len(set(grams)) / len(grams) if grams else 0.0


def repetition(text: str, size: int = 3) -> float:
    """Return the part of the n-grams of words of a text that stood in it before; 0 where it is too short to repeat one."""
    grams = _grams(text, size)
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def _grams(text: str, size: int) -> list[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return list(zip(*(words[at:] for at in range(size)), strict=False))
