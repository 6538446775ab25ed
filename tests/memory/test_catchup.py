"""Tests of the worker that keeps the indexes up with the diary."""

from __future__ import annotations

import logging
import threading
from threading import Event

import pytest

from extension.errors import StoreLocked
from extension.memory.catchup import CatchUp


@pytest.fixture
def alive():
    """Return the names of the worker threads that were not there when the test began."""
    before = set(threading.enumerate())
    return lambda: [thread.name for thread in threading.enumerate() if thread not in before and thread.name == "familiar-catch-up"]


def test_nothing_runs_before_the_first_kick(alive):
    CatchUp(lambda: None)
    assert alive() == []


def test_a_kick_runs_the_steps_in_their_order(alive):
    done = []
    catch_up = CatchUp(lambda: done.append("first"), lambda: done.append("second"))
    catch_up.kick()
    assert catch_up.wait(10)
    catch_up.close()
    assert done == ["first", "second"]
    assert alive() == []


def test_an_idle_worker_looks_again_unasked(alive):
    again, runs = Event(), []

    def step():
        runs.append(1)
        if len(runs) == 3:
            again.set()

    catch_up = CatchUp(step, every=0.01)
    catch_up.kick()
    assert again.wait(10)
    catch_up.close()
    assert alive() == []


def test_a_wait_is_over_when_the_time_is(caplog):
    hold = Event()
    catch_up = CatchUp(lambda: hold.wait(30))
    catch_up.kick()
    assert not catch_up.wait(0.05)
    assert catch_up.wait(0.05, enough=lambda: True)
    hold.set()
    assert catch_up.wait(10)
    catch_up.close()


def test_a_wait_without_a_kick_is_over_at_once():
    assert CatchUp(lambda: None).wait(10)


def test_a_failed_run_is_said_once_and_tried_again_at_the_next_kick(caplog):
    calls = []

    def step():
        calls.append(1)
        if len(calls) < 4:
            raise StoreLocked("The diary is locked. Close the other program.")

    catch_up = CatchUp(step)
    with caplog.at_level(logging.WARNING):
        while len(calls) < 3:
            catch_up.kick()
            assert not catch_up.wait(10)
            assert catch_up.trouble == "The diary is locked. Close the other program."
        while len(calls) < 4:
            catch_up.kick()
            catch_up.wait(0.2)
    catch_up.kick()
    while not catch_up.wait(10):
        pass
    assert catch_up.trouble == ""
    assert caplog.text.count("Indexing is behind: The diary is locked.") == 1
    catch_up.close()


def test_an_unforeseen_error_does_not_end_the_worker(caplog):
    broken = [ZeroDivisionError("unforeseen")]
    done = []

    def step():
        if broken:
            raise broken.pop()
        done.append(1)

    catch_up = CatchUp(step)
    catch_up.kick()
    assert not catch_up.wait(10)
    assert catch_up.trouble == "ZeroDivisionError: indexing failed, see the log."
    assert "Indexing failed" in caplog.text
    catch_up.kick()
    while not done:
        catch_up.wait(0.2)
    catch_up.close()


def test_closing_ends_after_the_step_under_way(alive):
    done = []

    def first():
        threading.Thread(target=catch_up.close).start()
        catch_up.wait(30)  # it is over when the catch-up is closing
        done.append("first")

    catch_up = CatchUp(first, lambda: done.append("second"))
    catch_up.kick()
    catch_up.wait(30)
    catch_up.close()
    assert done == ["first"]
    catch_up.kick()
    assert alive() == []
