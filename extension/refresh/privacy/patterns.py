"""Postal addresses and birthdays in a text, by the forms they usually have in a few languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

_STREET = (
    r"street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|square|sq|terrace|way|close|crescent|highway|hwy|"
    r"parkway|pkwy"
)
_NUMBER = r"\d{1,5}[a-zA-Z]?(?:[-/]\d{1,4}[a-zA-Z]?)?"
_WORD = r"[A-ZÀ-ÖØ-Þ0-9][\w'’.-]{0,30}"
_POSTAL = r"(?:,?\s+(?:[A-Z]{2}\s+)?\d{4,5}(?:-\d{4})?(?:\s+[A-ZÀ-ÖØ-Þ][\w-]{1,30})?|,?\s+[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2})?"
_NAMED = r"[A-ZÀ-ÖØ-Þ][^\W\d_]{1,30}(?:['’-][^\W\d_]{1,30})?\b"
_TOWN = rf"(?:,\s+{_NAMED}(?:\s+{_NAMED}){{0,2}})?{_POSTAL}"
_ADDRESSES = (
    re.compile(
        rf"\b{_NUMBER}\s+(?:{_WORD}\s+){{1,4}}(?i:{_STREET})\b\.?(?:,?\s+(?i:apt|apartment|flat|unit|suite|#)\.?\s*\w{{1,6}})?{_TOWN}"
    ),
    re.compile(rf"\b[A-ZÄÖÜ][\w-]{{1,30}}(?i:straße|strasse|str\.|weg|gasse|allee|platz|ring|damm|ufer)\s+{_NUMBER}{_TOWN}"),
    re.compile(rf"\b{_NUMBER},?\s+(?i:rue|avenue|boulevard|place|chemin|impasse|allée|quai)\s+(?:[\w'’-]{{1,30}}\s?){{1,5}}{_TOWN}"),
    re.compile(
        rf"\b(?i:calle|avenida|av\.|paseo|plaza|via|viale|piazza|corso|rua|travessa|praça|ul\.)\s+(?:[\w'’.-]{{1,30}}\s+){{0,4}}?"
        rf"(?:[\w'’.-]{{1,30}}),?\s+(?:n[º°.]\s*)?{_NUMBER}\b{_TOWN}"
    ),
    re.compile(rf"\b[A-ZÀ-Þ][\w-]{{2,30}}(?:straat|laan|plein|gracht|gatan|vägen|gade|vej)\s+{_NUMBER}{_TOWN}"),
)
_MONTH = (
    r"jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|février|mar(?:ch|s|zo)?|märz|apr(?:il)?|avril|may|mai|mayo|jun[ei]?|juin|junio|jul[iy]?|juillet|"
    r"julio|aug(?:ust)?|août|agosto|sep(?:t(?:ember)?)?|septembre|okt(?:ober)?|oct(?:ober|obre)?|nov(?:ember|embre)?|de[cz](?:ember)?|décembre"
)
_DATE = (
    rf"(?:\d{{1,4}}[./-]\d{{1,2}}(?:[./-]\d{{1,4}})?\.?|(?:the\s+)?\d{{1,2}}(?:st|nd|rd|th|\.|er)?(?:\s+of)?\s+(?:{_MONTH})\b\.?(?:,?\s+\d{{4}})?|"
    rf"(?:{_MONTH})\b\.?\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}})?)"
)
_BORN = (
    r"birthday|b-?day|date of birth|d\.?o\.?b\.?|born|geburtstag|geburtsdatum|geboren|geb\.|anniversaire|née?|cumpleaños|nac[ií]|"
    r"compleanno|nat[oa]|verjaardag|urodziny|fødselsdag"
)
_BIRTHDAYS = (
    re.compile(rf"\b(?:{_BORN})(?:\W+[\w'’]{{1,10}}){{0,4}}?\W{{1,4}}({_DATE})", re.IGNORECASE),
    re.compile(rf"({_DATE})(?:\W+[\w'’]{{1,10}}){{0,3}}?\W{{1,4}}(?:{_BORN})\b", re.IGNORECASE),
)
_LONGEST = 2_000
"""Characters of a text that are looked at in one piece: patterns with several ways to match are slow on long ones."""


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield where postal addresses stand: a street with a number, and the town and postal code that follow."""
    if any(letter.isdigit() for letter in text):
        for start, piece in _pieces(text):
            for pattern in _ADDRESSES:
                yield from ((start + found.start(), start + found.end()) for found in pattern.finditer(piece))


def birthdays(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the dates stand that are said to be birthdays."""
    if any(letter.isdigit() for letter in text):
        for start, piece in _pieces(text):
            for pattern in _BIRTHDAYS:
                yield from ((start + found.start(1), start + found.end(1)) for found in pattern.finditer(piece))


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text with where they begin, long ones cut."""
    start = 0
    for line in text.splitlines(keepends=True):
        for offset in range(0, len(line), _LONGEST):
            yield start + offset, line[offset : offset + _LONGEST]
        start += len(line)
