"""The queue of replies: so many at a time as the host can give, the others waiting fairly, seen, stoppable and bounded in number."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Event, Thread, current_thread
from time import monotonic
from typing import Literal, Protocol

from ..errors import QueueBusy, QueueFull, Stopped
from ..texts import tr
from .rotation import Owned, Rotation
from .tally import Tally

log = logging.getLogger(__name__)

LONGEST = 64
"""What may wait in all."""
LONGEST_EACH = 8
"""What may wait of one person."""
CLOSING_TIME = 5.0
"""Seconds that what is being written is given to end when the queue is closed."""
STOPPING_TIME = 5.0
"""Seconds that it is given then to stop."""

State = Literal["waiting", "running", "done", "failed", "stopped"]
Moved = Callable[[int], None]
"""Is told the new position of a ticket; 0 once its job runs."""


class Job(Owned, Protocol):
    """A reply to be made: whose, where, and how."""

    def run(self, stop: Event) -> None:
        """Make it, until it is done or told to stop. What it raises ends on its ticket."""


class Ticket:
    """What somebody has who waits in the queue."""

    def __init__(self, queue: Queue, job: Job, moved: Moved | None) -> None:
        """Only the queue makes them."""
        self._queue = queue
        self._moved = moved
        self._told: int | None = None
        self._over = Event()
        self.job = job
        self.stop = Event()
        """Set once the job is to stop; it is what the job is given."""
        self.state: State = "waiting"
        """*stopped* is also what never began, and what ended after it was told to stop."""
        self.error: BaseException | None = None
        """What the job raised."""

    @property
    def person(self) -> str:
        """Whose it is."""
        return self.job.person

    @property
    def place(self) -> str:
        """Where it is waited for."""
        return self.job.place

    @property
    def position(self) -> int:
        """How many begin before it, and itself; 0 when it does not wait any more."""
        return self._queue.position(self)

    def cancel(self) -> bool:
        """Take it out of the queue, or tell it to stop if it runs; return False where it is over."""
        return self._queue.stop(lambda ticket: ticket is self) > 0

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is over, or for some seconds; return whether it is."""
        return self._over.wait(timeout)


class Queue:
    """Runs jobs in threads of its own, as many at a time as it has slots. Safe to use from several threads."""

    def __init__(self, slots: int = 1, longest: int = LONGEST, longest_each: int = LONGEST_EACH) -> None:
        """Raise ValueError where a number is below 1."""
        if min(slots, longest, longest_each) < 1:
            raise ValueError("A queue has at least one slot, and room for at least one to wait, of each person too.")
        self._slots, self._longest, self._longest_each = slots, longest, longest_each
        self.tally = Tally()
        """What has come of it all."""
        self._rotation: Rotation[Ticket] = Rotation()
        self._changed = Condition()
        self._version = 0
        self._threads: list[Thread] = []
        self._waiting_to_hold = 0
        self._held = False
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many wait."""
        with self._changed:
            return len(self._rotation)

    @property
    def running(self) -> list[Ticket]:
        """What runs now."""
        with self._changed:
            return self._rotation.begun

    def submit(self, job: Job, moved: Moved | None = None, *, accepted: bool = False) -> Ticket:
        """Put a job into the queue. Raises QueueFull, with words for the person, where it is full, or full of what is theirs, or closed.

        What was `accepted` by an earlier process is taken however full it is. `moved` is called from one thread of the queue, whenever
        the position is another than it last said; only the newest is told.
        """
        with self._changed:
            if self._closed:
                raise QueueFull(_closing())
            own = self._rotation.waiting(job.person)
            if own >= self._longest_each and not accepted:
                raise QueueFull(tr("Of yours {own} are waiting already, which is the most. Wait until one is done, or stop one.", own=own))
            if len(self._rotation) >= self._longest and not accepted:
                raise QueueFull(tr("There are {most} waiting already, which is the most. Ask again in a few minutes.", most=self._longest))
            ticket = Ticket(self, job, moved)
            self._rotation.add(ticket)
            self._start_threads()
            self._change()
            return ticket

    def replace(self, ticket: Ticket, job: Job) -> bool:
        """Let another job of the same person in the same place wait in its position; return False where it does not wait any more.

        Raises ValueError where the job is somebody else's, or of another place.
        """
        with self._changed:
            if (job.person, job.place) != (ticket.person, ticket.place):
                raise ValueError("Only a job of the same person in the same place can take the position of another.")
            if ticket.state != "waiting":
                return False
            ticket.job = job
            return True

    def position(self, ticket: Ticket) -> int:
        """Return the position of a ticket, counted from 1; 0 when it does not wait."""
        with self._changed:
            return next((at for at, each in enumerate(self._rotation.order(), 1) if each is ticket), 0)

    def stop_place(self, place: str) -> int:
        """Cancel everything in a place, and return how much that was."""
        return self.stop(lambda ticket: ticket.place == place)

    def stop_person(self, person: str) -> int:
        """Cancel everything of a person, and return how much that was."""
        return self.stop(lambda ticket: ticket.person == person)

    def stop(self, chosen: Callable[[Ticket], bool]) -> int:
        """Cancel what is chosen: what waits is taken out, what runs is told to stop. Return how much that was.

        `chosen` is called with the lock held, and must not use the queue.
        """
        with self._changed:
            waiting = [ticket for ticket in self._rotation.order() if chosen(ticket)]
            running = [ticket for ticket in self._rotation.begun if chosen(ticket)]
            for ticket in waiting:
                self._rotation.remove(ticket)
                self._finish(ticket, "stopped")
            for ticket in (*waiting, *running):
                ticket.stop.set()
            self._change()
            return len(waiting) + len(running)

    @contextmanager
    def hold(self, timeout: float | None = None) -> Iterator[None]:
        """Wait until nothing runs, and let nothing begin inside of this; what is submitted meanwhile waits. One holds at a time.

        Raises QueueBusy where that took more seconds than given, Stopped where the queue was closed, and RuntimeError inside a job, which
        would wait for itself.
        """
        if current_thread() in self._threads:
            raise RuntimeError("A job cannot hold the queue it runs in: it would wait for itself.")
        self._hold(timeout)
        try:
            yield
        finally:
            with self._changed:
                self._held = False
                self._change()

    def close(self, seconds: float = CLOSING_TIME) -> None:
        """Take out what waits, give what runs so many seconds to end, and then tell it to stop."""
        with self._changed:
            self._closed = True
            begun = self._rotation.begun
        self.stop(lambda ticket: ticket.state == "waiting")
        until = monotonic() + seconds
        for ticket in begun:
            ticket.wait(max(0.0, until - monotonic()))
        self.stop(lambda ticket: True)
        until = monotonic() + STOPPING_TIME
        for thread in self._threads:
            if thread is not current_thread():
                thread.join(max(0.0, until - monotonic()))

    def _hold(self, timeout: float | None) -> None:
        with self._changed:
            self._waiting_to_hold += 1
            try:
                free = self._changed.wait_for(lambda: self._closed or not (self._held or self._rotation.begun), timeout)
            finally:
                self._waiting_to_hold -= 1
                self._change()
            if self._closed:
                raise Stopped(_closing())
            if not free:
                raise QueueBusy(tr("What is being written did not end in time. Stop it, or try again in a moment."))
            self._held = True

    def _change(self) -> None:
        self._version += 1
        self._changed.notify_all()

    def _finish(self, ticket: Ticket, state: State, error: BaseException | None = None) -> None:
        ticket.state, ticket.error = state, error
        ticket._over.set()

    def _start_threads(self) -> None:
        if not self._threads:
            self._threads = [
                Thread(target=self._work, name=f"familiar-reply-{number}", daemon=True) for number in range(1, self._slots + 1)
            ]
            self._threads.append(Thread(target=self._tell, name="familiar-positions", daemon=True))
            for thread in self._threads:
                thread.start()

    def _work(self) -> None:
        while ticket := self._next():
            state, error = _outcome(ticket)
            with self._changed:
                self._rotation.end(ticket)
                self._finish(ticket, state, error)
                self._change()

    def _next(self) -> Ticket | None:
        """Wait for a job that may begin; None once the queue is closed."""
        with self._changed:
            while not self._closed:
                ticket = None if self._held or self._waiting_to_hold else self._rotation.begin()
                if ticket:
                    ticket.state = "running"
                    self._change()
                    return ticket
                self._changed.wait()
            return None

    def _tell(self) -> None:
        """Tell tickets their positions whenever those change, outside the lock."""
        told = 0
        while True:
            with self._changed:
                while self._version == told and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                told = self._version
                now = [
                    *((ticket, 0) for ticket in self._rotation.begun),
                    *((each, at) for at, each in enumerate(self._rotation.order(), 1)),
                ]
            for ticket, position in now:
                if ticket._told != position:
                    ticket._told = position
                    _told(ticket, position)


def _closing() -> str:
    return tr("Familiar is closing down and takes nothing more: ask again when it is back.")


def _outcome(ticket: Ticket) -> tuple[State, BaseException | None]:
    """Run a job, and return how it ended."""
    try:
        ticket.job.run(ticket.stop)
    except Stopped as exc:
        return "stopped", exc
    except BaseException as exc:
        log.exception("A reply was not made")
        return "failed", exc
    return "stopped" if ticket.stop.is_set() else "done", None


def _told(ticket: Ticket, position: int) -> None:
    if ticket._moved is None or ticket._over.is_set():
        return
    try:
        ticket._moved(position)
    except Exception:
        log.exception("A position was not told")
