"""The time between turns, and what is done in it: work that asks the model, and that stops at once when a turn begins."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Thread, current_thread
from time import monotonic

from ..errors import FamiliarError

log = logging.getLogger(__name__)

PAUSE = 20.0
"""Seconds without a turn after which it is idle time."""
LONGEST_TURN = 900.0
"""Seconds after which a turn whose end was never told is over."""
_AFTER_FAILURE, _LONGEST_PAUSE = 60.0, 3600.0
"""Seconds before failed work is tried again; doubled with each failure."""
_GLANCE = 1.0
"""Seconds between two looks at whether a turn is over whose end was never told."""

Work = Callable[[Callable[[], bool]], bool]
"""Does a piece of work, and returns whether there is more; its argument says whether to stop at once."""


def nothing(stopped: Callable[[], bool]) -> bool:
    """Do no work."""
    return False


class Idle:
    """Knows which turns are under way, and works in a daemon thread once they are over. Safe to use from several threads.

    Nothing is done before the first turn of a process: the model may not be loaded, and nobody may want it to be.
    """

    def __init__(self, work: Work = nothing, wanted: Callable[[], bool] = lambda: False, pause: float = PAUSE) -> None:
        """`wanted` says whether there is any work to be done by the settings; `pause` is in seconds."""
        self._work = work
        self._wanted = wanted
        self._pause = pause
        self._turns: dict[str, float] = {}
        self._changed = Condition()
        self._since = monotonic()
        self._asked = False
        self._ended = 0
        self._closed = False
        self._wait = 0.0
        self._hurried = False
        self._working = False
        self._thread: Thread | None = None
        self.trouble = ""
        """Why the last work did not go well; empty when it did."""

    @property
    def busy(self) -> bool:
        """Whether a turn is under way, or this is closed: work stops."""
        with self._changed:
            return self._closed or self._under_way()

    def begin(self, key: str) -> None:
        """A turn begins. `key` tells it from others."""
        with self._changed:
            self._turns[key] = monotonic()

    def end(self, key: str | None = None) -> None:
        """A turn is over; without a key, all of them are."""
        with self._changed:
            if key is None:
                self._turns.clear()
            elif self._turns.pop(key, None) is None:
                return
            self._since, self._ended = monotonic(), self._ended + 1
            self._ask()

    @contextmanager
    def turn(self, key: str) -> Iterator[None]:
        """A turn is under way inside of this."""
        self.begin(key)
        try:
            yield
        finally:
            self.end(key)

    @property
    def at_work(self) -> bool:
        """Whether work was asked for that is not done yet, nor waits for what did not go well."""
        with self._changed:
            return self._thread is not None and not self._closed and (self._working or (self._asked and not self._wait))

    def hurry(self) -> None:
        """Begin at once, or as soon as the turn under way is over, without waiting until nobody has spoken for a while."""
        with self._changed:
            self._hurried, self._wait = True, 0.0
            self._ask()

    def _ask(self) -> None:
        self._asked = True
        if self._thread is None and not self._closed and self._wanted():
            self._thread = Thread(target=self._run, name="familiar-idle", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def close(self, seconds: float = 5.0) -> None:
        """Stop, and wait for the work under way to end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None and self._thread is not current_thread():
            self._thread.join(seconds)

    def _run(self) -> None:
        while self._idle_time():
            more, trouble, ended = False, "", self._ended
            try:
                more = self._wanted() and self._work(lambda: self.busy)
            except FamiliarError as exc:
                trouble = str(exc)
                if trouble != self.trouble:  # said once, not at every try
                    log.warning("Idle work has to wait: %s", exc)
            except Exception as exc:
                trouble = f"{type(exc).__name__}: idle work failed, see the log."
                log.exception("Idle work failed")
            with self._changed:
                self._working, self.trouble = False, trouble
                self._hurried = self._hurried and more
                self._wait = min(max(2 * self._wait, _AFTER_FAILURE), _LONGEST_PAUSE) if trouble else 0.0
                # what a turn stopped goes on after it, since its end asks again
                self._asked = more or bool(trouble) or self._ended != ended
                self._since = monotonic() if trouble else self._since

    def _idle_time(self) -> bool:
        """Wait until there is work and no turn has been under way for a while; False when it is closed."""
        with self._changed:
            while not self._closed:
                left = self._since + (0.0 if self._hurried else max(self._pause, self._wait)) - monotonic()
                if self._asked and not self._under_way() and left <= 0:
                    self._working = True
                    return True
                self._changed.wait((left if left > 0 else _GLANCE) if self._asked else None)
            return False

    def _under_way(self) -> bool:
        now = monotonic()
        self._turns = {key: since for key, since in self._turns.items() if now - since < LONGEST_TURN}
        return bool(self._turns)
