"""Fenced code in Markdown: where it begins and ends, and the lines that close and reopen it when a reply is split inside of it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_LINE = re.compile(
    r"^(?P<prefix>(?:[ \t]*+(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t])))*+[ \t]*+)(?P<marks>`{3,}+|~{3,}+)(?P<info>[^\n]*+)", re.MULTILINE
)
_UNQUOTED = re.compile(r"\n(?![ \t]*+>)")
_LIST_MARK = re.compile(r"[^\s>]")
_TAB = 4
_FURTHER = 3
"""Columns that a closing fence may stand further right than the opening one; code that is indented more is code (CommonMark, 4.5)."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: `text[start:inside]` is its opening line, `text[inside:outside]` what it holds, `text[outside:end]` the closing one.

    Without a closing line both `outside` and `end` are where the block ends: at the end of the text, or of the quotation it stands in.
    """

    start: int
    inside: int
    outside: int
    end: int
    prefix: str
    """What stands before the marks on further lines: indentation and quotation marks; a list's own mark only once."""
    marks: str
    info: str
    """What follows the marks: the language, and whatever else."""

    @property
    def closed(self) -> bool:
        """Whether the text itself closes it."""
        return self.outside < self.end

    @property
    def opening(self) -> str:
        """The line that opens it again in the next part."""
        return f"{self.prefix}{self.marks}{self.info}\n"

    @property
    def closing(self) -> str:
        """The line that closes it at the end of a part."""
        return f"\n{self.prefix}{self.marks}"

    def holds(self, place: int) -> bool:
        """Say whether a part that begins here begins in the block."""
        return self.start < place < self.end

    def is_open(self, place: int) -> bool:
        """Say whether a part that ends here leaves the block open."""
        return self.start < place < self.end + (not self.closed)


def fences(text: str, fits: Callable[[str], bool] = lambda lines: True) -> list[Fence]:
    """Return the fenced blocks of a text in order, as CommonMark has them, and indented ones too, however far.

    A block whose opening and closing line together do not pass `fits` is none: it could not be closed and opened again in one part.
    """
    found: list[Fence] = []
    open_: Fence | None = None
    unquoted = -1
    for line in _LINE.finditer(text):
        if open_ and ">" in open_.prefix:
            unquoted = _end_of_quotation(text, open_.inside, unquoted)
            if unquoted < line.start():
                found.append(_ended(open_, unquoted, unquoted))
                open_ = None
        if open_ is None:
            open_ = _opened(text, line, fits)
        elif _closes(open_, line):
            found.append(_ended(open_, line.start(), line.end("marks")))
            open_ = None
    if open_:
        end = _end_of_quotation(text, open_.inside, unquoted) if ">" in open_.prefix else len(text)
        found.append(_ended(open_, end, end))
    return found


def enclosing(found: Sequence[Fence], starts: Sequence[int], place: int) -> Fence | None:
    """Return the last block that begins before a place, which is the only one the place may lie in. `starts` are those of the blocks."""
    at = bisect_left(starts, place) - 1
    return found[at] if at >= 0 else None


def _opened(text: str, line: re.Match[str], fits: Callable[[str], bool]) -> Fence | None:
    prefix, marks, info = _LIST_MARK.sub(" ", line["prefix"]), line["marks"], line["info"].rstrip()
    if marks[0] == "`" and "`" in info:  # code in a line, not a block
        return None
    inside = min(line.end() + 1, len(text))
    fence = Fence(line.start(), inside, inside, inside, prefix, marks, info)
    return fence if fits(text[fence.start : inside] + fence.closing) and fits(fence.opening + fence.closing) else None


def _closes(fence: Fence, line: re.Match[str]) -> bool:
    if line["info"].strip() or _LIST_MARK.search(line["prefix"]):
        return False
    is_like_it = line["marks"].startswith(fence.marks)
    return is_like_it and _columns(line["prefix"]) <= _columns(fence.prefix) + _FURTHER


def _columns(prefix: str) -> int:
    return len(prefix.expandtabs(_TAB))


def _end_of_quotation(text: str, inside: int, known: int) -> int:
    """Return where the first line ends that the quotation does not go on after; `known` is what was found before, or -1."""
    if known >= inside - 1:
        return known
    found = _UNQUOTED.search(text, inside - 1)
    return found.start() if found else len(text)


def _ended(fence: Fence, outside: int, end: int) -> Fence:
    return Fence(fence.start, min(fence.inside, end), outside, end, fence.prefix, fence.marks, fence.info)
