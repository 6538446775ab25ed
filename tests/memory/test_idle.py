"""Tests of idle time: work waits for turns, stops when one begins, and goes on after it."""

from __future__ import annotations

import threading
from threading import Event

import pytest

from extension.errors import HostUnreachable
from extension.memory.idle import Idle


@pytest.fixture
def idle():
    """Make an idle time without a pause whose thread ends with the test."""
    made = []

    def make(work, **more):
        made.append(Idle(work, lambda: True, **{"pause": 0.0, **more}))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def threads():
    """Return how many threads of idle time there are beside those there were before."""
    before = set(threading.enumerate())
    return lambda: [thread.name for thread in threading.enumerate() if thread.name == "familiar-idle" and thread not in before]


def until(condition):
    """Wait until something holds."""
    patience = Event()
    for _ in range(1000):
        if condition():
            return
        patience.wait(0.01)
    raise AssertionError("it did not come to hold")


def test_work_begins_after_the_first_turn_and_is_done_to_its_end(idle, threads):
    done, pieces = Event(), iter([True, True, False])

    def work(stopped):
        more = next(pieces)
        if not more:
            done.set()
        return more

    made = idle(work)
    assert threads() == []
    with made.turn("a"):
        assert made.busy
        assert threads() == []
    assert done.wait(10)
    made.close()
    assert threads() == []


def test_work_stops_when_a_turn_begins_and_goes_on_after_it(idle):
    working, stopped_in_time, again = Event(), Event(), Event()

    def work(stopped):
        if stopped_in_time.is_set():
            again.set()
            return False
        working.set()
        while not stopped():
            threading.Event().wait(0.01)
        stopped_in_time.set()
        return False

    made = idle(work)
    with made.turn("a"):
        pass
    assert working.wait(10)
    with made.turn("b"):
        assert stopped_in_time.wait(10)
        assert not again.wait(0.1)
    assert again.wait(10)


def test_no_work_begins_while_another_turn_is_under_way(idle):
    begun = Event()
    made = idle(lambda stopped: begun.set() or False)
    made.begin("a")
    with made.turn("b"):
        pass
    assert not begun.wait(0.1)
    made.end("a")
    assert begun.wait(10)


def test_the_end_of_a_turn_nobody_knows_begins_nothing(idle):
    begun = Event()
    made = idle(lambda stopped: begun.set() or False)
    made.end("never begun")
    assert not begun.wait(0.05)
    made.begin("a")
    made.end()
    assert begun.wait(10)


def test_a_turn_whose_end_is_never_told_is_over_after_a_while(idle, monkeypatch):
    made = idle(lambda stopped: False)
    made.begin("lost")
    assert made.busy
    monkeypatch.setattr("extension.memory.idle.LONGEST_TURN", 0.0)
    assert not made.busy


def test_a_failure_is_said_once_and_waits(idle, caplog):
    failed = Event()

    def work(stopped):
        failed.set()
        raise HostUnreachable("Nothing answers. Start the server.")

    made = idle(work)
    for _ in range(2):
        with made.turn("a"):
            pass
        assert failed.wait(10)
    made.close()
    assert made.trouble == "Nothing answers. Start the server."
    assert [record.message for record in caplog.records] == ["Idle work has to wait: Nothing answers. Start the server."]


def test_without_work_there_is_no_thread(threads):
    made = Idle(lambda stopped: True, lambda: False, pause=0.0)
    with made.turn("a"):
        pass
    assert threads() == []


def test_in_a_hurry_it_does_not_wait_and_says_when_it_is_done(idle):
    begun, go = Event(), Event()
    made = idle(lambda stopped: begun.set() or not go.wait(10), pause=3600.0)
    assert not made.at_work
    made.hurry()
    assert begun.wait(10)
    assert made.at_work
    go.set()
    until(lambda: not made.at_work)
    with made.turn("a"):
        begun.clear()
    assert not begun.wait(0.1)  # the next time it waits as ever


def test_hurried_work_that_fails_is_not_at_work_any_more(idle):
    def work(stopped):
        raise HostUnreachable("The server is not there. Start it.")

    made = idle(work, pause=3600.0)
    made.hurry()
    until(lambda: made.trouble != "" and not made.at_work)
    assert made.trouble == "The server is not there. Start it."
