"""How long an answer is to be: what a question asks for, the limit, and the sentence to the model."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from ..messages import Generation

Length = Literal["short", "long", ""]
"""'' is as the settings have it."""

SHORT_LIMIT, LONG_LIMIT = 160, 1024
"""Tokens: the most of a short answer, the least that a long one may take."""
_SENTENCES = {
    "short": "Answer briefly, in one to three sentences.",
    "long": "Answer in detail and completely; take the room you need.",
    "": "",
}
_BRIEFLY = re.compile(
    r"\b(?:brief(?:ly)?|in short|shortly|concise(?:ly)?|tl;?dr|yes or no|one-liner"
    r"|in (?:one|a|a single|two|a few) (?:words?|sentences?|lines?))\b",
    re.IGNORECASE,
)
_AT_LENGTH = re.compile(
    r"\b(?:in (?:\w+ )?detail|detailed|at length|thorough(?:ly)?|comprehensive(?:ly)?|step[- ]by[- ]step|everything about|pros and cons"
    r"|list (?:of|all|the|some)|compare|explain (?:how|why)"
    r"|(?:write|tell|make|draft|invent|give) (?:\w+ ){0,4}(?:essay|story|poem|article|chapter|tutorial|guide|recipe|letter|speech|overview)"
    r"|(?:write|implement|refactor|debug|fix|port) (?:\w+ ){0,4}(?:function|class|script|program|code|query|test|regex|module)"
    r"|\d+ (?:ways|reasons|examples|ideas|steps|tips|facts|paragraphs|words))\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"```|^(?: {4}|\t)\S|[;{}][ \t]*\n", re.MULTILINE)
FEW_WORDS, MANY_WORDS = 12, 60


def length_of(said: str) -> Length:
    """Return how long an answer to something should be, by what it says: the first of these that holds.

    It asks for brevity: short. It asks for much (a list, a story, steps, a program, "in detail"), holds code, or has sixty words or
    more: long. It has at most twelve words: short. Otherwise as the settings have it.
    """
    text = said[:20_000]
    words = len(text.split())
    if _BRIEFLY.search(text):
        return "short"
    if words >= MANY_WORDS or _AT_LENGTH.search(text) or _CODE.search(text):
        return "long"
    return "short" if words <= FEW_WORDS else ""


def limited(generation: Generation, length: Length, chosen: bool) -> Generation:
    """Return how to generate an answer of a length. A limit that somebody chose for max_new_tokens is never gone beyond."""
    if length == "short":
        return replace(generation, max_new_tokens=min(generation.max_new_tokens, SHORT_LIMIT))
    if length == "long" and not chosen:
        return replace(generation, max_new_tokens=max(generation.max_new_tokens, LONG_LIMIT))
    return generation


def sentence(length: Length) -> str:
    """Return what the model is told about the length of its answer; nothing where the settings hold."""
    return _SENTENCES[length]
