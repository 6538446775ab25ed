"""Tests of handing documents over in the background: watched, stopped, and closed with the program."""

from __future__ import annotations

from threading import Event

import pytest

from extension.context.handover import Handovers
from extension.context.intake import Progress, Taken
from extension.errors import Stopped, StoreError


@pytest.fixture
def handovers():
    made = Handovers()
    yield made
    made.close()


def test_it_is_watched_until_all_is_taken_in(handovers):
    step = Event()

    def take(told, stop):
        told(Progress("a.md", 0.5, 3))
        step.wait(30)
        yield Taken("a.md", "added")
        yield Taken("b.md", "refused", problem="It is empty.")

    handover = handovers.start("me", take)
    states = handover.watch(0.01)
    while next(states).progress is None:
        continue
    assert handover.state.progress == Progress("a.md", 0.5, 3)
    assert handovers.of("me") == [handover] and handovers.of("you") == []
    step.set()
    *_, last = states
    assert ([each.name for each in last.taken], last.done, last.stopped, last.trouble) == (["a.md", "b.md"], True, False, "")
    while handovers.of("me"):
        continue


def test_it_stops_where_it_is_told_to_and_what_was_taken_in_stays(handovers):
    def take(told, stop):
        yield Taken("a.md", "added")
        while not stop():
            told(Progress("b.md"))
        raise Stopped("Reading was stopped.")

    handover = handovers.start("me", take)
    handover.stop()
    assert handover.wait(30)
    assert ([each.name for each in handover.state.taken], handover.state.stopped) == (["a.md"], True)


def test_a_failure_is_a_sentence_and_the_program_ends_with_everything_stopped(handovers):
    def failing(told, stop):
        raise StoreError("The database is locked.")
        yield

    def broken(told, stop):
        raise ZeroDivisionError
        yield

    def endless(told, stop):
        while not stop():
            continue
        raise Stopped("Reading was stopped.")
        yield

    ended = [handovers.start("me", each) for each in (failing, broken)]
    assert all(each.wait(30) for each in ended)
    assert ended[0].state.trouble == "The database is locked."
    assert "ZeroDivisionError" in ended[1].state.trouble
    last = handovers.start("me", endless)
    handovers.close(30)
    assert last.state.done and last.state.stopped
