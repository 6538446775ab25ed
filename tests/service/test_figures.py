"""Whether the bridges are well, and how long is waited between tries."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from extension.bridges.gateway import Vital
from extension.bridges.queue import Queue
from extension.service.figures import Figures
from extension.service.keeper import Condition, Pauses

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "vital", "trouble"),
    [
        ("open", Vital(True, "Robin", 119.0), ""),
        ("open", Vital(True, "Robin", 121.0), "Discord: no sign of life for 121 seconds."),
        ("open", Vital(True, "Robin", None), ""),
        ("open", Vital(True, "Robin", 1.0, trouble="It may not read threads."), ""),
        ("open", Vital(False, "Robin", 1.0), "Discord: not connected."),
        ("opening", Vital(False), "Discord: not open (opening)."),
        ("waiting", Vital(False, trouble="Nothing answers there."), "Discord: Nothing answers there."),
        ("ended", Vital(False, trouble="The token is not good."), "Discord: The token is not good."),
    ],
)
def test_it_is_not_well_with_a_reason(state, vital, trouble):
    assert Figures(NOON, [Condition("discord", state, vital)], Queue()).trouble == trouble


def test_pauses_grow_up_to_five_minutes():
    assert [Pauses().after(failures) for failures in (1, 2, 3, 6, 7, 8, 10_000)] == [5, 10, 20, 160, 300, 300, 300]
