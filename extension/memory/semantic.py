"""Recall by meaning: the embeddings of exchanges, kept in the database, and the vector index fed from them.

Two steps, both idempotent and both resumed where a kill left them: texts become embeddings (stored with a digest of
the text, so nothing is embedded twice), and embeddings go into the vector index of this process.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ..database import Database, counter, embedding, exchange, forgotten, set_watermark, watermark
from ..errors import IndexUnavailable, MissingPackage, StoreError
from ..messages import digest
from ..ports import Embedder
from ..vectors import ChromaVectors, ExactVectors, Key, VectorIndex, own
from .rows import slices

if TYPE_CHECKING:
    from ..ports import Vectors

log = logging.getLogger(__name__)

PARTS = ("said", "reply")
_EMBED_BATCH = 32
_SYNC_BATCH = 1_000
_REBUILDS = 3
"""How often Chroma's index is started anew after failures before this process searches exactly instead."""


class Semantic:
    """Embeds exchanges and searches them by meaning. Safe to use from several threads.

    `folder` is where Chroma may keep its index; None searches exactly, without Chroma. An embedder without a name stands
    for a missing model: the index of the model that was there is left as it is.
    """

    def __init__(self, database: Database, embedder: Embedder, folder: Path | None) -> None:
        self._database = database
        self.embedder = embedder
        self._folder = folder if embedder.name else None
        self._index: VectorIndex | None = None
        self._checked = False
        self._failed = ""
        """Why the index must be started anew; empty when it works."""
        self._started_anew = 0
        self._buried = 0
        """The revision up to which forgotten exchanges were taken out of the index, which may be ahead of the embeddings."""
        self._loaded = False
        self._halted = False
        self._lock = RLock()
        self._embedding = Lock()

    @property
    def kind(self) -> str:
        """Name of the index in use: 'chroma', 'exact' where another process owns Chroma's folder, 'none' before the first sync."""
        return "none" if self._index is None else "chroma" if isinstance(self._index, ChromaVectors) else "exact"

    @property
    def ready(self) -> bool:
        """Whether a question can be searched for without waiting: the index is open and the embedding model loaded."""
        return self._index is not None and self._loaded

    def catch_up(self) -> int:
        """Open the index, load the embedding model, and embed and put in whatever the diary holds beyond the watermarks.

        Forgotten exchanges are taken out first, which needs no model. Raises StoreError, MissingModel, MissingPackage.
        """
        done = self.sync()
        if not self._loaded:
            _ = self.embedder.dimensions  # whatever it takes to know them: the model is loaded now
            self._loaded = True
        while step := self._embed_step():
            done += step
            self.sync()
        return done

    def embed(self) -> int:
        """Embed what the diary holds beyond the watermark; return how many exchanges were looked at."""
        done = 0
        while step := self._embed_step():
            done += step
        return done

    def sync(self) -> int:
        """Bring the vector index up to the embeddings; return how many exchanges were put in or taken out.

        An index that fails is started anew and filled again. Raises StoreError.
        """
        with self._lock:
            if self._failed:
                self._start_anew()
            try:
                return self._synced()
            except IndexUnavailable as exc:
                self._failed = str(exc)
            self._start_anew()
            return self._synced()

    def search(self, realms: Sequence[int], vector: Vectors, limit: int) -> dict[int, float]:
        """Return the similarity of the exchanges nearest to `vector` within realms.

        Never waits for the index to be opened or filled: before the first sync it finds nothing. Raises IndexUnavailable
        when the index is damaged; the next sync starts it anew.
        """
        index, before = self._index, self._started_anew
        if index is None:
            return {}
        try:
            return index.search(realms, vector, limit)
        except IndexUnavailable as exc:
            if self._index is index and self._started_anew == before:
                self._failed = str(exc)
            raise

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
            for some in slices(exchanges):
                rows += connection.execute(query.where(embedding.c.exchange_id.in_(some))).all()
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
            self._buried = 0
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

    def halt(self) -> None:
        """Let whatever is under way end at its next step."""
        self._halted = True

    def close(self) -> None:
        """Let go of the index, and of Chroma's folder."""
        self.halt()
        with self._lock, self._embedding:
            index, self._index = self._index, None
            self._checked, self._failed, self._halted = False, "", False
            if index is not None:
                index.close()

    @property
    def _watermark(self) -> str:
        return f"embedding:{self.embedder.name}"

    def _opened(self) -> VectorIndex:
        """Return the index to use from now on: Chroma's as soon as its folder is free, exact search until then."""
        if self._folder is None or isinstance(self._index, ChromaVectors):
            self._index = self._index or ExactVectors()
            return self._index
        if (owned := self._own()) is not None:
            if self._index is not None:  # the exact search goes on until the other index is filled
                self._fill(owned)
            self._index, self._checked, self._buried = owned, False, 0
        elif self._index is None:
            log.info("Another process owns the vector index; this one searches the embeddings in the diary instead.")
            self._index = ExactVectors()
        return self._index

    def _own(self) -> ChromaVectors | None:
        try:
            return own(self._folder, self.embedder.name) if self._folder is not None else None
        except (StoreError, MissingPackage) as exc:
            log.warning("%s Until the next start the embeddings in the diary are searched instead.", exc)
            self._folder = None
            return None

    def _fill(self, owned: ChromaVectors) -> None:
        try:
            self._feed(owned)
        except BaseException:
            owned.close()
            raise

    def _synced(self) -> int:
        index = self._opened()
        done = self._feed(index)
        if not self._checked and not self._halted:
            self._checked = True
            if not self._agrees(index):
                self._failed = "it does not agree with the diary"
                self._start_anew()
                done += self._feed(self._opened())
        return done

    def _start_anew(self) -> None:
        """Empty an index that failed; one that fails again and again is given up for the exact search."""
        log.warning("The vector index failed (%s); rebuilding it from the diary.", self._failed)
        self._started_anew += 1
        self._buried = 0
        if self._started_anew > _REBUILDS and self._index is not None:
            log.warning("The vector index failed too often; the embeddings in the diary are searched until the next start.")
            index, self._index, self._folder = self._index, ExactVectors(), None
            index.close()
        elif self._index is not None:
            self._index.clear()
        self._failed = ""

    def _embed_step(self) -> int:
        with self._embedding:
            with self._database.read() as connection:
                done, newest = watermark(connection, self._watermark), watermark(connection, "revision")
                if done >= newest or self._halted:
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
                if watermark(connection, self._watermark) == done:  # or else another process has done these meanwhile
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
        for name in PARTS:
            old = [number for number, part in [*stale, *new] if part == name]
            connection.execute(sa.delete(embedding).where(embedding.c.exchange_id.in_(old), embedding.c.part == name))
        others = sa.and_(embedding.c.exchange_id.in_(ids), embedding.c.space != self.embedder.name)
        connection.execute(sa.delete(embedding).where(others))
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
        while not self._halted:
            with self._database.read() as connection:
                newest = watermark(connection, self._watermark)
                if index.revision >= newest:
                    break
                rows, gone, up_to = self._changes(connection, index.revision, newest)
            for realm in sorted({row.realm_id for row in rows} | {row.realm_id for row in gone}):
                self._put(
                    index, realm, [row for row in rows if row.realm_id == realm], [row.exchange_id for row in gone if row.realm_id == realm]
                )
            index.advance(up_to)
            done += len({row.id for row in rows}) + len(gone)
        return done + self._take_out(index)

    def _take_out(self, index: VectorIndex) -> int:
        """Take forgotten exchanges out at once, without waiting for what was said before them to be embedded."""
        with self._database.read() as connection:
            after, newest = max(index.revision, self._buried), watermark(connection, "revision")
            gone = connection.execute(sa.select(forgotten).where(forgotten.c.revision > after)).all()
        for realm in sorted({row.realm_id for row in gone}):
            index.remove(realm, [(row.exchange_id, part) for row in gone if row.realm_id == realm for part in PARTS])
        self._buried = newest
        return len(gone)

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

    def _agrees(self, index: VectorIndex) -> bool:
        """Return whether the index holds as many vectors as it should; looked at once after opening."""
        for _ in range(3):  # again, since another process may have written between feeding and counting
            counts, wanted = index.counts(), self._wanted(index.revision)
            bounds = ((counts.get(realm, 0), wanted.get(realm, (0, 0))) for realm in {*counts, *wanted})
            if self._halted or all(least <= count <= most for count, (least, most) in bounds):
                return True
            self._feed(index)
        return False

    def _wanted(self, revision: int) -> dict[int, tuple[int, int]]:
        """Return the least and the most vectors each realm should hold at a revision.

        An exchange that changed since may or may not have been put in before it changed.
        """
        settled = sa.func.sum(sa.case((exchange.c.revision <= revision, 1), else_=0))
        query = sa.select(exchange.c.realm_id, settled, sa.func.count()).join(embedding, embedding.c.exchange_id == exchange.c.id)
        query = query.where(embedding.c.space == self.embedder.name).group_by(exchange.c.realm_id)
        with self._database.read() as connection:
            return {row[0]: (int(row[1]), int(row[2])) for row in connection.execute(query)}


def _packed(vector: Any) -> bytes:
    """Return a vector as float16 bytes: half the size, and a cosine that differs by less than 0.001."""
    return bytes(vector.astype("float16").tobytes())


def _unpacked(blobs: Sequence[bytes]) -> Vectors:
    """Return float32 vectors, shape (len(blobs), dimensions)."""
    import numpy as np

    return np.frombuffer(b"".join(blobs), dtype=np.float16).reshape(len(blobs), -1).astype(np.float32)
