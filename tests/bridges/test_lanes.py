"""Lanes: the order of what happens in one place."""

from __future__ import annotations

from threading import Event

from extension.bridges.lanes import Lanes

LONG = 30.0


def test_calls_of_one_lane_run_in_their_order_and_a_slow_lane_holds_up_no_other():
    lanes, go, done = Lanes(2), Event(), []
    lanes.put("a", lambda: go.wait(LONG))
    for number in range(100):
        lanes.put("a", lambda number=number: done.append(number))
    quick = Event()
    lanes.put("b", quick.set)
    assert quick.wait(LONG)
    assert done == []
    go.set()
    assert lanes.settle(LONG)
    assert done == list(range(100))
    lanes.close()


def test_a_call_that_fails_costs_the_next_nothing_and_closing_leaves_out_what_has_not_begun(caplog):
    lanes, go, begun, done = Lanes(1), Event(), Event(), []

    def wait() -> None:
        begun.set()
        go.wait(LONG)

    lanes.put("a", lambda: 1 / 0)
    lanes.put("a", wait)
    lanes.put("a", lambda: done.append("never"))
    assert begun.wait(LONG)
    lanes.put("b", lambda: done.append("never"))
    go.set()
    lanes.close()
    lanes.put("a", lambda: done.append("late"))
    assert done == []
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]
