"""Passages out of pieces: no longer than the embedding model reads, cut where the text is, overlapping, with their place.

langchain's splitter cuts pieces into tiles at paragraphs, sentences and clauses, or where the language of code ends a function; tiles are
counted by the model's own tokenizer, many at once, and laid side by side until the window is full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from ..ports import Embedder
from .passages import Passage, Piece, with_titles

if TYPE_CHECKING:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

_T = TypeVar("_T")
_BATCH = 512
_SENTENCE = r"(?<=[.!?…])[\"'”’)\]]*\s+|[。！？]+"
_ENDS = tuple(".!?…。！？\"'”’)]")
_CLAUSE = r"(?<=[;:,])\s+|[、，；：]"
_PROSE = (r"\n\s*\n", _SENTENCE, r"\n", _CLAUSE, r"\s+", "")
_CODE = (r"\n\n", r"\n", r"[;,] ", r" ", "")


@dataclass(frozen=True, slots=True)
class Chunking:
    """How passages are cut."""

    overlap: int = 40
    """Tokens at most that a passage shares with the one before it."""
    tile: int = 240
    """Characters of prose that are kept together where they can be: about two sentences."""
    block: int = 480
    """Characters of code, or of a row, that are kept together."""
    longest: int = 1_800
    """Characters of a passage: the embedder looks at so many."""


def passages(pieces: Iterable[Piece], embedder: Embedder, chunking: Chunking | None = None) -> Iterator[Passage]:
    """Yield the passages of a document in their order; every character that is not blank lies in one. Raises what the embedder raises."""
    chunking = chunking or Chunking()
    packing = _Packing(embedder, chunking)
    for made in batches(packing.passages(_counted(_tiles(pieces, chunking), embedder)), _BATCH // 4):
        for passage, tokens in zip(made, embedder.count([each.embedded for each in made]), strict=True):
            yield from _fitting(replace(passage, tokens=tokens), embedder)


@dataclass(frozen=True, slots=True)
class _Tile:
    """A part of a piece that is not cut, if it fits."""

    piece: Piece
    start: int
    text: str
    tokens: int = 0

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def _tiles(pieces: Iterable[Piece], chunking: Chunking) -> Iterator[_Tile]:
    for piece in pieces:
        at = piece.start
        size = chunking.tile if piece.kind in ("prose", "heading") else chunking.block
        for text in _splitter(size, piece.kind == "code", piece.language).split_text(piece.text):
            yield _Tile(piece, at, text)
            at += len(text)


def _counted(tiles: Iterable[_Tile], embedder: Embedder) -> Iterator[_Tile]:
    """Yield the tiles with their tokens, without those at the ends of a text."""
    (ends,) = embedder.count([""])
    for some in batches(tiles, _BATCH):
        for tile, tokens in zip(some, embedder.count([each.text for each in some]), strict=True):
            yield replace(tile, tokens=tokens - ends)


class _Packing:
    """Tiles laid side by side."""

    def __init__(self, embedder: Embedder, chunking: Chunking) -> None:
        self._embedder = embedder
        self._chunking = chunking
        self._held: list[_Tile] = []
        self._titles: tuple[str, ...] = ()
        self._room = self._beside(())
        self._shared = 0
        """How many of the held tiles are in the passage before, too."""

    def passages(self, tiles: Iterable[_Tile]) -> Iterator[Passage]:
        """Yield passages, not yet counted as a whole."""
        for tile in tiles:
            if tile.piece.titles != self._titles:
                yield from self._section(tile.piece.titles)
            elif self._turns_the_page(tile):
                yield from self._emitted()
                self._held, self._shared = [], 0
            for each in self._small(tile):
                if not self._fits(each):
                    yield from self._emitted()
                    self._share(each)
                self._held.append(each)
        yield from self._emitted()

    def _turns_the_page(self, tile: _Tile) -> bool:
        """Return whether a tile begins a page, and the one before it ended with a sentence: what is cited then stands on one page."""
        last = self._held[-1] if self._held else None
        return last is not None and tile.piece.page != last.piece.page and last.text.rstrip().endswith(_ENDS)

    def _section(self, titles: tuple[str, ...]) -> Iterator[Passage]:
        """Go on under other titles. Headings alone are no passage: they go with what follows."""
        if any(tile.piece.kind != "heading" for tile in self._held[self._shared :]):
            yield from self._emitted()
            self._held, self._shared = [], 0
        self._titles, self._room = titles, self._beside(titles)

    def _beside(self, titles: tuple[str, ...]) -> int:
        """Return how many tokens there are for text beside the titles."""
        (used,) = self._embedder.count([with_titles(titles, "")])
        return self._embedder.window - used

    def _fits(self, tile: _Tile) -> bool:
        if not self._held:
            return True
        tokens = sum(each.tokens for each in self._held) + tile.tokens
        return tokens <= self._room and tile.end - self._held[0].start <= self._chunking.longest

    def _share(self, tile: _Tile) -> None:
        """Keep of the held tiles those at the end that the next passage begins with."""
        tokens, kept = 0, len(self._held)
        while kept > 1 and tokens + self._held[kept - 1].tokens <= self._chunking.overlap:
            kept -= 1
            tokens += self._held[kept].tokens
        self._held = self._held[kept:]
        self._shared = len(self._held)
        while self._held and not self._fits(tile):
            self._held, self._shared = self._held[1:], self._shared - 1

    def _small(self, tile: _Tile) -> Iterator[_Tile]:
        """Yield a tile, or its parts where it alone is too long."""
        size = len(tile.text)
        if size < 2 or (tile.tokens <= self._room and size <= self._chunking.longest):
            yield tile
            return
        at, parts = tile.start, []
        splitter = _splitter(_half(size, self._chunking.longest), tile.piece.kind == "code", tile.piece.language)
        for text in splitter.split_text(tile.text):
            parts.append(_Tile(tile.piece, at, text))
            at += len(text)
        for part in _counted(parts, self._embedder):
            yield from self._small(part)

    def _emitted(self) -> Iterator[Passage]:
        """Yield what is held as a passage, if anything in it is new and not blank."""
        if any(tile.text.strip() for tile in self._held[self._shared :]):
            yield _passage(self._held, self._titles)


def _passage(tiles: Sequence[_Tile], titles: tuple[str, ...]) -> Passage:
    text, end = "", tiles[0].start
    for tile in tiles:
        text += "\n" * (tile.start - end) + tile.text
        end = tile.end
    pages = [tile.piece.page for tile in tiles if tile.text.strip()]
    return _trimmed(Passage(text, tiles[0].start, end, titles, pages[0], pages[-1], 0))


def _trimmed(passage: Passage) -> Passage:
    """Return a passage without blank space around it, but with the indentation of its first line."""
    text = passage.text.rstrip()
    lead = text.rfind("\n", 0, len(text) - len(text.lstrip())) + 1
    return replace(passage, text=text[lead:], start=passage.start + lead, end=passage.start + len(text))


def _fitting(passage: Passage, embedder: Embedder) -> Iterator[Passage]:
    """Yield a passage, or its halves where its tokens are more than those of its parts. What cannot be halved stays whole."""
    if passage.tokens <= embedder.window or len(passage.text) < 2:
        yield passage
        return
    middle = len(passage.text) // 2
    cut = passage.text.rfind(" ", 1, middle) + 1 or middle
    halves = [
        replace(passage, text=passage.text[:cut], end=passage.start + cut),
        replace(passage, text=passage.text[cut:], start=passage.start + cut),
    ]
    for half in (_trimmed(each) for each in halves if each.text.strip()):
        yield from _fitting(replace(half, tokens=embedder.count([half.embedded])[0]), embedder)


def _half(size: int, longest: int) -> int:
    """Return a power of two that is at most half of a size: few enough sizes for a splitter of each to be kept."""
    return 1 << max(min(size // 2, longest), 1).bit_length() - 1


@cache
def _splitter(size: int, is_code: bool, language: str) -> RecursiveCharacterTextSplitter:
    """Return a splitter whose parts, joined, are the text."""
    from langchain_text_splitters import Language, RecursiveCharacterTextSplitter

    separators = [*(_CODE if is_code else _PROSE)]
    if is_code and language in {each.value for each in Language} - {Language.PERL.value}:
        separators = RecursiveCharacterTextSplitter.get_separators_for_language(Language(language))
    return RecursiveCharacterTextSplitter(
        separators=separators,
        is_separator_regex=True,
        keep_separator="start" if is_code else "end",
        strip_whitespace=False,
        chunk_size=size,
        chunk_overlap=0,
    )


def batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Yield items in lists of a size, the last one shorter."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
