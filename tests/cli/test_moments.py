"""Moments as a person types them."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
import typer

from extension.cli.moments import moment

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str, *, end: bool = False) -> str:
    return datetime.fromtimestamp(moment(text, NOW, end=end), UTC).strftime("%Y-%m-%d %H:%M:%S")


def test_a_day_begins_at_local_midnight():
    assert at("2026-11-21") == "2026-11-20 23:00:00"


def test_a_day_in_summer_begins_at_midnight_of_summer_time():
    assert at("2026-07-01") == "2026-06-30 22:00:00"


def test_as_an_end_a_day_counts_whole():
    assert at("2026-11-21", end=True) == "2026-11-21 23:00:00"


def test_a_time_without_zone_is_local():
    assert at("2026-11-21T09:30") == at("2026-11-21 09:30") == "2026-11-21 08:30:00"


def test_a_time_with_zone_is_taken_at_its_word():
    assert at("2026-11-21T09:30:00+00:00") == at("2026-11-21T09:30Z") == "2026-11-21 09:30:00"


def test_today_and_yesterday_are_days():
    assert (at("today"), at("Yesterday"), at("yesterday", end=True)) == (
        "2026-11-20 23:00:00",
        "2026-11-19 23:00:00",
        "2026-11-20 23:00:00",
    )


def test_how_long_ago():
    assert (at("30min"), at("12h"), at("7d"), at("2w")) == (
        "2026-11-21 09:00:00",
        "2026-11-20 21:30:00",
        "2026-11-14 09:30:00",
        "2026-11-07 09:30:00",
    )


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "3 years", "999999w", "-1d", "2026-11-21T25:00"])
def test_anything_else_is_refused_with_what_it_may_be(text):
    with pytest.raises(typer.BadParameter, match=r"is no moment\. It may be 2026-11-21,"):
        moment(text, NOW)
