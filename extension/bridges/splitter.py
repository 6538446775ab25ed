"""Splits a long reply into parts that a platform takes, without tearing code, lists, links or letters.

What it promises, of text of any kind: no part is over the limit, empty, or of white space alone. Each part stands on its own: a fenced
block that goes on in the next part is closed at the end of the one and opened again, with its language, in the other. Nothing else is
added, and nothing is lost but one line break or space at each break, never of an indentation. Two exceptions, both of white space that
no part could show: what the text ends with, where it does not fit, and blank lines or an indentation that would fill a part of their own.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from .fences import Fence, enclosing, fences
from .spans import ATOM, LETTER, STYLED, WALL, costs

LIMIT = 2_000
"""What a message of Discord holds, in UTF-16 units."""
Measure = Callable[[str], int]
"""The length of a text as a platform counts it: at least one for each character, and never less for a longer text."""

TOO_LOW = "There is no room for a single character: take a higher limit."
Break = tuple[int, int, int]
"""How good it is (the lower, the better), where the part ends, and where the next begins."""

_LEAST_FILLED = 3
"""A break counts as a good one where at least this part (a third) of what would fit comes before it."""
_FENCE_SHARE = 0.6
"""The part of a limit that the opening and closing line of a fenced block may take, or it is plain text."""
_PARAGRAPH, _BLANK, _LINE, _SENTENCE, _WORD = range(5)
_BREAK = re.compile(
    r"(?P<blank>\r?\n(?:[ \t]*+\r?\n)++)|(?P<line>\r?\n)"
    r"|(?P<space>(?<=\S)[ \t]++(?!(?:[-+*#>]|\d{1,9}[.)])[ \t]))|(?P<stop>[。！？][」』”’）】]*)|(?P<comma>[，、；：])"
)
_SENTENCE_END = re.compile(r"[.!?…][\"'’”»)\]*_]*\Z")
_VISIBLE = re.compile(r"\S")
_AHEAD = 8
"""Characters behind the longest part that a break may look at."""


def utf16(text: str) -> int:
    """Return the UTF-16 units of a text, as Discord counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf8(text: str) -> int:
    """Return the bytes of a text in UTF-8, as Matrix counts."""
    return len(text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text: `text[start:end]`, between the lines that open and close the fenced block it begins or ends in."""

    start: int
    end: int
    opening: str
    closing: str
    body: str

    @property
    def text(self) -> str:
        """What is sent."""
        return f"{self.opening}{self.body}{self.closing}"


def split(text: str, limit: int = LIMIT, *, measure: Measure = utf16) -> list[str]:
    """Return the parts of a text, none of which measures more than the limit; nothing for white space alone.

    Raises ValueError where a single character is more than the limit.
    """
    return [part.text for part in parts(text, limit, measure=measure)]


def parts(text: str, limit: int = LIMIT, *, measure: Measure = utf16) -> Iterator[Part]:
    """Yield the parts of a text with where they come from; see split."""
    return _Reply(text, limit, measure).parts()


@dataclass(frozen=True)
class _Reply:
    """A text that is being split."""

    text: str
    limit: int
    measure: Measure

    @cached_property
    def _fences(self) -> list[Fence]:
        return fences(self.text, lambda lines: self.measure(lines) <= _FENCE_SHARE * self.limit)

    @cached_property
    def _starts(self) -> list[int]:
        return [fence.start for fence in self._fences]

    @cached_property
    def _costs(self) -> bytearray:
        return costs(self.text, self._fences)

    def parts(self) -> Iterator[Part]:
        start, last = 0, len(self.text.rstrip())
        while start < last:
            opening = self._opening(start)
            if part := self._rest(start, last, opening):
                yield part
                return
            seen = _VISIBLE.search(self.text, start)
            lead = seen.start() if seen and not opening else start
            far = self._far(start, opening)
            if far <= lead:
                start = self._past_blanks(start, lead)
                continue
            end, following = self._break(start, lead, far, opening)
            yield self._part(start, end, opening)
            start = following

    def _part(self, start: int, end: int, opening: str) -> Part:
        return Part(start, end, opening, self._closing(end), self.text[start:end])

    def _rest(self, start: int, last: int, opening: str) -> Part | None:
        """Return what is left as one part, where it fits; without the white space at its end, where that is too much."""
        for end in (len(self.text), last):
            if end - start <= self.limit:
                closing = self._closing(end)
                if end == len(self.text) and self.text.endswith("\n"):
                    closing = closing.removeprefix("\n")
                if self._fits(start, end, opening, closing):
                    return Part(start, end, opening, closing, self.text[start:end])
        return None

    def _far(self, start: int, opening: str) -> int:
        """Return where a part ends at the latest."""
        far = self._longest(start, opening, "")
        fence = enclosing(self._fences, self._starts, far)
        if fence and fence.is_open(far):
            closed = self._longest(start, opening, fence.closing)
            far = closed if closed > fence.inside or fence.start <= start else fence.start
        if far <= start:
            raise ValueError(TOO_LOW)
        return far

    def _longest(self, start: int, opening: str, closing: str) -> int:
        ends = range(start + 1, min(start + self.limit, len(self.text)) + 1)
        return start + bisect_right(ends, self.limit, key=lambda end: self.measure(f"{opening}{self.text[start:end]}{closing}"))

    def _fits(self, start: int, end: int, opening: str, closing: str) -> bool:
        return self.measure(f"{opening}{self.text[start:end]}{closing}") <= self.limit

    def _opening(self, place: int) -> str:
        fence = enclosing(self._fences, self._starts, place)
        return fence.opening if fence and fence.holds(place) else ""

    def _closing(self, place: int) -> str:
        fence = enclosing(self._fences, self._starts, place)
        return fence.closing if fence and fence.is_open(place) else ""

    def _past_blanks(self, start: int, lead: int) -> int:
        """Return where to go on after white space that leaves no room for what follows: the line of that, or else that itself."""
        line = self.text.rfind("\n", start, lead) + 1
        return line or lead

    def _break(self, start: int, lead: int, far: int, opening: str) -> tuple[int, int]:
        """Return where the part ends and where the next begins."""
        while far > lead:
            third = start + (far - start) // _LEAST_FILLED
            found = [each for each in self._breaks(start, lead, far) if self._cost(each) <= STYLED]
            _, end, following = min(found, key=lambda each: self._rank(each, third)) if found else self._torn(lead, far)
            if self._fits(start, end, opening, self._closing(end)):
                return end, following
            far = end - 1  # the line that closes the block takes more than the one in the text
        raise ValueError(TOO_LOW)

    def _cost(self, found: Break) -> int:
        return max(self._costs[found[1]], self._costs[found[2]])

    def _rank(self, found: Break, third: int) -> tuple[int, bool, int, int]:
        level, end, _ = found
        return self._cost(found), end < third, level, -end

    def _torn(self, lead: int, far: int) -> Break:
        """Return the last break within a word, and within something longer than a part only where there is no other."""
        for most in (STYLED, ATOM, LETTER, WALL):
            if end := next((place for place in range(far, lead, -1) if self._costs[place] <= most), 0):
                return _WORD, end, end
        raise ValueError(TOO_LOW)

    def _breaks(self, start: int, lead: int, far: int) -> Iterator[Break]:
        """Yield the breaks between lines, sentences and words."""
        for match in _BREAK.finditer(self.text, start, min(far + _AHEAD, len(self.text))):
            yield from (found for found in self._at(match) if lead < found[1] <= far)

    def _at(self, match: re.Match[str]) -> Iterator[Break]:
        start, end, kind = *match.span(), match.lastgroup
        fence = enclosing(self._fences, self._starts, start)
        is_code = fence is not None and fence.is_open(start)
        if kind == "blank":
            last = end - (2 if self.text.endswith("\r\n", start, end) else 1)
            yield _BLANK if is_code else _WORD if self._is_heading(start) else _PARAGRAPH, last, end
            yield _WORD, start, start + (2 if self.text[start] == "\r" else 1)
        elif kind == "line":
            is_whole = fence is not None and fence.end == start
            yield _PARAGRAPH if is_whole else _WORD if not is_code and self._is_heading(start) else _LINE, start, end
        elif kind == "space":
            is_sentence = not is_code and _SENTENCE_END.search(self.text, max(0, start - _AHEAD), start)
            is_dropped = not is_code and self.text[end - 1] == " "
            yield _SENTENCE if is_sentence else _WORD, end - is_dropped, end
        else:
            yield _SENTENCE if kind == "stop" and not is_code else _WORD, end, end

    def _is_heading(self, end: int) -> bool:
        return self.text.startswith("#", self.text.rfind("\n", 0, end) + 1)
