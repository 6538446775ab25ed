"""The benchmark of the conversation core: everything asked is answered and counted."""

from __future__ import annotations

from bench import bridge


def test_every_message_is_answered_and_counted(monkeypatch):
    seen = []
    over = bridge.Watched.over
    monkeypatch.setattr(bridge.Watched, "over", lambda made, message: (seen.append(message), over(made, message)))
    found = bridge.busy("hashing", 3, 9)
    assert len(set(seen)) == len(seen) == 9
    assert 0 < found["delay_ms"]["p50"] <= found["delay_ms"]["p95"]


def test_what_somebody_floods_is_counted_before_who_asks_once(monkeypatch):
    monkeypatch.setattr(bridge, "WORKING", 0.01)
    found = bridge.fair("hashing", 4)
    assert (found["asked"], found["in_order_of_arrival"]["p50"] <= 8) == (4, True)
    assert 0 <= found["before"]["p50"] <= found["most_before"]
