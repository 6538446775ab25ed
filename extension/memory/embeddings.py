"""The embeddings of exchanges, kept in the diary's database beside a digest of their text, so nothing is embedded twice."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ..database import Database, set_watermark, watermark
from ..messages import digest
from ..ports import Embedder
from ..tables import counter, embedding, exchange, forgotten
from ..vectors import Key
from .rows import slices

if TYPE_CHECKING:
    from ..ports import Vectors

PARTS = ("said", "reply")
_EMBED_BATCH = 128
_CHANGES = 4_000


class Embeddings:
    """Embeds exchanges and keeps the vectors. Safe to use from several threads and processes.

    Every method raises StoreError when the database fails.
    """

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder
        self.idle = Lock()
        """Held while a batch is embedded."""

    def step(self) -> int:
        """Embed a batch of what the diary holds beyond the watermark; return how many exchanges were looked at, 0 at the end."""
        with self.idle:
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
                if watermark(connection, self._watermark) == done:  # or else another process has done these meanwhile
                    self._store(connection, up_to, {key: (digest(texts[key]), packed[key]) for key in new}, stale)
            return max(1, len(rows))

    def _embedded(self, keys: Sequence[Key], texts: dict[Key, str]) -> dict[Key, bytes]:
        if not keys:
            return {}
        vectors = self._embedder.embed([texts[key] for key in keys])
        return {key: packed(vector) for key, vector in zip(keys, vectors, strict=True)}

    def _known(self, connection: sa.Connection, ids: Sequence[int]) -> dict[Key, str]:
        match = sa.and_(embedding.c.exchange_id.in_(list(ids)), embedding.c.space == self._embedder.name)
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
        others = sa.and_(embedding.c.exchange_id.in_(ids), embedding.c.space != self._embedder.name)
        connection.execute(sa.delete(embedding).where(others))
        values = [
            {"exchange_id": number, "part": part, "space": self._embedder.name, "digest": key, "vector": vector}
            for (number, part), (key, vector) in new.items()
            if number in alive
        ]
        if values:
            connection.execute(sa.insert(embedding), values)
        if watermark(connection, self._watermark) == 0:  # another model's embeddings are being replaced
            connection.execute(sa.update(counter).where(counter.c.name.startswith("embedding:")).values(value=0))
        set_watermark(connection, self._watermark, up_to)

    def of_place(self, place: str, realms: Sequence[int], vector: Vectors) -> dict[int, float]:
        """Return the similarity of every exchange of one place, within realms, to `vector`: exact, since a chat is small."""
        match = sa.and_(exchange.c.place_id == place, exchange.c.realm_id.in_(list(realms)))
        with self._database.read() as connection:
            ids = list(connection.execute(sa.select(exchange.c.id).where(match)).scalars())
        return self.similarity(vector, ids)

    def similarity(self, vector: Vectors, exchanges: Sequence[int]) -> dict[int, float]:
        """Return the similarity of each of these exchanges to `vector`, the better part of each."""
        found: dict[int, float] = {}
        query = sa.select(embedding.c.exchange_id, embedding.c.vector).where(embedding.c.space == self._embedder.name)
        rows: list[Any] = []
        with self._database.read() as connection:
            for some in slices(exchanges):
                rows += connection.execute(query.where(embedding.c.exchange_id.in_(some))).all()
        if rows:
            scores = unpacked([row.vector for row in rows]) @ vector
            for row, score in zip(rows, scores, strict=True):
                found[row.exchange_id] = max(found.get(row.exchange_id, -1.0), float(score))
        return found

    def vectors(self, exchanges: Sequence[int]) -> tuple[list[int], Vectors | None]:
        """Return those of these exchanges that are embedded, and a vector of each: of what was said, or else of the reply."""
        query = sa.select(embedding.c.exchange_id, embedding.c.vector).where(embedding.c.space == self._embedder.name)
        query = query.order_by(embedding.c.exchange_id, embedding.c.part)  # what was said comes last, and stays
        found: dict[int, bytes] = {}
        with self._database.read() as connection:
            for some in slices(exchanges):
                found |= {row[0]: row[1] for row in connection.execute(query.where(embedding.c.exchange_id.in_(some)))}
        return list(found), unpacked(list(found.values())) if found else None

    def behind(self) -> int:
        """Return how many revisions of the diary have no embeddings yet."""
        with self._database.read() as connection:
            return watermark(connection, "revision") - watermark(connection, self._watermark)

    def done(self) -> int:
        """Return the revision up to which everything is embedded."""
        with self._database.read() as connection:
            return watermark(connection, self._watermark)

    def changes(self, after: int) -> tuple[Sequence[Any], Sequence[Any], int]:
        """Return what changed after a revision: rows (id, realm_id, part, vector), those forgotten (exchange_id, realm_id), and how far.

        A row without a vector is an exchange without words. At most a batch at a time.
        """
        with self._database.read() as connection:
            return self._changes(connection, after, watermark(connection, self._watermark))

    def _changes(self, connection: sa.Connection, after: int, newest: int) -> tuple[Sequence[Any], Sequence[Any], int]:
        within = sa.and_(exchange.c.revision > after, exchange.c.revision <= newest)
        ids = sa.select(exchange.c.id, exchange.c.realm_id, exchange.c.revision).where(within).order_by(exchange.c.revision).limit(_CHANGES)
        found = connection.execute(ids).all()
        up_to = found[-1].revision if len(found) == _CHANGES else newest
        part = ids.subquery()
        on = sa.and_(embedding.c.exchange_id == part.c.id, embedding.c.space == self._embedder.name)
        rows = connection.execute(sa.select(part, embedding.c.part, embedding.c.vector).join(embedding, on, isouter=True)).all()
        match = sa.and_(forgotten.c.revision > after, forgotten.c.revision <= up_to)
        return rows, connection.execute(sa.select(forgotten.c.exchange_id, forgotten.c.realm_id).where(match)).all(), int(up_to)

    def keys(self) -> dict[int, set[Key]]:
        """Return the keys of all embeddings by realm."""
        query = sa.select(exchange.c.realm_id, embedding.c.exchange_id, embedding.c.part).join(
            exchange, exchange.c.id == embedding.c.exchange_id
        )
        keys: dict[int, set[Key]] = {}
        with self._database.read() as connection:
            for realm, number, part in connection.execute(query.where(embedding.c.space == self._embedder.name)):
                keys.setdefault(realm, set()).add((number, part))
        return keys

    def expected(self, realm: int) -> int:
        """Return about how many embeddings a realm will have once all it holds is embedded."""
        query = sa.select(sa.func.count()).select_from(exchange).where(exchange.c.realm_id == realm)
        with self._database.read() as connection:
            return len(PARTS) * int(connection.execute(query).scalar_one())

    def counts(self, revision: int) -> dict[int, tuple[int, int]]:
        """Return the least and the most vectors an index of each realm should hold at a revision.

        An exchange that changed since may or may not have been put in before it changed.
        """
        settled = sa.func.sum(sa.case((exchange.c.revision <= revision, 1), else_=0))
        query = sa.select(exchange.c.realm_id, settled, sa.func.count()).join(embedding, embedding.c.exchange_id == exchange.c.id)
        query = query.where(embedding.c.space == self._embedder.name).group_by(exchange.c.realm_id)
        with self._database.read() as connection:
            return {row[0]: (int(row[1]), int(row[2])) for row in connection.execute(query)}

    @property
    def _watermark(self) -> str:
        return f"embedding:{self._embedder.name}"


def packed(vector: Any) -> bytes:
    """Return a vector as float16 bytes: half the size, and a cosine that differs by less than 0.001."""
    return bytes(vector.astype("float16").tobytes())


def unpacked(blobs: Sequence[bytes]) -> Vectors:
    """Return float32 vectors, shape (len(blobs), dimensions)."""
    import numpy as np

    return np.frombuffer(b"".join(blobs), dtype=np.float16).reshape(len(blobs), -1).astype(np.float32)
