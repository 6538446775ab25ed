"""The worker that keeps the indexes up with the diary, beside the turns and never in their way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Condition, Lock, Thread, current_thread
from time import monotonic

from ..errors import FamiliarError

log = logging.getLogger(__name__)

_PAUSE = 5.0
"""Seconds before a failed run is tried again; doubled with each failure, up to _LONGEST_PAUSE."""
_LONGEST_PAUSE = 300.0
_GLANCE = 0.1
"""Seconds between two looks at whether a wait is over."""


class CatchUp:
    """Runs the steps of catching up, in their order, in one daemon thread that starts at the first kick.

    `every` so many seconds without a kick it runs unasked; None for never.
    """

    def __init__(self, *steps: Callable[[], object], every: float | None = None) -> None:
        self._steps = steps
        self._every = every
        self._changed = Condition()
        self._running = Lock()
        self._asked = 0
        self._answered = 0
        self._closed = False
        self._pause = _PAUSE / 2
        self._thread: Thread | None = None
        self.trouble = ""
        """Why the last run did not finish; empty when it did."""

    def kick(self) -> None:
        """Ask for a run; returns at once."""
        with self._changed:
            self._asked += 1
            if self._thread is None and not self._closed:
                self._thread = Thread(target=self._work, name="familiar-catch-up", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def wait(self, seconds: float, enough: Callable[[], bool] = lambda: False) -> bool:
        """Wait until everything asked for so far was looked at, or until it is `enough`.

        False when the time ran out before that or the run failed.
        """
        with self._changed:
            wanted, end = self._asked, monotonic() + seconds
            while self._answered < wanted and not enough() and not self.trouble and not self._closed:
                left = end - monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, _GLANCE))
            return self._answered >= wanted or enough()

    def run(self) -> None:
        """Catch up here and now. Raises StoreError, MissingModel, MissingPackage."""
        with self._running:
            for step in self._steps:
                if not self._closed:
                    step()

    def close(self) -> None:
        """End the thread after the step under way."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None and self._thread is not current_thread():
            self._thread.join(timeout=30)

    def _work(self) -> None:
        while True:
            with self._changed:
                while self._answered >= self._asked and not self._closed:
                    if not self._changed.wait(self._every):
                        self._asked += 1
                if self._closed:
                    return
                asked = self._asked
            self._answer(asked)

    def _answer(self, asked: int) -> None:
        try:
            self.run()
            trouble = ""
        except FamiliarError as exc:
            trouble = str(exc)
            if trouble != self.trouble:  # said once, not every few seconds
                log.warning("Indexing is behind: %s", exc)
        except Exception as exc:
            trouble = f"{type(exc).__name__}: indexing failed, see the log."
            log.exception("Indexing failed")
        with self._changed:
            self.trouble = trouble
            self._pause = min(2 * self._pause, _LONGEST_PAUSE) if trouble else _PAUSE / 2
            if not trouble:
                self._answered = max(self._answered, asked)
            self._changed.notify_all()
            if trouble and not self._closed:
                self._changed.wait(self._pause)
