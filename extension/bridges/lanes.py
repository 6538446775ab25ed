"""Lanes: what happens in one place is taken up one after the other, places beside each other, in a few threads."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Condition

log = logging.getLogger(__name__)

THREADS = 8


class Lanes:
    """Runs calls in threads of its own, those of one lane in their order. Safe to use from several threads."""

    def __init__(self, threads: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, "familiar-lane")
        self._lanes: dict[str, deque[Callable[[], object]]] = {}
        self._changed = Condition()
        self._closed = False

    def put(self, lane: str, call: Callable[[], object]) -> None:
        """Run a call after those that were put into its lane before. Returns at once; after `close` nothing is taken."""
        with self._changed:
            if self._closed:
                return
            if lane in self._lanes:
                self._lanes[lane].append(call)
                return
            self._lanes[lane] = deque([call])
            self._pool.submit(self._run, lane)

    def settle(self, timeout: float | None = None) -> bool:
        """Wait until nothing is left to run; return whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._lanes, timeout)

    def close(self) -> None:
        """Leave out what has not begun, and wait for what has."""
        with self._changed:
            self._closed = True
            for waiting in self._lanes.values():
                waiting.clear()
        self._pool.shutdown(cancel_futures=True)

    def _run(self, lane: str) -> None:
        """Run one call of a lane, and let the other lanes have their turn before the next."""
        with self._changed:
            waiting = self._lanes[lane]
            call = waiting.popleft() if waiting else None
        try:
            if call is not None:
                call()
        except Exception:
            log.exception("What happened on a platform could not be taken up")
        with self._changed:
            if waiting and not self._closed:
                self._pool.submit(self._run, lane)
            else:
                del self._lanes[lane]
                self._changed.notify_all()
