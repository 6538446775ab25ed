"""Recall by meaning: the embeddings of exchanges, kept in the database, and the vector index fed from them.

Two steps, both idempotent and both resumed where a kill left them: texts become embeddings (stored with a digest of
the text, so nothing is embedded twice), and embeddings go into the vector index of this process.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ..database import Database, counter, embedding, exchange, forgotten, set_watermark, watermark
from ..errors import IndexUnavailable, MissingPackage
from ..messages import digest
from ..ports import Embedder
from ..vectors import ChromaVectors, ExactVectors, Key, VectorIndex

if TYPE_CHECKING:
    from ..ports import Vectors

log = logging.getLogger(__name__)

PARTS = ("said", "reply")
_EMBED_BATCH = 32
_SYNC_BATCH = 1_000


class Semantic:
    """Embeds exchanges and searches them by meaning. Safe to use from several threads.

    `folder` is where Chroma may keep its index; None searches exactly, without Chroma.
    """

    def __init__(self, database: Database, embedder: Embedder, folder: Path | None) -> None:
        self._database = database
        self.embedder = embedder
        self._folder = folder
        self._index: VectorIndex | None = None
        self._checked = False
        self._lock = RLock()

    @property
    def kind(self) -> str:
        """Name of the index in use: 'chroma', 'exact' where another process owns Chroma's folder, 'none' before the first sync."""
        return "none" if self._index is None else "chroma" if isinstance(self._index, ChromaVectors) else "exact"

    def embed(self) -> int:
        """Embed what the diary holds beyond the watermark; return how many exchanges were looked at."""
        done = 0
        while step := self._embed_step():
            done += step
        return done

    def sync(self) -> int:
        """Bring the vector index up to the embeddings; return how many exchanges were put in or taken out."""
        with self._lock:
            index = self._opened()
            done = self._feed(index)
            if not self._checked:
                self._checked = True
                done += self._compare(index)
        return done

    def search(self, realms: Sequence[int], vector: Vectors, limit: int) -> dict[int, float]:
        """Return the similarity of the exchanges nearest to `vector` within realms. Raises IndexUnavailable.

        Never waits for the index to be opened or filled: before the first sync it finds nothing.
        """
        return {} if self._index is None else self._index.search(realms, vector, limit)

    def size(self, realms: Sequence[int]) -> int:
        """Return how many vectors these realms hold, 0 before the first sync and for an index that fails."""
        index = self._index
        try:
            return 0 if index is None else sum(index.size(realm) for realm in realms)
        except IndexUnavailable:
            return 0

    def search_place(self, place: str, realms: Sequence[int], vector: Vectors) -> dict[int, float]:
        """Return the similarity of every exchange of one place, within realms, to `vector`: exact, since a chat is small."""
        match = sa.and_(exchange.c.place_id == place, exchange.c.realm_id.in_(list(realms)))
        with self._database.read() as connection:
            ids = list(connection.execute(sa.select(exchange.c.id).where(match)).scalars())
        return self.similarity(vector, ids)

    def similarity(self, vector: Vectors, exchanges: Sequence[int]) -> dict[int, float]:
        """Return the similarity of each of these exchanges to `vector`, the better part of each."""
        found: dict[int, float] = {}
        query = sa.select(embedding.c.exchange_id, embedding.c.vector).where(embedding.c.space == self.embedder.name)
        rows: list[Any] = []
        with self._database.read() as connection:
            for start in range(0, len(exchanges), _SYNC_BATCH):
                part = exchanges[start : start + _SYNC_BATCH]
                rows += connection.execute(query.where(embedding.c.exchange_id.in_(part))).all()
        if rows:
            scores = _unpacked([row.vector for row in rows]) @ vector
            for row, score in zip(rows, scores, strict=True):
                found[row.exchange_id] = max(found.get(row.exchange_id, -1.0), float(score))
        return found

    def behind(self) -> int:
        """Return how many revisions of the diary have no embeddings yet."""
        with self._database.read() as connection:
            return watermark(connection, "revision") - watermark(connection, self._watermark)

    def rebuild(self) -> int:
        """Empty the vector index and fill it from the embeddings; return how many exchanges it holds."""
        with self._lock:
            index = self._opened()
            index.clear()
            return self._feed(index)

    def expected(self) -> dict[int, set[Key]]:
        """Return the keys that each realm of the index should hold."""
        query = sa.select(exchange.c.realm_id, embedding.c.exchange_id, embedding.c.part).join(
            exchange, exchange.c.id == embedding.c.exchange_id
        )
        keys: dict[int, set[Key]] = {}
        with self._database.read() as connection:
            for realm, number, part in connection.execute(query.where(embedding.c.space == self.embedder.name)):
                keys.setdefault(realm, set()).add((number, part))
        return keys

    def indexed(self) -> dict[int, set[Key]]:
        """Return the keys that each realm of the index holds."""
        with self._lock:
            index = self._opened()
            return {realm: index.keys(realm) for realm in index.counts()}

    def close(self) -> None:
        """Let go of the index, and of Chroma's folder."""
        with self._lock:
            if self._index is not None:
                self._index.close()
                self._index = None
                self._checked = False

    @property
    def _watermark(self) -> str:
        return f"embedding:{self.embedder.name}"

    def _opened(self) -> VectorIndex:
        """Return the index to use from now on: Chroma's as soon as its folder is free, exact search until then."""
        if isinstance(self._index, ChromaVectors) or (self._index is not None and self._folder is None):
            return self._index
        if self._folder is not None:
            try:
                owned = ChromaVectors(self._folder, self.embedder.name)
            except (IndexUnavailable, MissingPackage) as exc:
                if self._index is None:
                    log.info("%s", exc)
            else:
                self._feed(owned)
                self._index, self._checked = owned, False
        if self._index is None:
            self._index = ExactVectors()
        return self._index

    def _embed_step(self) -> int:
        with self._database.read() as connection:
            done, newest = watermark(connection, self._watermark), watermark(connection, "revision")
            if done >= newest:
                return 0
            rows = connection.execute(
                sa.select(exchange).where(exchange.c.revision > done).order_by(exchange.c.revision).limit(_EMBED_BATCH)
            ).all()
            known = self._known(connection, [row.id for row in rows])
        up_to = rows[-1].revision if len(rows) == _EMBED_BATCH else newest
        texts = {(row.id, part): getattr(row, part) for row in rows for part in PARTS if getattr(row, part).strip()}
        new = [key for key, text in texts.items() if known.pop(key, None) != digest(text)]
        packed = self._embedded(new, texts)
        stale = [key for key in known if key not in texts]
        with self._database.write() as connection:
            self._store(connection, up_to, {key: (digest(texts[key]), packed[key]) for key in new}, stale)
        return max(1, len(rows))

    def _embedded(self, keys: Sequence[Key], texts: dict[Key, str]) -> dict[Key, bytes]:
        if not keys:
            return {}
        vectors = self.embedder.embed([texts[key] for key in keys])
        return {key: _packed(vector) for key, vector in zip(keys, vectors, strict=True)}

    def _known(self, connection: sa.Connection, ids: Sequence[int]) -> dict[Key, str]:
        match = sa.and_(embedding.c.exchange_id.in_(list(ids)), embedding.c.space == self.embedder.name)
        query = sa.select(embedding.c.exchange_id, embedding.c.part, embedding.c.digest).where(match)
        return {(row[0], row[1]): row[2] for row in connection.execute(query)}

    def _store(self, connection: sa.Connection, up_to: int, new: dict[Key, tuple[str, bytes]], stale: Sequence[Key]) -> None:
        """Store embeddings of exchanges that are still as they were read; a changed one comes again with its new revision."""
        ids = {number for number, _ in new}
        match = sa.and_(exchange.c.id.in_(ids), exchange.c.revision <= up_to)
        alive = set(connection.execute(sa.select(exchange.c.id).where(match)).scalars())
        for number, part in [*stale, *new]:
            connection.execute(sa.delete(embedding).where(embedding.c.exchange_id == number, embedding.c.part == part))
        values = [
            {"exchange_id": number, "part": part, "space": self.embedder.name, "digest": key, "vector": vector}
            for (number, part), (key, vector) in new.items()
            if number in alive
        ]
        if values:
            connection.execute(sa.insert(embedding), values)
        if watermark(connection, self._watermark) == 0:  # another model's embeddings are being replaced
            connection.execute(sa.update(counter).where(counter.c.name.startswith("embedding:")).values(value=0))
        set_watermark(connection, self._watermark, up_to)

    def _feed(self, index: VectorIndex) -> int:
        done = 0
        while True:
            with self._database.read() as connection:
                newest = watermark(connection, self._watermark)
                if index.revision >= newest:
                    return done
                rows, gone, up_to = self._changes(connection, index.revision, newest)
            for realm in sorted({row.realm_id for row in rows} | {row.realm_id for row in gone}):
                self._put(
                    index, realm, [row for row in rows if row.realm_id == realm], [row.exchange_id for row in gone if row.realm_id == realm]
                )
            index.advance(up_to)
            done += len({row.id for row in rows}) + len(gone)

    def _changes(self, connection: sa.Connection, after: int, newest: int) -> tuple[Sequence[Any], Sequence[Any], int]:
        within = sa.and_(exchange.c.revision > after, exchange.c.revision <= newest)
        ids = (
            sa.select(exchange.c.id, exchange.c.realm_id, exchange.c.revision)
            .where(within)
            .order_by(exchange.c.revision)
            .limit(_SYNC_BATCH)
        )
        found = connection.execute(ids).all()
        up_to = found[-1].revision if len(found) == _SYNC_BATCH else newest
        part = ids.subquery()
        on = sa.and_(embedding.c.exchange_id == part.c.id, embedding.c.space == self.embedder.name)
        rows = connection.execute(sa.select(part, embedding.c.part, embedding.c.vector).join(embedding, on, isouter=True)).all()
        match = sa.and_(forgotten.c.revision > after, forgotten.c.revision <= up_to)
        return rows, connection.execute(sa.select(forgotten.c.exchange_id, forgotten.c.realm_id).where(match)).all(), int(up_to)

    def _put(self, index: VectorIndex, realm: int, rows: Sequence[Any], gone: Sequence[int]) -> None:
        present = [row for row in rows if row.vector is not None]
        keys = [(row.id, row.part) for row in present]
        absent = {(number, part) for number in {row.id for row in rows} | set(gone) for part in PARTS} - set(keys)
        if absent:
            index.remove(realm, sorted(absent))
        if keys:
            index.put(realm, keys, _unpacked([row.vector for row in present]))

    def _compare(self, index: VectorIndex) -> int:
        """Once after opening: an index whose counts differ from the embeddings was damaged, and is filled anew."""
        done = 0
        for _ in range(2):  # a second look, since another process may have written between feeding and counting
            if index.counts() == self._wanted(index.revision):
                return done
            done += self._feed(index)
        log.warning("The vector index does not agree with the diary; rebuilding it.")
        index.clear()
        return done + self._feed(index)

    def _wanted(self, revision: int) -> dict[int, int]:
        query = sa.select(exchange.c.realm_id, sa.func.count()).join(embedding, embedding.c.exchange_id == exchange.c.id)
        query = query.where(embedding.c.space == self.embedder.name, exchange.c.revision <= revision).group_by(exchange.c.realm_id)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}


def _packed(vector: Any) -> bytes:
    """Return a vector as float16 bytes: half the size, and a cosine that differs by less than 0.001."""
    return bytes(vector.astype("float16").tobytes())


def _unpacked(blobs: Sequence[bytes]) -> Vectors:
    """Return float32 vectors, shape (len(blobs), dimensions)."""
    import numpy as np

    return np.frombuffer(b"".join(blobs), dtype=np.float16).reshape(len(blobs), -1).astype(np.float32)
