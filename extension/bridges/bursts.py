"""Bursts: what one person says in one place in quick succession is one message, answered once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock, Timer

from .heard import Handle, Heard

After = Callable[[float, Callable[[], None]], Callable[[], None]]
"""Calls something after so many seconds, and returns what takes that back."""


def after(seconds: float, call: Callable[[], None]) -> Callable[[], None]:
    """Call something in a thread of its own after so many seconds, and return what takes that back."""
    timer = Timer(seconds, call)
    timer.daemon = True
    timer.start()
    return timer.cancel


MOST = 50
"""Messages of one burst; what is said beyond them is another one."""


@dataclass(eq=False)
class Burst:
    """Messages of one person in one place that are answered together. Open until the answer begins."""

    handle: Handle
    companion: str
    messages: list[Heard]
    waiting: bool = False
    """Whether it waits in the queue: only what is said to a companion joins it any more."""
    accepted: bool = False
    """Whether an earlier process took up some of it."""
    over: bool = False
    cancel: Callable[[], None] = field(default=lambda: None)


class Bursts:
    """The bursts that are open. `ready` is called with one whose person has paused. Safe to use from several threads."""

    def __init__(self, pause: Callable[[], float], ready: Callable[[Burst], None], timer: After = after) -> None:
        self._pause, self._ready, self._timer = pause, ready, timer
        self._open: dict[tuple[str, str], Burst] = {}
        self._lock = Lock()

    def join(self, heard: Heard, *, addressed: bool) -> bool:
        """Add a message to the open burst of its person; False where there is none that it belongs to."""
        key = (heard.place.id, heard.person.id)
        with self._lock:
            burst = self._open.get(key)
            if burst is None or (burst.waiting and not addressed) or len(burst.messages) >= MOST:
                return False
            if all(each.id != heard.id for each in burst.messages):
                burst.messages.append(heard)
            if not burst.waiting:
                self._wait(burst, 0.0 if len(burst.messages) >= MOST else self._pause())
            return True

    def open(self, heard: Heard, handle: Handle, companion: str, *, accepted: bool = False) -> None:
        """Begin a burst, in place of one of this person that waits already."""
        key = (heard.place.id, heard.person.id)
        burst = Burst(handle, companion, [heard], accepted=accepted)
        with self._lock:
            self._open[key] = burst
            self._wait(burst, self._pause())

    def take(self, burst: Burst) -> list[Heard]:
        """Close a burst and return its messages."""
        with self._lock:
            burst.over = True
            for key, each in list(self._open.items()):
                if each is burst:
                    del self._open[key]
            return list(burst.messages)

    def close(self) -> None:
        """Let nothing become ready any more."""
        with self._lock:
            for burst in self._open.values():
                burst.cancel()
                burst.over = True
            self._open.clear()

    def edit(self, heard: Heard) -> bool:
        """Put the new words of a message in the place of the old; False where it is in no open burst."""
        with self._lock:
            burst = self._holding(heard.place.id, heard.id)
            if burst is not None:
                burst.messages[:] = [replace(each, text=heard.text) if each.id == heard.id else each for each in burst.messages]
            return burst is not None

    def remove(self, place_id: str, message: str) -> bool:
        """Take a message out of an open burst; False where it is in none. A burst without messages is answered by nobody."""
        with self._lock:
            burst = self._holding(place_id, message)
            if burst is None:
                return False
            burst.messages[:] = [each for each in burst.messages if each.id != message]
            if not burst.messages:
                burst.over = True
                burst.cancel()
                self._open = {key: each for key, each in self._open.items() if each is not burst}
            return True

    def _holding(self, place_id: str, message: str) -> Burst | None:
        open_here = (each for (place, _), each in self._open.items() if place == place_id)
        return next((each for each in open_here if any(one.id == message for one in each.messages)), None)

    def _wait(self, burst: Burst, seconds: float) -> None:
        burst.cancel()
        burst.cancel = self._timer(seconds, lambda: self._paused(burst))

    def _paused(self, burst: Burst) -> None:
        with self._lock:
            if burst.over or burst.waiting:
                return
            burst.waiting = True
        self._ready(burst)
