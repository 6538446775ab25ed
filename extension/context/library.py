"""The library: what people handed over, taken in, listed, searched and removed."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from ..database import Database, watermark
from ..errors import NotFound, StoreError, UnreachablePage, UnreadableDocument
from ..memory.embeddings import packed
from ..memory.rows import clean
from ..messages import Attention, Excerpt, Person, ShelfScope, Turn
from ..ports import Embedder
from . import web
from .ahead import Given, Stop
from .catalogue import REVISION, Catalogue, Document, Size
from .folder import Entry, entries
from .intake import BATCH, Intake, Order, Progress, Taken, Told
from .limits import Limits
from .passages import with_titles
from .reading import opened
from .retrieval import Asked, Retrieval
from .shelves import Shelf, chosen

log = logging.getLogger(__name__)

Fetch = Callable[[str], web.Page]
_WEB = ("http://", "https://")


def _silent(progress: Progress) -> None:
    return


def _never() -> bool:
    return False


class Library:
    """The documents of one data directory. Constructing it does nothing; the first use opens the database.

    What takes documents in raises StoreError, MissingModel and MissingPackage, and Stopped once `stop` says so; then nothing of the
    document under way is kept. `told` hears how far each has come, and `owner` is the id of the person who hands it over.
    """

    def __init__(self, database: Database, embedder: Embedder, fetch: Fetch = web.fetch) -> None:
        self._database = database
        self._embedder = embedder
        self._fetch = fetch
        self.catalogue = Catalogue(database)
        self.retrieval = Retrieval(database, self.catalogue.words, embedder)
        self._intake = Intake(self.catalogue, embedder)

    def add(self, path: Path, shelf: Shelf, owner: str, *, told: Told = _silent, stop: Stop = _never) -> Taken:
        """Take in a file. Raises UnreadableDocument and NotFound, too."""
        return self._one(_file(path), Order(shelf, owner, told, stop, _is_gone))

    def add_open(
        self, file: BinaryIO, name: str, shelf: Shelf, owner: str, *, charset: str = "", told: Told = _silent, stop: Stop = _never
    ) -> Taken:
        """Take in what an open, seekable file holds, in place of what this person put on the shelf under the same name before.

        Raises UnreadableDocument, too.
        """
        given = Given(lambda: nullcontext(file), clean(name), clean(name), charset)
        return self._one(given, Order(shelf, owner, told, stop))

    def add_page(self, address: str, shelf: Shelf, owner: str, *, told: Told = _silent, stop: Stop = _never) -> Taken:
        """Take in what a public web address gives. Raises UnreachablePage and UnreadableDocument, too."""
        page = self._fetch(address)
        given = Given(lambda: BytesIO(page.content), clean(page.name), clean(address.partition("#")[0]), page.charset)
        return self._one(given, Order(shelf, owner, told, stop))

    def _one(self, given: Given, order: Order) -> Taken:
        (taken,) = self._intake.take([given], order)
        if isinstance(taken, Taken):
            return taken
        raise taken

    def shelf(self, scope: ShelfScope, person: Person, companion: str, place: str) -> Shelf:
        """Return the shelf of a scope for a person, a companion and the id of a place. Raises StoreError."""
        with self._database.read() as connection:
            return chosen(connection, scope, person, companion, place)

    def read(
        self, source: str, shelf: Shelf, owner: str, *, sync: bool = False, told: Told = _silent, stop: Stop = _never
    ) -> Iterator[Taken]:
        """Take in what a path of a file or a folder, or a web address, stands for; what cannot be read is said, not raised."""
        path = Path(source)
        try:
            if source.startswith(_WEB):
                yield self.add_page(source, shelf, owner, told=told, stop=stop)
            elif path.is_dir():
                yield from self.add_folder(path, shelf, owner, sync=sync, told=told, stop=stop)
            else:
                yield self.add(path, shelf, owner, told=told, stop=stop)
        except (UnreadableDocument, UnreachablePage, NotFound) as exc:
            yield Taken(source, "refused", problem=str(exc))

    def add_folder(
        self, folder: Path, shelf: Shelf, owner: str, *, sync: bool = False, told: Told = _silent, stop: Stop = _never
    ) -> Iterator[Taken]:
        """Take in the files of a folder, and yield what came of each; one that cannot be read costs the others nothing.

        With `sync`, what came from the folder before and is there no more is removed. A folder without any file removes nothing: it
        may be a disk that is not there now. Raises NotFound.
        """
        found, order = list(entries(folder)), Order(shelf, owner, told, stop, _is_gone)
        yield from (Taken(_name(each, folder), "refused", problem=each.problem) for each in found if each.problem)
        files, others = [each for each in found if not each.problem], list[Entry]()
        for each, taken in zip(files, self._of_folder(files, folder, order), strict=True):
            if taken.change == "there" and taken.document is not None and taken.document.source != _source(each.path):
                others.append(each)  # it is there under another name, which may change before this is over
            yield taken
        if sync and files:
            yield from self._sync(found, folder, shelf, owner)
        yield from (taken for taken in self._of_folder(others, folder, order) if taken.change != "there")

    def _of_folder(self, files: Sequence[Entry], folder: Path, order: Order) -> Iterator[Taken]:
        for each, taken in zip(files, self._intake.take([_file(each.path) for each in files], order), strict=True):
            name = _name(each, folder)
            yield replace(taken, name=name) if isinstance(taken, Taken) else Taken(name, "refused", problem=str(taken))

    def _sync(self, found: list[Entry], folder: Path, shelf: Shelf, owner: str) -> Iterator[Taken]:
        """Remove what the folder does not hold any more, but not what only cannot be looked at now."""
        root, there = _source(folder) + os.sep, {_source(each.path) for each in found}
        closed = tuple(_source(each.path) + os.sep for each in found if each.problem)
        gone = [
            each
            for each in self.catalogue.documents(shelf, owner)
            if each.source.startswith(root) and each.source not in there and not each.source.startswith(closed)
        ]
        self._remove(gone)
        yield from (Taken(each.source.removeprefix(root), "removed", each) for each in gone)

    def clear(self, shelf: Shelf) -> int:
        """Remove all documents of a shelf, and return how many there were. Raises StoreError."""
        documents = self.catalogue.documents(shelf)
        self._remove(documents)
        return len(documents)

    def remove(self, number: int) -> Document:
        """Remove a document, its passages and what the indexes hold of them, and return what it was. Raises NotFound, StoreError."""
        document = self.catalogue.one(number)
        self._remove([document])
        return document

    def _remove(self, documents: list[Document]) -> None:
        if not self.catalogue.remove([each.id for each in documents]):
            return
        try:
            self._database.compact()
        except StoreError as exc:
            log.warning("The documents are removed, but their words are not yet gone from the bytes of the files: %s", exc)

    def size(self) -> Size:
        """Return what the library takes. Raises StoreError."""
        return self.catalogue.size()

    def was_used(self) -> bool:
        """Return whether there ever was a document. Raises StoreError."""
        with self._database.read() as connection:
            return watermark(connection, REVISION) > 0

    def about(self, turn: Turn, attention: Attention, *, dense: bool = True) -> list[Excerpt]:
        """Return the excerpts that bear on a turn, best first. Raises StoreError.

        Without `dense`, words alone decide.
        """
        asked = Asked(turn.said, turn.person, turn.place, attention.shelf or turn.companion, attention.passages)
        return self.retrieval.search(asked, dense=dense)

    def excerpts(self, groups: Sequence[Sequence[int]]) -> list[Excerpt | None]:
        """Return excerpts by the ids of their passages, None for each of which something is removed. Raises StoreError."""
        return self.retrieval.excerpts(groups)

    def catch_up(self) -> None:
        """Embed anew what another model embedded, and load the vectors. Raises StoreError, MissingModel, MissingPackage."""
        if not (space := self._embedder.name):
            return
        while rows := self.catalogue.of_others(space, BATCH):
            texts = [with_titles(tuple(json.loads(row.titles)), row.text) for row in rows]
            self.catalogue.embedded(rows, [packed(vector) for vector in self._embedder.embed(texts)], space)
        self.retrieval.nearness.refresh()


def _file(path: Path) -> Given:
    """Return a file to be taken in."""

    def open_it() -> BinaryIO:
        try:
            return opened(path, Limits())
        except FileNotFoundError:
            raise NotFound(f"There is no file {path}.") from None
        except OSError as exc:
            raise UnreadableDocument(f"It cannot be opened ({exc.strerror}). Look at its permissions.") from exc

    return Given(open_it, clean(path.name), _source(path))


def _source(path: Path) -> str:
    return clean(os.path.realpath(path.parent) + os.sep + path.name) if path.name else clean(os.path.realpath(path))


def _is_gone(source: str) -> bool:
    return Path(source).is_absolute() and not os.path.lexists(source)


def _name(entry: Entry, folder: Path) -> str:
    return clean(str(entry.path.relative_to(folder)))
