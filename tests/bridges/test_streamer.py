"""The streamer: one edit at a time, the latest text, no more edits than allowed."""

from __future__ import annotations

from threading import Event

from extension.bridges import streamer
from extension.bridges.streamer import Streamer
from extension.errors import BridgeError, Throttled

LONG = 30.0


class Wall:
    """Where texts are shown, when the test lets them."""

    def __init__(self, *errors):
        self.shown, self.errors = [], list(errors)
        self.begun, self.go = Event(), Event()

    def __call__(self, text):
        self.shown.append(text)
        self.begun.set()
        assert self.go.wait(LONG)
        if self.errors and (error := self.errors.pop(0)):
            raise error


def pauses(monkeypatch, wanted):
    """Keep the pauses there would be, and tell when there were so many."""
    kept, enough = [], Event()

    def pause(self, seconds):
        kept.append(seconds)
        if len(kept) == wanted:
            enough.set()

    monkeypatch.setattr(Streamer, "_pause", pause)
    return kept, enough


def test_while_an_edit_is_under_way_none_begins_and_then_the_latest_text_is_shown():
    wall = Wall()
    shown = Streamer(wall, 0.0, 10)
    shown.show("a")
    assert wall.begun.wait(LONG)
    for text in ("ab", "abc", "abcd"):
        shown.show(text)
    assert wall.shown == ["a"]
    wall.begun.clear()
    wall.go.set()
    assert wall.begun.wait(LONG)
    shown.close()
    shown.show("late")
    assert wall.shown == ["a", "abcd"]


def test_closing_waits_for_the_edit_under_way_and_begins_no_other():
    wall = Wall()
    shown = Streamer(wall, 0.0, 10)
    shown.show("a")
    assert wall.begun.wait(LONG)
    shown.show("b")
    wall.go.set()
    shown._over = True
    shown.close()
    assert wall.shown == ["a"]


def test_a_platform_that_asks_for_patience_or_refuses_is_asked_again_later_with_the_newest_text(monkeypatch):
    kept, enough = pauses(monkeypatch, 3)
    wall = Wall(Throttled(7.5), BridgeError("no"), None)
    wall.go.set()
    shown = Streamer(wall, 1.0, 10)
    shown.show("a")
    assert enough.wait(LONG)
    shown.close()
    assert wall.shown == ["a", "a", "a"]
    assert [round(seconds, 2) for seconds in kept] == [7.5, 1.21, 1.33]


def test_no_more_edits_are_made_than_allowed_and_a_slow_platform_is_asked_less_often(monkeypatch):
    kept, enough = pauses(monkeypatch, 2)
    clock = iter([0.0, 4.0, 10.0, 10.5])
    monkeypatch.setattr(streamer, "monotonic", lambda: next(clock))
    wall = Wall()
    wall.go.set()
    shown = Streamer(wall, 1.0, 2)
    shown.show("a")
    while not kept:
        pass
    shown.show("b")
    assert enough.wait(LONG)
    shown.show("c")
    shown.close()
    assert wall.shown == ["a", "b"]
    assert kept == [12.0, 1.5]
