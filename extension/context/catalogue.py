"""The catalogue: documents and their passages in the database, with their words in the full-text index, all or nothing of each.

One transaction puts a document in, in place of the one of the same source, or takes it out. Each takes the next revision of the library,
from which whoever keeps something in memory knows what to look at again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..database import Database, set_watermark, watermark
from ..errors import NotFound
from ..memory.document import Document as Words
from ..memory.document import Layout
from ..memory.fulltext import TextSearch
from ..memory.rows import slices
from ..tables import document, passage, shelf
from .chunks import batches
from .passages import Passage
from .shelves import Shelf, made, shelf_id

LAYOUT = Layout("passage", {"titles": 0.8, "text": 1.0}, ("text",), ("text", "titles"))
REVISION = "library"
"""Counter of the changes of the library."""
_NUMBER = "library:passage"
"""Counter of the highest number that a passage was given."""
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Document:
    """A document as the library has it."""

    id: int
    shelf: Shelf
    owner: str
    """Id of the person who handed it over."""
    source: str
    """The path or address it was read from, or what it was called."""
    title: str
    kind: str
    """Of its format: `pdf`, `docx`, …"""
    digest: str
    """Of its content."""
    bytes: int
    """Size of its content."""
    stored: int
    """Bytes that its passages and their vectors take in the database, without the indexes."""
    passages: int
    when: datetime
    """When it was read."""


@dataclass(frozen=True, slots=True)
class New:
    """A document that was read, without its passages."""

    shelf: Shelf
    owner: str
    source: str
    title: str
    kind: str
    digest: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Embedded:
    """A passage with its vector, as float16 bytes of one space."""

    passage: Passage
    digest: str
    """Of what was embedded."""
    vector: bytes


@dataclass(frozen=True, slots=True)
class Size:
    """What a library takes."""

    documents: int
    passages: int
    bytes: int
    """Of the documents themselves, which stay where they are."""
    stored: int
    """In the database, without the indexes."""


class Catalogue:
    """The documents of one database. Every method raises StoreError when it fails."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.words = TextSearch(database, LAYOUT)
        """Full-text search over passages: their shelf is the realm, their document the place."""

    def put(self, new: New, parts: Iterable[Embedded], space: str) -> Document:
        """Put a document in, in place of what this person had put on this shelf from the same source, and return it."""
        with self._database.write() as connection:
            on = made(connection, new.shelf)
            match = (document.c.shelf_id == on, document.c.person_id == new.owner, document.c.source == new.source)
            self._delete(connection, connection.execute(sa.select(document.c.id).where(*match)).scalars().all())
            values = {"shelf_id": on, "person_id": new.owner, "source": new.source, "title": new.title, "kind": new.kind}
            values |= {"digest": new.digest, "bytes": new.bytes, "added_at": datetime.now(UTC).timestamp()}
            values |= {"stored": 0, "passages": 0, "revision": _given(connection, REVISION)}
            number = connection.execute(sa.insert(document).values(values).returning(document.c.id)).scalar_one()
            count = stored = 0
            for some in batches(parts, _BATCH):
                stored += self._insert(connection, on, number, count, some, space)
                count += len(some)
            connection.execute(sa.update(document).where(document.c.id == number).values(passages=count, stored=stored))
            return _document(connection.execute(_DOCUMENTS.where(document.c.id == number)).one())

    def _insert(self, connection: sa.Connection, on: int, number: int, count: int, parts: Sequence[Embedded], space: str) -> int:
        """Put in passages after `count` others, and return how many bytes they take."""
        first = _given(connection, _NUMBER, len(parts))
        rows = [_row(first + at, number, count + at, part, space) for at, part in enumerate(parts)]
        connection.execute(sa.insert(passage), rows)
        texts = [(" ".join(part.passage.titles), part.passage.text) for part in parts]
        self.words.index.replace(connection, (), [Words(first + at, on, str(number), text) for at, text in enumerate(texts)])
        return sum(len(row["text"].encode()) + len(row["titles"]) + len(row["vector"]) for row in rows)

    def remove(self, ids: Sequence[int]) -> int:
        """Take documents out, in the full-text index too, and return how many there were."""
        with self._database.write() as connection:
            return self._delete(connection, ids)

    def _delete(self, connection: sa.Connection, ids: Sequence[int]) -> int:
        gone = 0
        for some in slices(ids):
            passages = sa.select(document.c.shelf_id, passage.c.id).join(document, document.c.id == passage.c.document_id)
            rows = connection.execute(passages.where(document.c.id.in_(some))).all()
            self.words.index.replace(connection, [(row[0], row[1]) for row in rows], ())
            connection.execute(sa.delete(passage).where(passage.c.document_id.in_(some)))
            gone += connection.execute(sa.delete(document).where(document.c.id.in_(some))).rowcount
        if gone:
            _given(connection, REVISION)
        return gone

    def named(self, number: int, source: str) -> Document:
        """Say that a document has another source by now, and return it. Raises NotFound."""
        with self._database.write() as connection:
            connection.execute(sa.update(document).where(document.c.id == number).values(source=source))
        return self.one(number)

    def one(self, number: int) -> Document:
        """Return a document. Raises NotFound."""
        with self._database.read() as connection:
            row = connection.execute(_DOCUMENTS.where(document.c.id == number)).first()
        if row is None:
            raise NotFound(f"There is no document {number}. `familiar library list` shows those there are.")
        return _document(row)

    def known(self, where: Shelf, digest: str) -> Document | None:
        """Return the document of this content on a shelf, the first where there are several."""
        with self._database.read() as connection:
            match = (document.c.shelf_id == shelf_id(connection, where), document.c.digest == digest)
            row = connection.execute(_DOCUMENTS.where(*match).order_by(document.c.id).limit(1)).first()
        return None if row is None else _document(row)

    def has(self, where: Shelf, owner: str, source: str) -> bool:
        """Return whether this person has put something on a shelf from a source."""
        with self._database.read() as connection:
            match = (document.c.shelf_id == shelf_id(connection, where), document.c.person_id == owner, document.c.source == source)
            return connection.execute(sa.select(document.c.id).where(*match).limit(1)).first() is not None

    def documents(self, where: Shelf | None = None, owner: str | None = None) -> list[Document]:
        """Return all documents, or those of a shelf or a person, in the order in which they were read."""
        with self._database.read() as connection:
            query = _DOCUMENTS if owner is None else _DOCUMENTS.where(document.c.person_id == owner)
            if where is not None:
                query = query.where(document.c.shelf_id == shelf_id(connection, where))
            return [_document(row) for row in connection.execute(query.order_by(document.c.added_at, document.c.id))]

    def size(self) -> Size:
        """Return what the library takes."""
        sums = [sa.func.coalesce(sa.func.sum(document.c[name]), 0) for name in ("passages", "bytes", "stored")]
        with self._database.read() as connection:
            found = connection.execute(sa.select(sa.func.count(), *sums).select_from(document)).one()
        return Size(*map(int, found))

    def vectors(self, digests: Sequence[str], space: str) -> dict[str, bytes]:
        """Return the vectors that are there already of texts with these digests."""
        query = sa.select(passage.c.digest, passage.c.vector).where(passage.c.space == space)
        with self._database.read() as connection:
            rows = [row for some in slices(digests) for row in connection.execute(query.where(passage.c.digest.in_(some)))]
        return {row[0]: row[1] for row in rows}

    def of_others(self, space: str, most: int) -> Sequence[Any]:
        """Return passages with vectors of another space: rows (id, document_id, titles, text, digest)."""
        columns = (passage.c.id, passage.c.document_id, passage.c.titles, passage.c.text, passage.c.digest)
        other = sa.or_(passage.c.space < space, passage.c.space > space)  # as a range, which an index answers
        with self._database.read() as connection:
            return connection.execute(sa.select(*columns).where(other).limit(most)).all()

    def embedded(self, rows: Sequence[Any], vectors: Sequence[bytes], space: str) -> None:
        """Put new vectors in place of those of such rows, as far as they are still there."""
        with self._database.write() as connection:
            for row, vector in zip(rows, vectors, strict=True):
                match = (passage.c.id == row.id, passage.c.digest == row.digest)
                connection.execute(sa.update(passage).where(*match).values(space=space, vector=vector))
            changed = document.c.id.in_({row.document_id for row in rows})
            connection.execute(sa.update(document).where(changed).values(revision=_given(connection, REVISION)))

    def rebuild(self) -> int:
        """Make the full-text index anew out of the passages, and return how many there are."""
        query = sa.select(passage, document.c.shelf_id).join(document, document.c.id == passage.c.document_id).order_by(passage.c.id)
        with self._database.write() as connection:
            self.words.index.clear(connection)
            last = 0
            while rows := connection.execute(query.where(passage.c.id > last).limit(_BATCH)).all():
                texts = [(" ".join(json.loads(row.titles)), row.text) for row in rows]
                each = zip(rows, texts, strict=True)
                words = [Words(row.id, row.shelf_id, str(row.document_id), text) for row, text in each]
                self.words.index.replace(connection, (), words)
                last = rows[-1].id
        return self.words.count()


def _given(connection: sa.Connection, name: str, many: int = 1) -> int:
    """Return the next number of a counter, the first of `many`. Its caller is the only one who writes."""
    first = watermark(connection, name) + 1
    set_watermark(connection, name, first + many - 1)
    return first


def _row(number: int, of: int, at: int, part: Embedded, space: str) -> dict[str, Any]:
    found = part.passage
    pages = {"page": found.page, "last_page": found.last_page, "begins": found.start, "ends": found.end}
    titles = json.dumps(found.titles, ensure_ascii=False)
    kept = {"digest": part.digest, "space": space, "vector": part.vector}
    return {"id": number, "document_id": of, "number": at, "text": found.text, "titles": titles, **pages, **kept}


_OWNERLESS = [column for column in document.c if column.name != "person_id"]
_SHELF = (shelf.c.scope, shelf.c.companion, shelf.c.person_id.label("reader"), shelf.c.place_id)
_DOCUMENTS = sa.select(*_OWNERLESS, document.c.person_id.label("giver"), *_SHELF).join(shelf, shelf.c.id == document.c.shelf_id)


def _document(row: Any) -> Document:
    sizes = (row.bytes, row.stored, row.passages)
    when = datetime.fromtimestamp(row.added_at, UTC)
    on = Shelf(row.scope, row.companion, row.reader, row.place_id)
    return Document(row.id, on, row.giver, row.source, row.title, row.kind, row.digest, *sizes, when)
