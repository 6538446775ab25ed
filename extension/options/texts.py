"""Kinds of values that only options take: texts with line breaks, words with a weight, and two numbers that belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import CommandRefused
from .kinds import Number, Whole, Words

_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\\\": "\\"}
HEAVIEST = 10.0
"""The most that is added to a word's logit, or taken from it: e to the tenth times as likely."""


@dataclass(frozen=True, slots=True)
class Escaped:
    """A short text in which `\\n` is a line break and `\\t` a tab."""

    longest: int = 200

    @property
    def takes(self) -> str:
        """What it takes."""
        return f"a text of {self.longest} characters at most, in which \\n is a line break"

    def read(self, text: str) -> str:
        """Return the text with its line breaks."""
        return self.kept(_unescaped(Words(self.longest * 2).read(text)))

    def kept(self, raw: Any) -> str:
        """Return a text as it was kept."""
        if not isinstance(raw, str) or not 0 < len(raw) <= self.longest:
            raise CommandRefused(f"it takes {self.takes}.")
        return raw

    def written(self, value: str) -> str:
        """Return the text in one line."""
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


@dataclass(frozen=True, slots=True)
class Weighted:
    """A word and a weight, `word:2.5`; a weight below zero makes it less likely."""

    longest: int = 60

    @property
    def takes(self) -> str:
        """What it takes."""
        return f"a word and a weight from {-HEAVIEST:g} to {HEAVIEST:g}, such as ocean:2.5"

    def read(self, text: str) -> tuple[str, float]:
        """Return the word and its weight."""
        word, colon, weight = text.rpartition(":")
        if not colon:
            raise CommandRefused(f"`{text.strip()[:60]}` has no weight: it takes {self.takes}.")
        return Words(self.longest).read(word), Number(-HEAVIEST, HEAVIEST).read(weight)

    def kept(self, raw: Any) -> tuple[str, float]:
        """Return a word and its weight as they were kept."""
        if not isinstance(raw, (list, tuple)) or len(raw) != 2 or not isinstance(raw[0], str) or type(raw[1]) not in (int, float):
            raise CommandRefused(f"it takes {self.takes}.")
        return self.read(f"{raw[0]}:{raw[1]!r}")

    def written(self, value: tuple[str, float]) -> str:
        """Return the word with its weight behind a colon."""
        return f"{value[0]}:{value[1]:g}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two numbers with a comma between them, a whole one first."""

    first: Whole
    second: Number

    @property
    def takes(self) -> str:
        """What it takes."""
        return f"{self.first.takes}, a comma, and {self.second.takes}"

    def read(self, text: str) -> tuple[int, float]:
        """Return the numbers; brackets around them are understood."""
        parts = text.strip().strip("[]()").split(",")
        if len(parts) != 2:
            raise CommandRefused(f"`{text.strip()[:60]}` is not {self.takes}.")
        return self.first.read(parts[0]), self.second.read(parts[1])

    def kept(self, raw: Any) -> tuple[int, float]:
        """Return the numbers as they were kept."""
        if not isinstance(raw, (list, tuple)) or len(raw) != 2 or type(raw[0]) is not int or type(raw[1]) not in (int, float):
            raise CommandRefused(f"it takes {self.takes}.")
        return self.first.read(str(raw[0])), self.second.read(repr(raw[1]))

    def written(self, value: tuple[int, float]) -> str:
        """Return the numbers with a comma between them."""
        return f"{value[0]}, {value[1]:g}"


def _unescaped(text: str) -> str:
    """Return the text with what stands for a line break, a tab and a backslash put in its place."""
    made, at = [], 0
    while at < len(text):
        pair = text[at : at + 2]
        made.append(_ESCAPES.get(pair, text[at]))
        at += 2 if pair in _ESCAPES else 1
    return "".join(made)
