"""Forgetting for good: what would go is counted first, goes everywhere in one step, and can be brought back for a moment.

In one transaction the exchanges, their copies and what was derived from them (see derived.py) leave the database, and
tombstones stay: the digest of the words, so that no other copy of a chat brings them back, and the id, by which
whatever was made of the exchange elsewhere (an index, an adapter trained on it) can tell that it is stale. Then the words are
erased from the indexes and from the bytes of the files. What fails of that, or is cut short by a kill, is owed, and a
catch-up pays it. To undo is possible from the memory of this process only, so that a kill never undoes anything.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from threading import Lock, Timer

import sqlalchemy as sa

from ..database import Database, set_watermark, watermark
from ..errors import NotFound, StoreError
from ..tables import exchange, forgotten
from .batch import Batch, batch_of
from .diary import remove, with_copies
from .plan import Plan, plan_of
from .rows import slices
from .selection import Selection
from .spool import Spool

log = logging.getLogger(__name__)

MOST_KEPT = 20_000
"""Exchanges in a batch that can be brought back; a larger one would take too much memory."""
_ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten: how many exchanges, copies included, and the number by which `undo` knows them, 0 for none."""

    exchanges: int
    batch: int = 0


class Forgetting:
    """Forgets exchanges of one diary. Safe to use from several threads.

    `drain` brings turns that are kept aside into the diary, `erase` are the steps that take forgotten words out of
    whatever lies outside of its tables, in their order, and `changed` is called after each change.
    """

    def __init__(
        self,
        database: Database,
        spool: Spool,
        drain: Callable[[], object],
        erase: Sequence[Callable[[], object]],
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self._database = database
        self._spool = spool
        self._drain = drain
        self._steps = tuple(erase)
        self._changed = changed
        self._batches: dict[int, tuple[Batch, Timer]] = {}
        self._numbers = count(1)
        self._lock = Lock()
        self._erasing = Lock()

    def plan(self, selection: Selection, *, given: bool = False, mentions: bool = False, own: str | None = None) -> Plan:
        """Return what forgetting a selection would take, in numbers; turns that are kept aside come into the diary first.

        `given` takes also the exchanges whose replies were given one of these and may repeat it, `mentions` those in
        which others name the person that the selection names. With `own`, nothing but what this person said is taken.
        Raises NotFound for an id there is not, and StoreError.
        """
        self._drain()
        return plan_of(self._database, selection, given=given, mentions=mentions, own=own)

    def carry_out(self, plan: Plan, undo_for: float = 0.0) -> Forgotten:
        """Forget what was planned, as `forget` does."""
        return self.forget(plan.ids, undo_for)

    def forget(self, ids: Iterable[int], undo_for: float = 0.0) -> Forgotten:
        """Forget exchanges and every copy of them; they can be brought back with `undo` for so many seconds.

        A batch of more than MOST_KEPT cannot. Raises StoreError, and then nothing was forgotten.
        """
        ids = list(ids)
        self._drain()
        self._spool.forget(lambda: self._said(ids))
        with self._database.write() as connection:
            rows = with_copies(connection, ids)
            batch = batch_of(connection, [row.id for row in rows]) if rows and undo_for > 0 and len(rows) <= MOST_KEPT else None
            remove(connection, rows)
        number = self._keep(batch, undo_for) if batch else 0
        if rows:
            log.info("%d exchanges were forgotten.", len(rows))
            self._try_to_erase()
            self._changed()
        return Forgotten(len(rows), number)

    def undo(self, number: int) -> int:
        """Bring back a batch as it was, and return how many exchanges it is. Raises NotFound when it is too late, and StoreError."""
        with self._lock:
            if number not in self._batches:
                raise NotFound("It is too late to bring this back: it is forgotten for good.")
            batch, timer = self._batches[number]
            with self._database.write() as connection:
                batch.restore(connection)
            del self._batches[number]
        timer.cancel()
        self._changed()
        log.info("%d forgotten exchanges were brought back.", len(batch.rows))
        return len(batch.rows)

    def erase(self) -> None:
        """Finish what is owed: afterwards forgotten words are in no index and in no byte of the files. Raises StoreError."""
        with self._erasing:
            owed = self._owed()
            if not owed:
                return
            self._erase()
            with self._database.write() as connection:
                set_watermark(connection, _ERASED, owed)

    def scrub(self) -> None:
        """Take what was just removed or changed within an exchange, such as a fact, out of the indexes and the bytes, if it can be."""
        try:
            with self._erasing:
                self._erase()
        except StoreError as exc:
            log.warning("What was changed is not yet gone from all that was derived from it: %s", exc)
        self._changed()

    def close(self) -> None:
        """Let go of what could have been brought back."""
        with self._lock:
            batches, self._batches = self._batches, {}
        for _, timer in batches.values():
            timer.cancel()

    def _keep(self, batch: Batch, seconds: float) -> int:
        with self._lock:
            number = next(self._numbers)
            timer = Timer(seconds, self._let_go, [number])
            timer.daemon = True
            self._batches[number] = (batch, timer)
        timer.start()
        return number

    def _let_go(self, number: int) -> None:
        with self._lock:
            self._batches.pop(number, None)

    def _erase(self) -> None:
        trouble: StoreError | None = None
        for step in self._steps:
            try:
                step()
            except StoreError as exc:
                trouble = trouble or exc
        if trouble is not None:
            raise trouble

    def _try_to_erase(self) -> None:
        try:
            self.erase()
        except StoreError as exc:
            log.warning("What was forgotten is gone from the diary, but not yet from all that was derived from it: %s", exc)

    def _owed(self) -> int:
        """Return the revision of the newest forgetting whose words may still be found in bytes; 0 for none."""
        newest = newest_forgotten(self._database)
        with self._database.read() as connection:
            return newest if newest > watermark(connection, _ERASED) else 0

    def _said(self, ids: Sequence[int]) -> list[str]:
        with self._database.read() as connection:
            query = sa.select(exchange.c.said)
            return [said for some in slices(ids) for said in connection.execute(query.where(exchange.c.id.in_(some))).scalars()]


def newest_forgotten(database: Database) -> int:
    """Return the revision of the newest exchange that was forgotten for good, 0 for none. Raises StoreError."""
    query = sa.select(forgotten.c.revision).where(forgotten.c.digest != "").order_by(forgotten.c.revision.desc()).limit(1)
    with database.read() as connection:
        return int(connection.execute(query).scalar() or 0)
