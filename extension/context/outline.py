"""Blocks made into pieces: cleaned, cut to a length, under the headings before them, and with their place in the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .blocks import Block
from .cleaning import clean
from .passages import TITLE, Piece

LONGEST = 16_384
"""Characters of a piece."""
DEEPEST = 12
"""Titles of a path."""


class Outline:
    """The headings that what comes next stands under, and how far the text has come."""

    def __init__(self) -> None:
        self._under: tuple[str, ...] = ()
        self._headings: list[tuple[int, str]] = []
        self._end = 0
        self._before = ""

    def pieces(self, blocks: Iterable[Block]) -> Iterator[Piece]:
        """Yield the pieces of some blocks, none of them blank or longer than LONGEST."""
        for block in blocks:
            text = clean(block.text)
            if not block.follows:
                text = _without_blank_lines(text)
            if text.strip():
                self._turn(block, text)
                yield from self._cut(block, text)

    def _turn(self, block: Block, text: str) -> None:
        """Go on to the headings of a block."""
        if block.under != self._under:
            self._under, self._headings = block.under, []
        if block.kind == "heading":
            self._headings = [each for each in self._headings if each[0] < block.level]
            self._headings.append((block.level, title(text)))

    def _cut(self, block: Block, text: str) -> Iterator[Piece]:
        titles = (*(title(each) for each in block.under if each), *(each for _, each in self._headings))[-DEEPEST:]
        start = self._end + (0 if not self._end or block.follows else self._gap(block))
        at = 0
        while at < len(text):
            end = _end(text, at)
            if (part := text[at:end]).strip():
                yield Piece(part, start + at, titles, block.page, block.kind, block.language)
                self._end = start + end
            at = end
        self._before = block.kind

    def _gap(self, block: Block) -> int:
        """Return how many line breaks stand before a block: one between the rows of a table."""
        return 1 if block.kind == self._before == "table" else 2


def title(text: str) -> str:
    """Return a text as one short line."""
    line = " ".join(clean(text[: 4 * TITLE]).split())
    return line if len(line) <= TITLE else line[: TITLE - 1].rstrip() + "…"


def _without_blank_lines(text: str) -> str:
    """Return a text without the blank lines it begins with; the first line keeps its indentation."""
    lead = len(text) - len(text.lstrip())
    return text[text.rfind("\n", 0, lead) + 1 :]


def _end(text: str, at: int) -> int:
    """Return where a piece that begins at `at` ends: after a paragraph, a line or a word, if it can."""
    if len(text) - at <= LONGEST:
        return len(text)
    for mark in ("\n\n", "\n", " "):
        if (found := text.rfind(mark, at + LONGEST // 2, at + LONGEST)) >= 0:
            return found + len(mark)
    return at + LONGEST
