"""The kinds of values that options and the arguments of commands take: each reads a text, checks it, and says what it takes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Protocol, runtime_checkable

from ..errors import CommandRefused

_ON, _OFF = ("on", "true", "yes", "1"), ("off", "false", "no", "0")
_NUMBER = re.compile(r"[+-]?\d+")
LONGEST = 4000
"""Characters of a text, unless a kind says otherwise."""


@runtime_checkable
class Kind(Protocol):
    """What a value may be."""

    @property
    def takes(self) -> str:
        """What it takes, to be read after "takes": `a number from 0 to 2`."""

    def read(self, text: str) -> Any:
        """Return the value a text stands for. Raises CommandRefused with a sentence that begins with what was wrong."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number in a range; either end may be open."""

    least: int | None = None
    most: int | None = None

    @property
    def takes(self) -> str:
        """What it takes."""
        return f"a whole number{_range(self.least, self.most)}"

    def read(self, text: str) -> int:
        """Return the number; `#` may stand before it."""
        found = text.strip().removeprefix("#").replace("_", "")
        if len(found) > 40 or not _NUMBER.fullmatch(found):
            raise CommandRefused(f"`{_brief(text)}` is not {self.takes}.")
        return int(_inside(int(found), self.least, self.most, self.takes))


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a range, ends included unless `open_below`; either end may be open."""

    least: float | None = None
    most: float | None = None
    open_below: bool = False

    @property
    def takes(self) -> str:
        """What it takes."""
        return f"a number{_range(self.least, self.most, 'above' if self.open_below else 'from')}"

    def read(self, text: str) -> float:
        """Return the number; a comma may stand for the point."""
        try:
            found = float(text.strip().replace(",", "."))
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            raise CommandRefused(f"`{_brief(text)}` is not {self.takes}.")
        if self.open_below and found == self.least:
            raise CommandRefused(f"`{_brief(text)}` is out of range: it takes {self.takes}.")
        return float(_inside(found, self.least, self.most, self.takes))


@dataclass(frozen=True, slots=True)
class Switch:
    """On or off."""

    @property
    def takes(self) -> str:
        """What it takes."""
        return "on or off"

    def read(self, text: str) -> bool:
        """Return True for on, true, yes and 1, False for off, false, no and 0."""
        found = text.strip().lower()
        if found not in (*_ON, *_OFF):
            raise CommandRefused(f"`{_brief(text)}` is neither on nor off.")
        return found in _ON


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some words, in whatever case."""

    words: tuple[str, ...]

    @property
    def takes(self) -> str:
        """What it takes."""
        return f"one of {', '.join(self.words)}"

    def read(self, text: str) -> str:
        """Return the word as it is written in the list."""
        return one_of(text, self.words, "")


@dataclass(frozen=True, slots=True)
class Words:
    """A text that is not empty, of so many characters at most."""

    longest: int = LONGEST

    @property
    def takes(self) -> str:
        """What it takes."""
        return f"a text of {self.longest:,} characters at most"

    def read(self, text: str) -> str:
        """Return the text without white space around it."""
        found = text.strip()
        if not found:
            raise CommandRefused("There is no text.")
        if len(found) > self.longest:
            raise CommandRefused(f"The text has {len(found):,} characters: it takes {self.longest:,} at most.")
        return found


@dataclass(frozen=True, slots=True)
class Many:
    """Values of one kind, separated by commas; `[1, 2]` is understood too."""

    of: Kind
    most: int = 64

    @property
    def takes(self) -> str:
        """What it takes."""
        return f"up to {self.most} values with commas between them, each {self.of.takes}"

    def read(self, text: str) -> tuple[Any, ...]:
        """Return the values; none for an empty list."""
        inner = text.strip().removeprefix("[").removesuffix("]")
        parts = [part.strip().strip("\"'") for part in inner.split(",")] if inner.strip() else []
        if len(parts) > self.most:
            raise CommandRefused(f"That are {len(parts)} values: it takes {self.most} at most.")
        return tuple(self.of.read(part) for part in parts)


@dataclass(frozen=True, slots=True)
class Either:
    """A value of the first of two kinds, or else of the second: a switch or `never`, a number or a word."""

    first: Kind
    second: Kind

    @property
    def takes(self) -> str:
        """What it takes."""
        return f"{self.first.takes}, or {self.second.takes}"

    def read(self, text: str) -> Any:
        """Return the value."""
        try:
            return self.first.read(text)
        except CommandRefused:
            try:
                return self.second.read(text)
            except CommandRefused:
                raise CommandRefused(f"`{_brief(text)}` is not {self.takes}.") from None


@dataclass(frozen=True, slots=True)
class Found:
    """A word out of a list that is looked up when it is needed, such as the models there are. Any text, where the list is empty."""

    what: str
    """What it names: `a model`."""
    longest: int = 500

    @property
    def takes(self) -> str:
        """What it takes."""
        return self.what

    def read(self, text: str) -> str:
        """Return the text without white space around it."""
        return Words(self.longest).read(text)


def one_of(text: str, words: Sequence[str], what: str) -> str:
    """Return the one of some words that a text names in whatever case. Raises CommandRefused, with the one that may be meant."""
    found = text.strip()
    for match in (str, _plain):
        for word in words:
            if match(word) == match(found):
                return word
    close = get_close_matches(_plain(found)[:100], [_plain(word) for word in words], n=1, cutoff=0.6)
    meant = next((word for word in words if close and _plain(word) == close[0]), "")
    said = f"There is no {what} `{_brief(found)}`." if what else f"`{_brief(found)}` is none of them."
    listed = f" It is one of {', '.join(words)}." if len(words) <= 40 else ""
    raise CommandRefused(said + (f" Did you mean `{meant}`?" if meant else "") + listed)


def _plain(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")


def _inside(value: float, least: float | None, most: float | None, takes: str) -> float:
    if (least is not None and value < least) or (most is not None and value > most):
        raise CommandRefused(f"`{_figure(value)}` is out of range: it takes {takes}.")
    return value


def _range(least: float | None, most: float | None, below: str = "from") -> str:
    if least is None:
        return "" if most is None else f" up to {_figure(most)}"
    if most is None:
        return f" above {_figure(least)}" if below == "above" else f", {_figure(least)} or more"
    return f" {below} {_figure(least)} to {_figure(most)}"


def _figure(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def _brief(text: str) -> str:
    shown = text if len(text) <= 60 else f"{text[:57]}..."
    return shown.replace("`", "'").replace("\n", " ")
