"""Addresses, numbers and dates by which people are found, put out of what they said.

Each becomes its kind in brackets: `[email]`. Counted is how many there were of a kind; what they were is kept nowhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from . import bank, links, patterns, phones

Span = tuple[int, int]
Finder = Callable[[str], Iterable[Span]]
ORDER = ("email", "url", "bank", "birthday", "phone", "address")
"""What is looked for first where two overlap: the digits of an account are no phone number."""


class Redaction:
    """Takes the chosen kinds out of texts, and counts them. `regions` are those whose phone numbers are known without a country code."""

    def __init__(self, kinds: Sequence[str], regions: Sequence[str]) -> None:
        finders: dict[str, Finder] = {
            "email": links.emails,
            "url": links.urls,
            "bank": bank.numbers,
            "birthday": patterns.birthdays,
            "phone": lambda text: phones.numbers(text, regions),
            "address": patterns.addresses,
        }
        self._finders = [(kind, finders[kind]) for kind in ORDER if kind in kinds]
        self.found: Counter[str] = Counter()

    def of(self, text: str) -> str:
        """Return a text with the kind of what was found in its place."""
        taken: list[tuple[int, int, str]] = []
        for kind, finder in self._finders:
            for start, end in finder(text):
                if all(end <= first or start >= last for first, last, _ in taken):
                    taken.append((start, end, kind))
        for start, end, kind in sorted(taken, reverse=True):
            text = f"{text[:start]}[{kind}]{text[end:]}"
            self.found[kind] += 1
        return text
