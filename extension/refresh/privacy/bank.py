"""Bank accounts (IBAN) and cards in a text: what looks like one and whose check digits are right, as python-stdnum reckons them."""

from __future__ import annotations

import re
from collections.abc import Iterator

_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){10,30}\b", re.IGNORECASE)
_CARD = re.compile(r"(?<![\d-])[2-6](?:[ -]?\d){12,18}(?![\d-])")
_SHORTEST = 15
"""Letters and digits of an IBAN."""


def numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yield where they stand."""
    from stdnum import iban, luhn

    for found in _IBAN.finditer(text):
        end = next((end for end in _ends(found[0]) if iban.is_valid(found[0][:end])), 0)
        if end:
            yield found.start(), found.start() + end
    for found in _CARD.finditer(text):
        if luhn.is_valid(re.sub(r"\D", "", found[0])):
            yield found.span()


def _ends(text: str) -> Iterator[int]:
    """Yield the lengths that an account's number in a text may have, the longest first: words that follow it look like a part of it."""
    yield len(text)
    for end in range(len(text) - 1, _SHORTEST - 1, -1):
        if text[end] in " -":
            yield end
