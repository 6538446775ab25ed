"""Taking a document in: read, cut into passages, embedded in batches, and put into the catalogue at the end, all of it or nothing.

Until then the passages wait in a temporary file, so that nobody waits for the database while a model embeds, and no document is too
long for the memory. What was embedded once, in whatever document, is not embedded again.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from hashlib import blake2b
from tempfile import TemporaryFile
from typing import BinaryIO, Literal, TextIO

from ..errors import Stopped
from ..memory.embeddings import packed
from ..memory.rows import clean
from ..messages import digest
from ..ports import Embedder
from . import reading
from .catalogue import Catalogue, Document, Embedded, New
from .chunks import batches, passages
from .limits import Limits
from .passages import Passage
from .shelves import Shelf

BATCH = 128
"""Passages that are embedded at once."""
_READ = 1 << 20

Change = Literal["added", "changed", "there", "moved", "removed", "refused"]
Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a document has come, and which of how many it is."""

    name: str
    share: float = 0.0
    """How much of it was read, from 0 to 1."""
    passages: int = 0
    """Of it that are embedded."""
    done: int = 0
    """Documents before it."""
    total: int = 1


Told = Callable[[Progress], object]


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one document."""

    name: str
    change: Change
    document: Document | None = None
    problem: str = ""
    """Why it was refused, and what to do."""
    warnings: tuple[str, ...] = ()
    """What of it could not be read."""
    embedded: int = 0
    """Passages that were embedded; the others were known."""


@dataclass(frozen=True, slots=True)
class Given:
    """A document that somebody hands over: an open, seekable file."""

    file: BinaryIO
    name: str
    """What it is called."""
    source: str
    """Where it is from: a path, an address, or its name."""
    charset: str = ""


class Intake:
    """Takes documents into a catalogue. Safe to use from several threads and processes."""

    def __init__(self, catalogue: Catalogue, embedder: Embedder) -> None:
        self._catalogue = catalogue
        self._embedder = embedder

    def take(self, given: Given, shelf: Shelf, owner: str, told: Told, stop: Stop, moved: Callable[[str], bool]) -> Taken:
        """Take in a document; `moved` says whether its content, known under another source, is there no more.

        Raises UnreadableDocument, MissingPackage, MissingModel, Stopped, StoreError, OSError.
        """
        content, size = _content(given.file, stop)
        known = self._catalogue.known(shelf, content)
        if known is not None and known.owner == owner and known.source != given.source and moved(known.source):
            return Taken(given.name, "moved", self._catalogue.named(known.id, given.source))
        if known is not None:
            return Taken(given.name, "there", known)
        given.file.seek(0)
        with (
            reading.read(given.file, given.name, charset=given.charset, stop=stop) as pieces,
            TemporaryFile("w+", encoding="utf-8") as waiting,
        ):
            embedded = count = 0
            for part, new in self._embedded(passages(pieces, self._embedder), stop):
                embedded += new
                count += _wait(waiting, part)
                told(Progress(given.name, pieces.share, count))
            new_one = New(shelf, owner, given.source, clean(pieces.title), pieces.kind, content, size)
            before = self._has(shelf, owner, given.source)
            document = self._catalogue.put(new_one, _waiting(waiting), self._embedder.name)
        return Taken(given.name, "changed" if before else "added", document, "", tuple(pieces.warnings), embedded)

    def _has(self, shelf: Shelf, owner: str, source: str) -> bool:
        return any(each.source == source for each in self._catalogue.documents(shelf, owner))

    def _embedded(self, found: Iterable[Passage], stop: Stop) -> Iterator[tuple[list[Embedded], int]]:
        """Yield passages with their vectors in batches, and how many of each were embedded. Raises Stopped."""
        for some in batches(found, BATCH):
            if stop():
                raise Stopped("Reading was stopped.")
            digests = [digest(each.embedded) for each in some]
            known = self._catalogue.vectors(digests, self._embedder.name)
            texts = {key: each.embedded for key, each in zip(digests, some, strict=True) if key not in known}
            vectors = self._embedder.embed(list(texts.values())) if texts else ()
            known |= {key: packed(vector) for key, vector in zip(texts, vectors, strict=True)}
            yield [Embedded(each, key, known[key]) for each, key in zip(some, digests, strict=True)], len(texts)


def _content(file: BinaryIO, stop: Stop) -> tuple[str, int]:
    """Return the digest of a file's content and its size; of one that is too large to be read, as far as that is sure."""
    state, size = blake2b(digest_size=16), 0
    file.seek(0)
    while size < Limits().size and (part := file.read(_READ)):
        if stop():
            raise Stopped("Reading was stopped.")
        state.update(part)
        size += len(part)
    return state.hexdigest(), size


def _wait(file: TextIO, parts: Iterable[Embedded]) -> int:
    """Write passages to a file, a line each, and return how many were written."""
    count = 0
    for part in parts:
        line = {"passage": asdict(part.passage), "digest": part.digest, "vector": b64encode(part.vector).decode()}
        file.write(json.dumps(line) + "\n")
        count += 1
    return count


def _waiting(file: TextIO) -> Iterator[Embedded]:
    """Yield the passages that wait in a file."""
    file.seek(0)
    for line in file:
        told = json.loads(line)
        found = told["passage"]
        yield Embedded(Passage(**{**found, "titles": tuple(found["titles"])}), told["digest"], b64decode(told["vector"]))
