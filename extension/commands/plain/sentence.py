"""A sentence that may mean a command, as the patterns and the embedding model see it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import spelling

LONGEST = 300
"""Characters of a sentence that may mean a command; what is longer is chat."""
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_MENTION = re.compile(r"<@[!&]?\d+>|@[\w.-]+(?::[\w.-]+)?")
_HAIL = r"(?:(?:hey|hi|hello|ok|okay|yo|so|well|now|dear|please|and|alright|right|um|uh|bro|dude|mate|nah|oh|hm+)\b[\s,!.]*)*"
_GREETING = r"(?:hey|hi|hello|ok|okay|yo|so|well|alright|all right|um|uh|bro|dude|mate|nah|oh|hm+)"
_OPENING = re.compile(rf"^(?:{_GREETING}\b[\s,!.]+)+(?=\w)", re.IGNORECASE)
_CLOSING = re.compile(r"(?:[\s,]+(?:lol|haha|bro|dude|mate|man|okay|ok|rn|thx|ty|:\)|:D|xD))+(?=[.!?]*$)", re.IGNORECASE)
_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»|(?<!\w)'(.+?)'(?!\w)|(?<!\w)‘(.+?)’(?!\w)|`([^`]+)`")
LINK = re.compile(r"<?\b(?:(?:https?://)?(?:drive|docs)\.google\.com/|https?://|www\.)[^\s<>\"'`)\]]+>?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a sentence that says what a command is told: a link, or words in quotes."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence without the mention in front of it."""

    text: str
    """As it was written."""
    links: tuple[Part, ...]
    quotes: tuple[Part, ...]
    plain: str
    """In lower case, slips put right; a link is `linkword`, what stands in quotes `quoteword`."""
    origins: tuple[tuple[int, int, int], ...]
    """For each word of `plain`: where it begins there, and where it begins and ends in `text`."""

    def original(self, start: int) -> int:
        """Return where in `text` the word stands that begins at, or after, a place of `plain`."""
        return next((begin for place, begin, _ in self.origins if place >= start), len(self.text))


def sentence(text: str, names: Sequence[str] = ()) -> Sentence | None:
    """Return the sentence that a message is; None for one that is too long, of several lines, or of no words.

    `names` are those of the companion: one of them in front, or at the end behind a comma, is left out.
    """
    if len(text) > LONGEST + 100:
        return None
    bare = _bare(text, names)
    if not bare or len(bare) > LONGEST or "\n" in bare or "\r" in bare or _UNFIT.search(bare):
        return None
    letters = sum(letter.isalpha() for letter in bare)
    if letters < 4 or sum(letter.isascii() for letter in bare if letter.isalpha()) < 0.9 * letters:
        return None
    links = tuple(_part(found) for found in LINK.finditer(bare))
    quotes = tuple(Part(next(filter(None, found.groups())), *found.span()) for found in _QUOTED.finditer(bare) if not _inside(found, links))
    plain, origins = _plain(bare, links, quotes)
    return Sentence(bare, links, quotes, plain, origins)


def _bare(text: str, names: Sequence[str]) -> str:
    """Return a message without the mention, the name and the greeting in front of it."""
    bare = _MENTION.sub(" ", text, count=3).strip() if "@" in text else text.strip()
    bare = bare.replace("\u2019", "'").replace("\u00a0", " ")
    if names:
        name = "|".join(re.escape(each) for each in names if each)
        bare = re.sub(rf"^{_HAIL}(?:{name})\b(?!'s)[\s,:;.!-]*|,\s*(?:{name})\s*(?=[.!?]*$)", "", bare, count=2, flags=re.IGNORECASE)
    return _CLOSING.sub("", _OPENING.sub("", bare)).strip(" ,:;")


def _part(found: re.Match[str]) -> Part:
    link = found[0].strip("<>").rstrip(".,;:!?")
    start = found.start() + (found[0][0] == "<")
    return Part(link, found.start(), start + len(link) + found[0].endswith(">"))


def _inside(found: re.Match[str], parts: Sequence[Part]) -> bool:
    return any(part.start < found.end() and found.start() < part.end for part in parts)


def _plain(text: str, links: Sequence[Part], quotes: Sequence[Part]) -> tuple[str, tuple[tuple[int, int, int], ...]]:
    """Return a text in lower case with its words put right, and where each stood."""
    made, origins, at, length = [], [], 0, 0
    special = [(part.start, part.end, "linkword") for part in links] + [(part.start, part.end, "quoteword") for part in quotes]
    pieces = special + [
        (found.start(), found.end(), spelling.meant(found[0].lower()))
        for found in spelling.words(text)
        if not any(start < found.end() and found.start() < end for start, end, _ in special)
    ]
    for start, end, word in sorted(pieces):
        between = text[at:start].lower()
        made += [between, word]
        origins.append((length + len(between), start, end))
        length += len(between) + len(word)
        at = end
    return "".join([*made, text[at:].lower()]), tuple(origins)
