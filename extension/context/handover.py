"""Documents that are handed over in the background: taken in one after the other in a thread, which can be watched and stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Condition, Lock, Thread

from ..errors import FamiliarError, Stopped
from .intake import Progress, Stop, Taken, Told

log = logging.getLogger(__name__)

Take = Callable[[Told, Stop], Iterator[Taken]]
"""Takes documents in, tells how far each is, looks whether to stop, and yields what came of each."""


@dataclass(frozen=True, slots=True)
class State:
    """How far documents are that were handed over."""

    progress: Progress | None = None
    """Of the one under way."""
    taken: tuple[Taken, ...] = ()
    """What came of those before it."""
    done: bool = False
    stopped: bool = False
    trouble: str = ""
    """Why it ended before all were taken in."""


class Handover:
    """Some documents on their way into the library. Safe to use from several threads."""

    def __init__(self, take: Take, ended: Callable[[Handover], None]) -> None:
        self._take = take
        self._ended = ended
        self._state = State()
        self._stopping = False
        self._changed = Condition()
        self._thread = Thread(target=self._work, name="familiar-reading", daemon=True)

    @property
    def state(self) -> State:
        """How far it is now."""
        return self._state

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End it; the documents taken in until then stay, and nothing of the one under way. Returns at once."""
        self._stopping = True

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; False when the time ran out."""
        with self._changed:
            return self._changed.wait_for(lambda: self._state.done, seconds)

    def watch(self, pause: float) -> Iterator[State]:
        """Yield how far it is every `pause` seconds, and once when it has ended."""
        while not self._state.done:
            yield self._state
            self.wait(pause)
        yield self._state

    def _work(self) -> None:
        trouble, stopped = "", False
        try:
            for taken in self._take(self._told, lambda: self._stopping):
                self._now(State(None, (*self._state.taken, taken)))
        except Stopped:
            stopped = True
        except FamiliarError as exc:
            trouble = str(exc)
        except Exception as exc:
            log.exception("Documents could not be taken in")
            trouble = f"Reading ended early ({type(exc).__name__}); the log has the details."
        self._now(State(None, self._state.taken, True, stopped, trouble))
        self._ended(self)

    def _told(self, progress: Progress) -> None:
        self._now(State(progress, self._state.taken))

    def _now(self, state: State) -> None:
        with self._changed:
            self._state = state
            self._changed.notify_all()


class Handovers:
    """What is handed over by whom and still under way. Safe to use from several threads."""

    def __init__(self) -> None:
        self._of: dict[str, list[Handover]] = {}
        self._lock = Lock()

    def start(self, person: str, take: Take) -> Handover:
        """Begin to take documents in for a person, by their id."""
        handover = Handover(take, lambda ended: self._end(person, ended))
        with self._lock:
            self._of.setdefault(person, []).append(handover)
        handover.start()
        return handover

    def of(self, person: str) -> list[Handover]:
        """Return what is under way for a person, the oldest first."""
        with self._lock:
            return list(self._of.get(person, ()))

    def close(self, seconds: float = 5.0) -> None:
        """Stop everything, and wait until it has ended or the seconds are over."""
        with self._lock:
            running = [each for some in self._of.values() for each in some]
        for each in running:
            each.stop()
        for each in running:
            each.wait(seconds)

    def _end(self, person: str, ended: Handover) -> None:
        with self._lock:
            self._of[person].remove(ended)
            if not self._of[person]:
                del self._of[person]
