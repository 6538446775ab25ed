"""Taking documents in: read ahead, embedded in batches, and each put into the catalogue at its end, all of it or nothing.

Until then its passages wait in a temporary file, so that nobody waits for the database while a model embeds, and no document is too
long for the memory. A batch may hold passages of several documents. What was embedded once, in whatever document, is not embedded again.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import count, groupby
from tempfile import SpooledTemporaryFile
from typing import Literal

from ..errors import NotFound, Stopped, UnreadableDocument
from ..memory.embeddings import packed
from ..memory.rows import clean
from ..messages import digest
from ..ports import Embedder
from .ahead import Ahead, Begun, Cut, Ended, Given
from .ahead import Stop as Stop
from .catalogue import Catalogue, Document, Embedded, New
from .passages import Passage
from .shelves import Shelf

BATCH = 128
"""Passages that are embedded at once."""
_IN_MEMORY = 1 << 20
"""Bytes of a document's passages that wait in memory; more wait in a file."""

Change = Literal["added", "changed", "there", "moved", "removed", "refused"]


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
class Order:
    """For whom documents are taken in, and who is told of it."""

    shelf: Shelf
    owner: str
    """Id of the person who hands them over."""
    told: Told
    """Hears how far each has come."""
    stop: Stop
    """Asked again and again whether to stop."""
    moved: Callable[[str], bool] = lambda source: False
    """Says whether content that is known under a source is there no more."""

    def go_on(self) -> None:
        """Raise Stopped when it is time to stop."""
        if self.stop():
            raise Stopped("Reading was stopped.")


class Intake:
    """Takes documents into a catalogue. Safe to use from several threads and processes."""

    def __init__(self, catalogue: Catalogue, embedder: Embedder) -> None:
        self._catalogue = catalogue
        self._embedder = embedder

    def take(self, documents: Sequence[Given], order: Order) -> Iterator[Taken | UnreadableDocument | NotFound]:
        """Take in documents, and yield what came of each, in their order: also why one could not be read.

        Raises MissingPackage, MissingModel, Stopped, StoreError.
        """
        batch: list[tuple[_Waiting, Cut]] = []
        begun = count()
        with Ahead(documents, self._embedder, partial(self._is_known, order.shelf), order.stop) as ahead, closing(_Line()) as waiting:
            for found in ahead:
                if isinstance(found, Begun):
                    waiting.append(_Waiting(found.given, next(begun), len(documents)))
                elif isinstance(found, Cut):
                    batch.append((waiting[-1], found))
                else:
                    waiting[-1].ended = found
                if len(batch) == BATCH or (not isinstance(found, Cut) and ahead.is_waiting):
                    self._embed(batch, order)
                    yield from self._over(waiting, order)
            self._embed(batch, order)
            yield from self._over(waiting, order)

    def _is_known(self, shelf: Shelf, content: str) -> bool:
        return self._catalogue.known(shelf, content) is not None

    def _embed(self, batch: list[tuple[_Waiting, Cut]], order: Order) -> None:
        """Embed what is not known of a batch, give each document its part, and empty it. Raises Stopped."""
        order.go_on()
        texts = {digest(cut.passage.embedded): cut.passage.embedded for _, cut in batch}
        known = self._catalogue.vectors(list(texts), self._embedder.name)
        new = [key for key in texts if key not in known]
        vectors = self._embedder.embed([texts[key] for key in new]) if new else ()
        known |= {key: packed(vector) for key, vector in zip(new, vectors, strict=True)}
        unsaid = set(new)
        for document, some in groupby(batch, lambda each: each[0]):
            for _, cut in some:
                key = digest(cut.passage.embedded)
                document.keep(Embedded(cut.passage, key, known[key]), cut.share, is_new=key in unsaid)
                unsaid.discard(key)
            order.told(document.progress)
        batch.clear()

    def _over(self, waiting: _Line, order: Order) -> Iterator[Taken | UnreadableDocument | NotFound]:
        """Put in the documents that are read to their end, of which every passage was embedded, and yield what came of each."""
        while waiting and (ended := waiting[0].ended) is not None:
            order.go_on()
            with closing(waiting.popleft()) as document:
                yield from self._one(document, ended, order)

    def _one(self, document: _Waiting, ended: Ended, order: Order) -> Iterator[Taken | UnreadableDocument | NotFound]:
        given = document.given
        if ended.problem is not None:
            yield ended.problem
        elif not ended.is_known:
            yield self._put(document, ended, order)
        elif (known := self._catalogue.known(order.shelf, ended.content)) is None:  # the one before it was refused, or removed meanwhile
            yield from self.take([given], order)
        elif known.owner == order.owner and known.source != given.source and order.moved(known.source):
            yield Taken(given.name, "moved", self._catalogue.named(known.id, given.source))
        else:
            yield Taken(given.name, "there", known)

    def _put(self, document: _Waiting, ended: Ended, order: Order) -> Taken:
        new = New(order.shelf, order.owner, document.given.source, clean(ended.title), ended.kind, ended.content, ended.size)
        before = self._catalogue.has(order.shelf, order.owner, new.source)
        put = self._catalogue.put(new, document.kept(), self._embedder.name)
        return Taken(document.given.name, "changed" if before else "added", put, "", tuple(ended.warnings), document.embedded)


class _Waiting:
    """A document under way: its passages, as far as they are embedded, wait until it is read to its end."""

    def __init__(self, given: Given, done: int, total: int) -> None:
        self.given = given
        self.ended: Ended | None = None
        self.progress = Progress(given.name, done=done, total=total)
        self.embedded = 0
        self._file = SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8")  # noqa: SIM115 - closed at its own end

    def close(self) -> None:
        """Let go of what waits."""
        self._file.close()

    def keep(self, part: Embedded, share: float, *, is_new: bool) -> None:
        """Let a passage wait."""
        line = {"passage": asdict(part.passage), "digest": part.digest, "vector": b64encode(part.vector).decode()}
        self._file.write(json.dumps(line) + "\n")
        self.embedded += is_new
        self.progress = replace(self.progress, share=share, passages=self.progress.passages + 1)

    def kept(self) -> Iterator[Embedded]:
        """Yield the passages that wait."""
        self._file.seek(0)
        for line in self._file:
            told = json.loads(line)
            found = told["passage"]
            yield Embedded(Passage(**{**found, "titles": tuple(found["titles"])}), told["digest"], b64decode(told["vector"]))


class _Line(deque[_Waiting]):
    """Documents under way, in their order."""

    def close(self) -> None:
        """Let go of all of them."""
        for each in self:
            each.close()
