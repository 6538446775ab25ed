"""What a question asks for: its words of meaning, whom it names, what kind of answer it wants, and when."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from ..fulltext import meaningful
from ..stems import WORD
from .times import Span, spans

WHO = ("what", "when", "where", "who", "why", "how", "which")
_OPENING = re.compile(
    rf"^({'|'.join(WHO)})\b(\s+(many|much|often|long|kind\s+of|type\s+of|did|does|do|is|are|was|were|has|have|had|would|will|can|could|might))*",
    re.IGNORECASE,
)
MYSELF = frozenset(("i", "me", "my", "mine", "myself", "we", "us", "our", "ours"))
_NOW = re.compile(r"\b(now|nowadays|currently|at the moment|these days|latest|still)\b", re.IGNORECASE)
LONGEST = 2_000
"""Characters of a question that are looked at."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, taken apart."""

    text: str
    words: tuple[str, ...]
    """All its words, in lower case and in order."""
    content: tuple[str, ...]
    """The distinct words of meaning."""
    kind: str
    """The question word it turns on ('what', 'when', ...), '' for none."""
    about_myself: bool
    about_now: bool
    spans: tuple[Span, ...]
    """The times it speaks of."""

    def nameless(self, names: Collection[str]) -> tuple[str, ...]:
        """Return the words of meaning without the names of people; with them, where there is no other word."""
        return tuple(word for word in self.content if word not in names) or self.content

    def named(self, names: Collection[str]) -> frozenset[str]:
        """Return the names of people in it."""
        return frozenset(self.words).intersection(names)


def understood(text: str, now: datetime) -> Asked:
    """Take a question apart; `now` is the moment it is asked, in the asker's time zone."""
    text = text[:LONGEST]
    words = tuple(word.lower() for word in WORD.findall(text))
    kind = next((word for word in words if word in WHO), "")
    return Asked(text, words, tuple(meaningful(text)), kind, not MYSELF.isdisjoint(words), bool(_NOW.search(text)), tuple(spans(text, now)))


def statement(text: str, names: Collection[str]) -> str:
    """Return a question without the words that make it one, and without names: of "What did Ana plant in May?" it leaves "plant in May".

    Sentences are closer to sentences: the embedding of this form finds statements that the question's does not.
    """
    kept = _OPENING.sub("", text[:LONGEST].strip()).strip(" ?").split()
    plain = [word for word in kept if word.lower().strip(".,!?").removesuffix("'s").removesuffix("’s") not in names]
    return " ".join(plain) or text[:LONGEST]
