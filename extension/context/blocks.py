"""What a reader gives: blocks of text, and remarks on what could not be read. And what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, TypeAlias

from .limits import Limits
from .passages import Kind


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a document as its format has it; `outline` makes pieces of them."""

    text: str
    kind: Kind = "prose"
    level: int = 0
    """Of a heading, from 1."""
    page: int | None = None
    under: tuple[str, ...] = ()
    """Titles it stands under beside the headings before it: a sheet, a file of a zip, a bookmark."""
    language: str = ""
    follows: bool = False
    """It continues the block before without a break."""


@dataclass(frozen=True, slots=True)
class Titled:
    """The title of the document, as the document says."""

    text: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A warning for the person. It quotes nothing of the document but the names of files."""

    text: str


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the document was read, from 0 to 1, where its place in the file does not tell."""

    done: float


Found: TypeAlias = Block | Titled | Remark | Share


class Unpacked:
    """How many bytes one document has unpacked to so far, with everything in it."""

    def __init__(self) -> None:
        self.size = 0


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read: seekable, from its beginning."""

    file: BinaryIO
    name: str
    """What it is called: a hint where the content does not tell, and never opened."""
    size: int
    limits: Limits = field(default_factory=Limits)
    charset: str = ""
    """What was said of it by who sent it; '' for nothing."""
    depth: int = 0
    """How many zips and mails it lies in."""
    unpacked: Unpacked = field(default_factory=Unpacked)
    """Shared with everything that lies in it."""

    @property
    def suffix(self) -> str:
        """The last part of its name in lower case, with the dot; '' for none."""
        stem, dot, last = self.name.rpartition(".")
        return f".{last.lower()}" if dot and stem and "/" not in last else ""


Reader: TypeAlias = Callable[[Source], Iterator[Found]]
