"""How far was heard: a point of the sync is kept once all that came before it was taken up, and not before."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from .calls import Closed


@dataclass(eq=False)
class Batch:
    """What one answer of a sync brought."""

    token: str
    left: int = 1
    """What is not taken up yet; one more until all of it is known."""


@dataclass
class Progress:
    """Batches in their order. Safe to use from several threads."""

    keep: Callable[[str], None]
    _batches: deque[Batch] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)

    def begin(self, token: str) -> Batch:
        """Return a new batch, which ends at a point of the sync."""
        batch = Batch(token)
        with self._lock:
            self._batches.append(batch)
        return batch

    def counted(self, batch: Batch, call: Callable[[], object]) -> Callable[[], None]:
        """Return a call that counts as taken up once it was made, whatever came of it, but for the end of connection or process."""
        with self._lock:
            batch.left += 1

        def made() -> None:
            try:
                call()
            except Closed:
                raise
            except Exception:
                self.done(batch)
                raise
            self.done(batch)

        return made

    def drop(self, batch: Batch) -> None:
        """Take notice that not all of a batch is known: it comes once more."""
        batch.token = ""
        self.done(batch)

    def done(self, batch: Batch) -> None:
        """Take notice that one more of a batch is taken up; keep how far that is."""
        reached = ""
        with self._lock:
            batch.left -= 1
            while self._batches and not self._batches[0].left:
                reached = self._batches.popleft().token or reached
            if reached:
                self.keep(reached)
