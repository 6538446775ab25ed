"""Recall by meaning: the vector index of this process, fed from the embeddings in the database.

Two steps, both idempotent and both resumed where a kill left them: texts become embeddings (see embeddings.py), and
embeddings go into the index.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ..database import Database, watermark
from ..errors import IndexUnavailable, IndexUnreachable, MissingPackage, StoreError
from ..ports import Embedder
from ..settings import replace_text
from ..tables import forgotten
from ..vectors import ChromaVectors, ExactVectors, Key, Server, SharedVectors, VectorIndex, own
from .embeddings import PARTS, Embeddings, unpacked
from .forgetting import newest_forgotten

if TYPE_CHECKING:
    from ..ports import Vectors

log = logging.getLogger(__name__)

MOST_REMADE = 20_000
"""Vectors in an index that is made anew after something was forgotten: about ten seconds of work in the background."""
_AT_ONCE = 1_000
"""Exchanges embedded before they are put into the index, where many are waiting: each time costs it some writes to the disk."""
_ERASED = "erased"
"""The file in Chroma's folder that names the revision up to which forgotten vectors are not in its bytes."""
_REBUILDS = 3
"""How often Chroma's index is started anew after failures before this process searches exactly instead."""


class Semantic:
    """Embeds exchanges and searches them by meaning. Safe to use from several threads.

    `folder` is where Chroma may keep its index, `server` a Chroma server to use instead; None of either searches exactly,
    without Chroma. An embedder without a name stands for a missing model: the index of the model that was there is left
    as it is.
    """

    def __init__(self, database: Database, embedder: Embedder, folder: Path | None, server: Server | None = None) -> None:
        self._database = database
        self.embedder = embedder
        self._folder = folder if embedder.name and server is None else None
        self._server = server if embedder.name else None
        self._index: VectorIndex | None = None
        self._checked = False
        self._failed = ""
        """Why the index must be started anew; empty when it works."""
        self._away = ""
        """Why the server of the index cannot be used, until it was found to answer again; empty when it can."""
        self._started_anew = 0
        self._buried = 0
        """The revision up to which forgotten exchanges were taken out of the index, which may be ahead of the embeddings."""
        self._loaded = False
        self._halted = False
        self._lock = RLock()
        self._embeddings = Embeddings(database, embedder)

    @property
    def kind(self) -> str:
        """Name of the index in use: 'chroma', 'exact' where another process owns Chroma's folder, 'none' before the first sync."""
        return "none" if self._index is None else "exact" if isinstance(self._index, ExactVectors) else "chroma"

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
        waiting = 0
        while step := self._embed_some():
            done, waiting = done + step, waiting + step
            if waiting >= _AT_ONCE:
                self.sync()
                waiting = 0
        if waiting:
            self.sync()
        return done

    def embed(self) -> int:
        """Embed what the diary holds beyond the watermark; return how many exchanges were looked at."""
        done = 0
        while step := self._embed_some():
            done += step
        return done

    def sync(self) -> int:
        """Bring the vector index up to the embeddings; return how many exchanges were put in or taken out.

        An index that fails is started anew and filled again; one whose server is away is only waited for. Raises StoreError.
        """
        with self._lock:
            try:
                done = self._mended()
            except IndexUnreachable as exc:
                self._away = str(exc)
                raise
            self._away = ""
            return done

    def search(self, realms: Sequence[int], vectors: Vectors, limit: int) -> dict[int, float]:
        """Return the similarity of the exchanges nearest to a vector, or to several, shape (n, dimensions), within realms.

        Never waits for the index to be opened or filled: before the first sync it finds nothing. Raises IndexUnavailable
        when the index is damaged; the next sync starts it anew. A server that was away is not asked before a sync found it
        back: a turn waits for it once at most.
        """
        index, before = self._index, self._started_anew
        if index is None:
            return {}
        if self._away:
            raise IndexUnreachable(self._away)
        try:
            return index.search(realms, vectors, limit)
        except IndexUnreachable as exc:
            self._away = str(exc)
            raise
        except IndexUnavailable as exc:
            if self._index is index and self._started_anew == before:
                self._failed = str(exc)
            raise

    def size(self, realms: Sequence[int]) -> int:
        """Return how many vectors these realms hold, 0 before the first sync and for an index that fails."""
        index = None if self._away else self._index
        try:
            return 0 if index is None else sum(index.size(realm) for realm in realms)
        except IndexUnavailable:
            return 0

    def search_place(self, place: str, realms: Sequence[int], vector: Vectors) -> dict[int, float]:
        """Return the similarity of every exchange of one place, within realms, to `vector`: exact, since a chat is small."""
        return self._embeddings.of_place(place, realms, vector)

    def similarity(self, vector: Vectors, exchanges: Sequence[int]) -> dict[int, float]:
        """Return the similarity of each of these exchanges to `vector`, the better part of each."""
        return self._embeddings.similarity(vector, exchanges)

    def vectors(self, exchanges: Sequence[int]) -> tuple[list[int], Vectors | None]:
        """Return those of these exchanges that are embedded by now, and a vector of each; none at all without any."""
        return self._embeddings.vectors(exchanges)

    def behind(self) -> int:
        """Return how many revisions of the diary have no embeddings yet."""
        return self._embeddings.behind()

    def rebuild(self) -> int:
        """Empty the vector index and fill it from the embeddings; return how many exchanges it holds."""
        with self._lock:
            index = self._opened()
            index.clear()
            self._note_erased()
            self._buried = 0
            return self._feed(index)

    def erase(self) -> None:
        """Make the files of Chroma's index anew where something was forgotten since they were begun. Raises StoreError.

        Chroma marks a vector as removed and leaves it in its files. Meanwhile the embeddings are searched exactly. An index
        of more than MOST_REMADE vectors is left as it is.
        """
        with self._lock:
            if self._folder is None or self._erased() >= newest_forgotten(self._database):
                return
            index = self._opened()
            if isinstance(index, ChromaVectors):
                size = sum(index.counts().values())
                if 0 < size <= MOST_REMADE:
                    self._remake(index)
                    return
                if size:
                    log.info("%d vectors are too many to be made anew after each forgetting; `familiar memory reindex` does it.", size)
                self._note_erased()

    def expected(self) -> dict[int, set[Key]]:
        """Return the keys that each realm of the index should hold."""
        return self._embeddings.keys()

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
        with self._lock, self._embeddings.idle:
            index, self._index = self._index, None
            self._checked, self._failed, self._away, self._halted = False, "", "", False
            if index is not None:
                index.close()

    def _erased(self) -> int:
        try:
            return int((self._folder / _ERASED).read_text(encoding="ascii")) if self._folder is not None else 0
        except (OSError, ValueError):
            return 0

    def _note_erased(self) -> None:
        if self._folder is not None and isinstance(self._index, ChromaVectors):
            replace_text(self._folder / _ERASED, str(newest_forgotten(self._database)))

    def _remake(self, index: ChromaVectors) -> None:
        self._index = ExactVectors()
        try:
            self._feed(self._index)
            index.clear()
        finally:
            self._index = index
        self._note_erased()  # before it is filled: that goes on where a kill leaves it
        self._feed(index)

    def _embed_some(self) -> int:
        return 0 if self._halted else self._embeddings.step()

    def _opened(self) -> VectorIndex:
        """Return the index to use from now on: a server's, or Chroma's as soon as its folder is free, exact search until then."""
        if self._server is not None and self._index is None:
            self._index = self._shared(self._server)
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
            return own(self._folder, self.embedder.name, self._embeddings.expected) if self._folder is not None else None
        except (StoreError, MissingPackage) as exc:
            log.warning("%s Until the next start the embeddings in the diary are searched instead.", exc)
            self._folder = None
            return None

    def _shared(self, server: Server) -> VectorIndex:
        with self._database.read() as connection:
            diary = watermark(connection, "diary")
        try:
            return SharedVectors(server, diary, self.embedder.name, self._embeddings.expected)
        except MissingPackage as exc:
            log.warning("%s Until the next start the embeddings in the diary are searched instead.", exc)
            return ExactVectors()

    def _fill(self, owned: ChromaVectors) -> None:
        try:
            self._feed(owned)
        except BaseException:
            owned.close()
            raise

    def _mended(self) -> int:
        if self._failed:
            self._start_anew()
        try:
            return self._synced()
        except IndexUnreachable:
            raise
        except IndexUnavailable as exc:
            self._failed = str(exc)
        self._start_anew()
        return self._synced()

    def _synced(self) -> int:
        index = self._opened()
        done = self._feed(index)
        if not self._checked and not self._halted:
            self._checked = True
            if not self._agrees(index):
                self._failed = "it does not agree with the diary"
                self._start_anew()
                done += self._feed(self._opened())
            self._opened().load()
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
            self._clear(self._index)
        self._failed = ""

    def _clear(self, index: VectorIndex) -> None:
        try:
            index.clear()
        except IndexUnreachable:
            self._started_anew -= 1  # it was not even tried
            raise

    def _feed(self, index: VectorIndex) -> int:
        done = 0
        while not self._halted:
            if index.revision >= self._embeddings.done():
                break
            rows, gone, up_to = self._embeddings.changes(index.revision)
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

    def _put(self, index: VectorIndex, realm: int, rows: Sequence[Any], gone: Sequence[int]) -> None:
        present = [row for row in rows if row.vector is not None]
        keys = [(row.id, row.part) for row in present]
        absent = {(number, part) for number in {row.id for row in rows} | set(gone) for part in PARTS} - set(keys)
        if absent:
            index.remove(realm, sorted(absent))
        if keys:
            index.put(realm, keys, unpacked([row.vector for row in present]))

    def _agrees(self, index: VectorIndex) -> bool:
        """Return whether the index holds as many vectors as it should; looked at once after opening."""
        for _ in range(3):  # again, since another process may have written between feeding and counting
            counts, wanted = index.counts(), self._embeddings.counts(index.revision)
            bounds = ((counts.get(realm, 0), wanted.get(realm, (0, 0))) for realm in {*counts, *wanted})
            if self._halted or all(least <= count <= most for count, (least, most) in bounds):
                return True
            self._feed(index)
        return False
