"""What two facts share that are about the same thing, and whether the later one is the end of the earlier.

The rules are conservative: where it is not clear that something changed, both facts stay. "Likes tea" and "likes
coffee" are both true of many people; a home, a job, an age people have one of at a time.
"""

from __future__ import annotations

import re

from ..messages import digest
from .stems import WORD

ONE_AT_A_TIME = {
    "name": ("name", "first name", "full name", "is called", "called"),
    "home": ("home", "lives in", "lives", "living in", "city", "town", "residence", "address", "place of residence", "home town now"),
    "job": ("job", "works as", "work", "profession", "occupation", "job title"),
    "employer": ("employer", "works at", "works for", "company", "workplace"),
    "age": ("age", "years old"),
    "birthday": ("birthday", "date of birth", "birth date"),
    "phone": ("phone", "phone number", "telephone", "telephone number", "mobile", "mobile number"),
    "email": ("email", "e mail", "email address", "e mail address"),
    "partner": ("partner", "husband", "wife", "spouse", "boyfriend", "girlfriend"),
    "marital status": ("marital status", "relationship status"),
    "weight": ("weight",),
    "height": ("height",),
}
"""What a person has one of at a time, with the ways to write it."""

_CANONICAL = {way: name for name, ways in ONE_AT_A_TIME.items() for way in ways}
_FAVOURITE = ("favourite", "favorite")
_ARTICLES = frozenset(("a", "an", "the", "s", "his", "her", "their", "my", "current", "new"))
_CHANGE = re.compile(r"\b(no longer|any ?more|changed|switched|renamed|instead of)\b", re.IGNORECASE)
_PAST = re.compile(r"\b(used to|was|were|had|lived|worked|formerly|previously|back then|would|might|maybe|perhaps|if)\b", re.IGNORECASE)


def attribute_key(attribute: str) -> str:
    """Return the name under which an attribute is compared with others: `Lives in` and `current city` are both `home`."""
    words = [word for word in WORD.findall(attribute.casefold()) if word not in _ARTICLES]
    joined = " ".join(words)
    if words and words[0] in _FAVOURITE:
        return " ".join(("favourite", *words[1:]))
    return _CANONICAL.get(joined, joined)


def subject(about: str, attribute: str) -> str:
    """Return the digest that facts share which are about the same attribute of the same somebody.

    `about` is who it is about, as it is compared: the identity of a person who speaks, or a name.
    """
    return digest(" ".join(WORD.findall(about.casefold())), attribute_key(attribute))


def ends_earlier(attribute: str, sentence: str) -> bool:
    """Return whether a fact said in this sentence is the end of earlier ones with another value.

    It is when nobody has two of it at a time, or when the sentence says that something changed; it is not when the
    sentence speaks of the past or of a possibility.
    """
    if _PAST.search(sentence):
        return False
    key = attribute_key(attribute)
    return key in ONE_AT_A_TIME or key.startswith("favourite ") or _CHANGE.search(sentence) is not None
