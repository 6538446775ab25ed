"""How people type: short forms and slips of the words that commands are made of, put right word by word."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_SHORT = {
    "u": "you",
    "ur": "your",
    "r": "are",
    "pls": "please",
    "plz": "please",
    "plss": "please",
    "whats": "what's",
    "wats": "what's",
    "wat": "what",
    "teh": "the",
    "msg": "message",
    "msgs": "messages",
    "temp": "temperature",
    "cmds": "commands",
    "cmd": "command",
    "convo": "conversation",
    "wanna": "want to",
    "gonna": "going to",
    "gimme": "give me",
    "lemme": "let me",
    "lets": "let's",
    "dont": "don't",
    "id": "i'd",
    "sysprompt": "system prompt",
    "params": "parameters",
    "conf": "config",
    "cfg": "config",
    "doc": "document",
    "docs": "documents",
    "maximum": "max",
    "maximal": "max",
    "retitle": "rename",
    "entitle": "title",
    "kindly": "please",
    "commence": "start",
    "wot": "what",
    "ya": "you",
    "yer": "your",
    "gotta": "have to",
}
_KNOWN = (
    "temperature",
    "command",
    "commands",
    "document",
    "model",
    "models",
    "conversation",
    "prompt",
    "config",
    "configuration",
    "buffer",
    "settings",
    "parameters",
    "message",
    "messages",
    "reset",
    "switch",
    "input",
    "tokens",
    "title",
    "system",
    "context",
    "available",
    "support",
    "current",
)
_OTHERS = """
    preset resets buffet buffed duffer puffer suffer token titles titled little tithe tile modal modem motel motels morels modes mode novels
    hotels twitch stitch supports documents currents currant contest contexts prompts inputs configs massage massages commander comment
    comments
    beset reseat rests setting settling systems modelle modelo modelos titel titulo titolo temperatur temperatura documento dokument
"""
"""Words of their own, in English and beside it, that are one slip away from one of those."""
_LEFT_ALONE = frozenset(_OTHERS.split())


def words(text: str) -> list[re.Match[str]]:
    """Return the words of a text, with where they stand."""
    return list(_WORD.finditer(text))


@lru_cache(maxsize=4096)
def meant(word: str) -> str:
    """Return a lower-case word as it was meant: `temprature` is temperature, `u` is you; any other word is returned as it is."""
    if word.endswith("'s") and word not in ("it's", "what's", "let's"):
        return f"{meant(word[:-2])}'s"
    if word in _SHORT:
        return _SHORT[word]
    if len(word) < 5 or word in _KNOWN or word in _LEFT_ALONE:
        return word
    return next((known for known in _KNOWN if _slipped(word, known)), word)


def _slipped(word: str, known: str) -> bool:
    """Tell whether one letter was left out, added, exchanged or swapped with its neighbour; two in a long word."""
    if abs(len(word) - len(known)) > 1 or word[0] != known[0]:
        return False
    return _distance(word, known) <= (2 if len(known) > 9 else 1)


def _distance(one: str, other: str) -> int:
    """Return the optimal string alignment distance (Damerau, 1964, without edits inside a swap)."""
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, against in enumerate(other, 1):
            best = min(above[column] + 1, current[-1] + 1, above[column - 1] + (letter != against))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against:
                best = min(best, before[column - 2] + 1)
            current.append(best)
        before, above = above, current
    return above[-1]
