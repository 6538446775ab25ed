"""The streamer: shows a text while it grows. One edit is under way at a time, the latest text wins, and the platform sets the pace."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Condition, Thread
from time import monotonic

from ..errors import BridgeError, Throttled

log = logging.getLogger(__name__)

GROWTH = 1.1
"""Each pause is so much longer than the one before: a short reply is lively, and a long one does not use up its edits at once."""
SHARE = 3.0
"""Pauses are at least so many times what an edit took, so that a slow platform is asked for a quarter of its time at most."""


class Streamer:
    """Shows the latest of a growing text until it is closed, in a thread of its own. Safe to use from several threads."""

    def __init__(self, put: Callable[[str], None], pace: float, most: int) -> None:
        """`put` shows a text, and may raise BridgeError, Throttled among them; `pace` is in seconds, `most` how often it is called."""
        self._put, self._pace, self._left = put, pace, most
        self._latest = self._shown = ""
        self._over = False
        self._changed = Condition()
        self._thread: Thread | None = None

    def show(self, text: str) -> None:
        """Show a text as soon as it is time. Returns at once."""
        with self._changed:
            self._latest = text
            if self._thread is None and not self._over:
                self._thread = Thread(target=self._run, name="familiar-streamer", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Show nothing more, and wait for what is under way."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while self._left and (text := self._next()):
            begun, asked = monotonic(), 0.0
            try:
                self._put(text)
                self._shown = text
            except Throttled as exc:
                asked = exc.seconds
            except BridgeError as exc:
                log.info("A reply is not shown while it is written: %s", exc)
            self._left -= 1
            self._pace *= GROWTH
            self._pause(max(self._pace, SHARE * (monotonic() - begun), asked))

    def _next(self) -> str:
        """Wait for a text that is not shown yet; '' once it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._latest != self._shown)
            return "" if self._over else self._latest

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._over, seconds)
