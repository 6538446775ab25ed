"""What a break should not tear: for each place in a text, how bad a break there would be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import regex

from .fences import Fence

FREE, STYLED, ATOM, LETTER, WALL = range(5)
"""A break is welcome; or tears what is bold, italic or hidden; a link, an emoji or code; what is read as one letter; a fence's own line."""

_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s<>]++|\\[!-/:-@\[-`{-~]|&#?\w{2,32};", re.IGNORECASE)
_LINK = re.compile(
    r"!?\[(?:[^\[\]\n]|\n(?!\s*\n)|\[[^\[\]\n]*+\])*+\]"
    r"(?:\((?:<[^<>\n]*+>|(?:[^()\s]|\([^()\s]*+\))*+)(?:[ \t]++\"[^\"\n]{0,300}\")?\)|\[[^\[\]\n]*+\])"
)
_ANGLED = re.compile(
    r"<(?:a?:\w{1,64}:\d{1,24}|[@#][!&]?\d{1,24}|t:-?\d{1,18}(?::[a-z])?|id:\w{1,32}|/[^<>\n]{1,100}:\d{1,24}"
    r"|[a-z][a-z0-9+.-]{1,15}:[^\s<>]++|[^\s<>@]{1,100}@[^\s<>@]{1,200})>",
    re.IGNORECASE,
)
_MARKER = re.compile(r"^[ \t]*+(?:(?:[-+*>]|#{1,6}|\d{1,9}[.)])[ \t]++)++\S", re.MULTILINE)
_RUN = re.compile(r"`{3,}+|~{3,}+")
_BEFORE_RUN = " \t>+-*.)#0123456789"
_LOOK_BACK = 64
_TICKS = re.compile(r"`++")
_STYLE = re.compile(r"\*{1,3}|_{1,3}|~~|\|\|")
_PARAGRAPH = re.compile(r"\n[ \t\r]*\n")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_PAIR = re.compile("\r\n|[\ud800-\udbff][\udc00-\udfff]")
_LETTER = regex.compile(r"\X")

Span = tuple[int, int]


def costs(text: str, fences: Sequence[Fence]) -> bytearray:
    """Return the cost of a break before each character of a text, and of one at its end."""
    found = bytearray(len(text) + 1)
    prose = list(_prose(text, fences))
    _mark(found, (span for start, end in prose for span in _pairs(text, start, end, _STYLE)), STYLED)
    _mark(found, (span for start, end in prose for span in _pairs(text, start, end, _TICKS)), ATOM)
    for pattern in (_LINK, _ANGLED, _MARKER):
        _mark(found, (match.span() for start, end in _between(text, fences) for match in pattern.finditer(text, start, end)), ATOM)
    _mark(found, (match.span() for match in _URL.finditer(text)), ATOM)
    _mark(found, _runs(text), ATOM)
    _mark(found, _letters(text), LETTER)
    for fence in fences:
        found[fence.start + 1 : fence.inside + 1] = bytes([WALL]) * (fence.inside - fence.start)
        if fence.closed:
            first = max(fence.inside, fence.outside - (2 if text[fence.outside - 2 : fence.outside] == "\r\n" else 1))
            found[first : fence.end] = bytes([WALL]) * (fence.end - first)
    return found


def _mark(found: bytearray, spans: Iterable[Span], cost: int) -> None:
    for start, end in spans:
        if end - start > 1:
            found[start + 1 : end] = bytes([cost]) * (end - start - 1)


def _between(text: str, fences: Sequence[Fence]) -> Iterator[Span]:
    """Yield the parts of a text that are no fenced code."""
    start = 0
    for fence in fences:
        yield start, fence.start
        start = fence.end
    yield start, len(text)


def _prose(text: str, fences: Sequence[Fence]) -> Iterator[Span]:
    """Yield the paragraphs of a text."""
    for first, last in _between(text, fences):
        start = first
        for blank in _PARAGRAPH.finditer(text, first, last):
            yield start, blank.start()
            start = blank.end()
        yield start, last


def _pairs(text: str, start: int, end: int, marks: re.Pattern[str]) -> Iterator[Span]:
    """Yield what stands between two equal marks, with them; in linear time, whatever the marks."""
    runs = list(marks.finditer(text, start, end))
    partners: list[int | None] = [None] * len(runs)
    later: dict[str, int] = {}
    for at in range(len(runs) - 1, -1, -1):
        partners[at] = later.get(runs[at][0])
        if _may_close(text, runs[at]):
            later[runs[at][0]] = at
    at = 0
    while at < len(runs):
        partner = partners[at]
        if partner is not None and _may_open(text, runs[at]):
            yield runs[at].start(), runs[partner].end()
            at = partner
        at += 1


def _may_open(text: str, run: re.Match[str]) -> bool:
    after, before = text[run.end() : run.end() + 1], text[run.start() - 1 : run.start()] if run.start() else ""
    return run[0][0] == "`" or (after.strip() != "" and not (run[0][0] == "_" and before.isalnum()))


def _may_close(text: str, run: re.Match[str]) -> bool:
    after, before = text[run.end() : run.end() + 1], text[run.start() - 1 : run.start()] if run.start() else ""
    return run[0][0] == "`" or (before.strip() != "" and not (run[0][0] == "_" and after.isalnum()))


def _runs(text: str) -> Iterator[Span]:
    """Yield the runs of marks that would open or close a fenced block if a line began with them, with what may stand before them."""
    for run in _RUN.finditer(text):
        before = text[max(0, run.start() - _LOOK_BACK) : run.start()].rpartition("\n")
        bare = before[2].rstrip(_BEFORE_RUN)
        is_within_a_line = bool(bare) or not (before[1] or run.start() < _LOOK_BACK)
        yield run.start() - len(before[2]) + len(bare) - is_within_a_line, run.end()


def _letters(text: str) -> Iterator[Span]:
    """Yield what is read as one letter though it is several characters."""
    yield from (match.span() for match in _PAIR.finditer(text))
    if not text.isascii():
        # The module takes quadratic time over a row of flags, so it is shown another letter of two characters for each.
        yield from (match.span() for match in _LETTER.finditer(_FLAG.sub("x\u0301", text)))
