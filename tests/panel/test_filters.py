"""The filters of the memory browser: days as people write them, and places by names that tell them apart."""

from __future__ import annotations

import time

import pytest

from extension.errors import SettingsError
from extension.memory.browsing import Shelf
from extension.messages import Place
from extension.panel.filters import day, titled


@pytest.fixture(autouse=True)
def berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("2026-11-21", 1795215600, 1795302000),
        (" 2026-2-9 ", 1770591600, 1770678000),
        ("2026-11", 1793487600, 1796079600),
        ("2026-12", 1796079600, 1798758000),
        ("2026", 1767222000, 1798758000),
        ("2026-", 1767222000, 1798758000),
        ("2026-03-29", 1774738800, 1774821600),  # an hour shorter: the clocks go forward
    ],
)
def test_a_day_a_month_or_a_year_has_a_beginning_and_an_end(text, begins, ends):
    assert day(text, "From") == begins
    assert day(text, "To", last=True) == ends


@pytest.mark.parametrize("text", ["", None, " ", "2", "202"])
def test_nothing_and_half_a_year_are_no_filter(text):
    assert day(text, "From") is None


@pytest.mark.parametrize("text", ["soon", "2026-13", "2026-02-30", "21.11.2026", "0000", "9999", "2026-11-21T00:00", "9" * 5000, "٢٠٢٦x"])
def test_what_is_no_day_is_refused_with_an_example(text):
    with pytest.raises(SettingsError) as refused:
        day(text, "To", last=True)
    assert str(refused.value).startswith("“To” is no date: “") and len(str(refused.value)) < 150
    assert str(refused.value).endswith("Write a day as 2026-11-21, a month as 2026-11, or a year as 2026.")


def test_places_go_by_title_or_the_words_they_began_with_or_their_id():
    assert titled(Shelf(Place("chat:1", title="Kitchen"), "I like plums.", 1234)) == "Kitchen · 1,234"
    assert titled(Shelf(Place("chat:1"), "I like plums.", 2)) == "I like plums. · 2"
    assert titled(Shelf(Place("room:1", shared=True), "I like plums.", 2)) == "room:1 (shared) · 2"
    assert titled(Shelf(Place("chat:1"), "", 2)) == "chat:1 · 2"
