"""Phone numbers in a text, as phonenumbers, Google's libphonenumber in Python, finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_DIGITS = re.compile(r"(?:\d[^\d\n]{0,4}){7,}")


def numbers(text: str, regions: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where phone numbers stand: those with a country code, and those that are valid in one of these regions (`US`, `DE`)."""
    if not _DIGITS.search(text):
        return
    from phonenumbers import Leniency, PhoneNumberMatcher

    for region in (None, *regions):
        for found in PhoneNumberMatcher(text, region, leniency=Leniency.VALID):
            yield found.start, found.end
