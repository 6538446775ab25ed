"""What a document becomes: pieces, as a reader gives them, and passages, as they are embedded and shown to a model.

Both point into the *extracted text*: the pieces' texts in their order, with line breaks where one piece ends before the next begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "prose", "code", "table"]

TITLE = 120
"""Characters of a title that are kept in a title path."""
PATH = 120
"""Characters of a title path that are embedded with a passage, from its end."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a document of one kind: a heading, some paragraphs, a block of code, a row of a table. Never blank."""

    text: str
    start: int
    """Where it begins in the extracted text, in characters."""
    titles: tuple[str, ...] = ()
    """The headings it stands under, outermost first; a heading stands under itself."""
    page: int | None = None
    """The page it is on, from 1, where the format has pages."""
    kind: Kind = "prose"
    language: str = ""
    """Of code: the language's name in lower case, where it is known."""

    @property
    def end(self) -> int:
        """Where it ends in the extracted text."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document that is found, shown to a model and cited as a whole."""

    text: str
    """Exactly what stands in the extracted text from `start` to `end`."""
    start: int
    end: int
    titles: tuple[str, ...]
    page: int | None
    last_page: int | None
    """The page it ends on."""
    tokens: int
    """Of `embedded`, for the model that embeds it, with what that adds at both ends."""

    @property
    def embedded(self) -> str:
        """The text to embed: the title path, as far as the text does not begin with it, and the text."""
        return with_titles(self.titles, self.text)


def with_titles(titles: tuple[str, ...], text: str) -> str:
    """Return a text under a line of the titles it stands under; those it begins with are not said twice."""
    said, rest = [], text
    for title in titles:
        if rest.startswith(title):
            rest = rest[len(title) :].lstrip()
        else:
            said.append(title)
    line = " › ".join(said)[-PATH:].strip()
    return f"{line}\n{text}" if line else text


def extracted(pieces: Iterable[Piece]) -> Iterator[str]:
    """Yield a document's extracted text in parts; joined, they are what offsets point into."""
    end = 0
    for piece in pieces:
        yield "\n" * (piece.start - end)
        yield piece.text
        end = piece.end
