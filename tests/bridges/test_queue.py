"""Tests of the queue: fair, bounded, visible, and stoppable in every state, whatever the jobs do."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extension.bridges.queue import Queue
from extension.errors import CommandRefused, QueueBusy, QueueFull, Stopped

LONG = 20.0


@dataclass(eq=False)
class Job:
    """A job that runs until it is let go or told to stop, as it is made."""

    person: str = "ann"
    place: str = "den"
    heeds: bool = True
    raises: BaseException | None = None
    begun: Event = field(default_factory=Event)
    go: Event = field(default_factory=Event)

    def run(self, stop: Event) -> None:
        self.begun.set()
        assert (stop if self.heeds else self.go).wait(LONG)
        if self.raises:
            raise self.raises


def waits(person: str = "ann", place: str = "den", **kinds) -> Job:
    """Return a job that runs until it is let go."""
    return Job(person, place, heeds=False, **kinds)


@pytest.fixture
def queues():
    made: list[Queue] = []

    def make(*numbers: int) -> Queue:
        made.append(Queue(*numbers))
        return made[-1]

    yield make
    for queue in made:
        queue.close(0.0)
        assert not any(thread.is_alive() for thread in queue._threads)


def under_way(queue: Queue, job: Job):
    """Submit a job and wait until it runs."""
    ticket = queue.submit(job)
    assert job.begun.wait(LONG)
    return ticket


def test_a_job_runs_and_its_ticket_says_so(queues):
    queue, job = queues(), waits()
    ticket = under_way(queue, job)
    assert (ticket.state, ticket.position, queue.running, queue.waiting) == ("running", 0, [ticket], 0)
    assert not ticket.wait(0)
    job.go.set()
    assert ticket.wait(LONG)
    assert (ticket.state, ticket.error, queue.running) == ("done", None, [])


def test_waiting_tickets_say_their_position_in_turn(queues):
    queue, first = queues(), waits()
    under_way(queue, first)
    anns = [queue.submit(waits("ann", "hall")) for _ in range(2)]
    bob = queue.submit(waits("bob"))
    assert [ticket.position for ticket in (*anns, bob)] == [1, 3, 2]
    anns[0].cancel()
    assert [ticket.position for ticket in (*anns, bob)] == [0, 1, 2]
    queue.stop(lambda ticket: True)
    first.go.set()


def test_as_many_run_as_there_are_slots(queues):
    queue, jobs = queues(2), [waits(person) for person in ("ann", "bob", "cat")]
    tickets = [queue.submit(job) for job in jobs]
    assert jobs[0].begun.wait(LONG) and jobs[1].begun.wait(LONG)
    assert tickets[2].position == 1
    jobs[1].go.set()
    assert jobs[2].begun.wait(LONG)
    assert queue.running == [tickets[0], tickets[2]]
    jobs[0].go.set()
    jobs[2].go.set()


def test_a_person_never_has_two_running_in_a_place(queues):
    queue, jobs = queues(3), [waits(), waits(), waits(place="hall")]
    tickets = [queue.submit(job) for job in jobs]
    assert jobs[0].begun.wait(LONG) and jobs[2].begun.wait(LONG)
    assert (tickets[1].state, tickets[1].position) == ("waiting", 1)
    jobs[0].go.set()
    assert jobs[1].begun.wait(LONG)
    jobs[1].go.set()
    jobs[2].go.set()


def test_a_full_queue_says_so_and_takes_again_when_there_is_room(queues):
    queue = queues(1, 3, 2)
    under_way(queue, Job())
    tickets = [queue.submit(Job("ann", "hall")) for _ in range(2)]
    with pytest.raises(QueueFull, match=r"Of yours 2 are waiting already, which is the most\. Wait until one is done, or stop one\."):
        queue.submit(Job("ann", "attic"))
    queue.submit(Job("bob"))
    with pytest.raises(QueueFull, match=r"There are 3 waiting already, which is the most\. Ask again in a few minutes\."):
        queue.submit(Job("cat"))
    tickets[0].cancel()
    assert queue.submit(Job("cat")).position == 3
    assert issubclass(QueueFull, CommandRefused)


@pytest.mark.parametrize("numbers", [(0,), (1, 0), (1, 1, 0)])
def test_a_queue_without_room_is_refused(numbers):
    with pytest.raises(ValueError, match="at least one slot"):
        Queue(*numbers)


def test_cancelling_works_in_every_state(queues):
    queue, job, never = queues(), Job(), Job()
    running, waiting = under_way(queue, job), queue.submit(never)
    assert waiting.cancel()
    assert (waiting.state, waiting.wait(0), never.begun.is_set()) == ("stopped", True, False)
    assert running.cancel()
    assert running.wait(LONG)
    assert running.state == "stopped"
    assert not running.cancel()
    assert not waiting.cancel()


def test_a_place_and_a_person_are_stopped(queues):
    queue = queues()
    running = under_way(queue, Job("ann", "den"))
    hall, bob, den = queue.submit(Job("ann", "hall")), queue.submit(Job("bob", "attic")), queue.submit(Job("cat", "den"))
    assert queue.stop_place("den") == 2
    assert running.wait(LONG) and den.wait(LONG)
    assert queue.stop_person("ann") == 1
    assert hall.wait(LONG)
    assert queue.stop_place("nowhere") == queue.stop_person("nobody") == 0
    assert not bob.stop.is_set()


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(1)])
def test_what_a_job_raises_is_logged_and_the_next_one_runs(queues, caplog, error):
    queue = queues()
    failing = waits(raises=error)
    failing.go.set()
    ticket, after = queue.submit(failing), waits("bob")
    under_way(queue, after)
    assert (ticket.state, ticket.error) == ("failed", error)
    assert [record.message for record in caplog.records if record.exc_info] == ["A reply was not made"]
    after.go.set()


def test_a_job_that_says_it_was_stopped_is_no_failure(queues, caplog):
    queue = queues()
    ticket = under_way(queue, Job(raises=Stopped("stopped")))
    ticket.cancel()
    assert ticket.wait(LONG)
    assert (ticket.state, caplog.records) == ("stopped", [])


def test_positions_are_told_until_it_runs(queues):
    queue, first, second, told, running = queues(), waits(), waits("bob"), [], Event()

    def moved(position: int) -> None:
        told.append(position)
        if position == 0:
            running.set()

    under_way(queue, first)
    queue.submit(second)
    last, seen = waits("cat"), Event()
    queue.submit(last, lambda position: (moved(position), seen.set()))
    assert seen.wait(LONG)
    first.go.set()
    assert second.begun.wait(LONG)
    second.go.set()
    assert running.wait(LONG)
    assert told[0] == 2 and told[-1] == 0 and told == sorted(set(told), reverse=True)
    last.go.set()


def test_a_callback_that_fails_or_uses_the_queue_breaks_nothing(queues, caplog):
    queue, first, told = queues(), waits(), Event()
    under_way(queue, first)

    def fails(position: int) -> None:
        raise ValueError("no")

    queue.submit(waits("bob"), fails)
    cancelled = queue.submit(waits("cat"), lambda position: cancelled.cancel())
    queue.submit(waits("dan"), lambda position: told.set())
    assert told.wait(LONG) and cancelled.wait(LONG)
    assert {record.message for record in caplog.records} == {"A position was not told"}
    queue.stop_person("bob")
    queue.stop_person("dan")
    first.go.set()


def test_who_is_out_of_the_queue_is_told_no_position(queues):
    queue, told, blocked, go, after = queues(), [], Event(), Event(), Event()
    first = waits()
    under_way(queue, first)
    queue.submit(Job("bob"), lambda position: (blocked.set(), go.wait(LONG)))
    assert blocked.wait(LONG)
    queue.submit(Job("cat"), lambda position: out.cancel())
    out = queue.submit(Job("dan"), told.append)
    queue.submit(Job("eve"), lambda position: after.set())
    go.set()
    assert after.wait(LONG)
    assert (out.state, told) == ("stopped", [])
    queue.stop(lambda ticket: True)
    first.go.set()


def test_a_newer_job_takes_the_position_of_an_older_one(queues):
    queue, first, old, new = queues(), waits(), waits("bob"), waits("bob")
    under_way(queue, first)
    ticket = queue.submit(old)
    queue.submit(Job("cat"))
    assert queue.replace(ticket, new)
    assert ticket.position == 1
    with pytest.raises(ValueError, match="same person in the same place"):
        queue.replace(ticket, waits("cat"))
    first.go.set()
    assert new.begun.wait(LONG)
    assert not queue.replace(ticket, old)
    new.go.set()
    assert ticket.wait(LONG)
    assert not old.begun.is_set()


def test_holding_waits_for_what_runs_and_lets_nothing_begin(queues):
    queue, first, second = queues(2), waits(), waits("bob")
    under_way(queue, first)
    with pytest.raises(QueueBusy, match="did not end in time"), queue.hold(0.01):
        pass
    held, over = Event(), Event()

    def swap() -> None:
        with queue.hold(LONG):
            held.set()
            assert over.wait(LONG)

    thread = Thread(target=swap)
    thread.start()
    first.go.set()
    assert held.wait(LONG)
    ticket = queue.submit(second)
    with pytest.raises(QueueBusy), queue.hold(0.01):
        pass
    assert (ticket.position, second.begun.is_set()) == (1, False)
    over.set()
    assert second.begun.wait(LONG)
    thread.join(LONG)
    second.go.set()


def test_nothing_begins_while_somebody_waits_to_hold(queues, monkeypatch):
    queue, first, second, asked, held, go = queues(2), waits(), waits("bob"), Event(), Event(), Event()
    wait_for = queue._changed.wait_for
    monkeypatch.setattr(queue._changed, "wait_for", lambda free, timeout: asked.set() or wait_for(free, timeout))
    under_way(queue, first)

    def swap() -> None:
        with queue.hold(LONG):
            held.set()
            assert go.wait(LONG)

    thread = Thread(target=swap)
    thread.start()
    assert asked.wait(LONG)
    queue.submit(second)
    first.go.set()
    assert held.wait(LONG)
    assert not second.begun.is_set()
    go.set()
    assert second.begun.wait(LONG)
    thread.join(LONG)
    second.go.set()


def test_an_error_while_holding_lets_the_queue_go_on(queues):
    queue, job = queues(), waits()
    with pytest.raises(KeyError), queue.hold():
        raise KeyError
    under_way(queue, job)
    job.go.set()


def test_a_job_cannot_hold_the_queue_it_runs_in(queues, caplog):
    queue = queues()

    class Holding(Job):
        def run(self, stop: Event) -> None:
            with queue.hold():
                pass

    ticket = queue.submit(Holding())
    assert ticket.wait(LONG)
    assert isinstance(ticket.error, RuntimeError)


def test_closing_stops_everything(queues):
    queue, job = queues(), Job()
    running = under_way(queue, job)
    waiting = queue.submit(Job())
    queue.close(0.0)
    assert (running.state, waiting.state, queue.waiting, queue.running) == ("stopped", "stopped", 0, [])
    with pytest.raises(QueueFull, match="closing down"):
        queue.submit(Job())
    with pytest.raises(Stopped), queue.hold():
        pass


def test_closing_lets_what_runs_come_to_its_end(queues):
    queue, job = queues(), waits()
    running = under_way(queue, job)
    waiting = queue.submit(Job())
    closing = Thread(target=queue.close, args=[LONG])
    closing.start()
    assert waiting.wait(LONG)
    job.go.set()
    closing.join()
    assert (running.state, waiting.state) == ("done", "stopped")


def test_closing_does_not_wait_for_ever_for_a_job_that_heeds_nothing(queues, monkeypatch):
    monkeypatch.setattr("extension.bridges.queue.STOPPING_TIME", 0.01)
    queue, job = queues(), waits()
    ticket = under_way(queue, job)
    queue.close(0.01)
    assert (ticket.state, ticket.stop.is_set()) == ("running", True)
    job.go.set()


@dataclass(eq=False)
class Recorded:
    """A job that says when it begins and ends, and cancels a ticket while it runs."""

    person: str
    place: str
    seen: list
    lock: Lock
    other: int

    def run(self, stop: Event) -> None:
        with self.lock:
            self.seen.append(("begun", self))
        if self.other < len(self.tickets):
            self.tickets[self.other].cancel()
        with self.lock:
            self.seen.append(("ended", self))

    tickets: list = field(default_factory=list)


made = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.integers(0, 40)), max_size=20)


@settings(max_examples=60, deadline=None)
@given(made, st.integers(1, 4))
def test_nothing_is_lost_or_doubled_and_no_slot_is_used_twice(jobs, slots):
    queue, seen, lock, tickets = Queue(slots, 20, 20), [], Lock(), []
    for person, place, other in jobs:
        tickets.append(queue.submit(Recorded(person, place, seen, lock, other, tickets)))
    assert all(ticket.wait(LONG) for ticket in tickets)
    queue.close(LONG)
    begun = [job for what, job in seen if what == "begun"]
    assert all(times == 1 for times in Counter(begun).values())
    assert {ticket.job for ticket in tickets if ticket.state == "done"} <= set(begun)
    assert all(ticket.state in ("done", "stopped") for ticket in tickets)
    lines = defaultdict(list)
    for job in begun:
        lines[job.person, job.place].append([ticket.job for ticket in tickets].index(job))
    assert all(line == sorted(line) for line in lines.values())
    running: set = set()
    for _, job in seen:
        running ^= {job}
        assert len(running) <= slots
        assert max(Counter((each.person, each.place) for each in running).values(), default=1) == 1
