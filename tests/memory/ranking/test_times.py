"""Tests of the times a question speaks of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extension.memory.ranking.times import spans

NOW = datetime(2026, 3, 14, 15, 30, tzinfo=UTC)
"""A Saturday."""


def days(text, now=NOW):
    """The spans of a text as (first day, day after the last)."""
    return [
        tuple(datetime.fromtimestamp(moment, now.tzinfo).strftime("%Y-%m-%d") for moment in (span.since, span.until))
        for span in spans(text, now)
    ]


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("What did I eat yesterday?", "2026-03-13", "2026-03-14"),
        ("the day before yesterday", "2026-03-12", "2026-03-13"),
        ("Where was I last Tuesday?", "2026-03-10", "2026-03-11"),
        ("What did we talk about on Saturday?", "2026-03-07", "2026-03-08"),
        ("What happened last week?", "2026-03-02", "2026-03-09"),
        ("this week", "2026-03-09", "2026-03-16"),
        ("last weekend", "2026-03-14", "2026-03-16"),
        ("last month", "2026-02-01", "2026-03-01"),
        ("last year", "2025-01-01", "2026-01-01"),
        ("last night", "2026-03-13", "2026-03-14"),
        ("What did Ana plant in May?", "2025-05-01", "2025-06-01"),
        ("in February", "2026-02-01", "2026-03-01"),
        ("in December 2024", "2024-12-01", "2025-01-01"),
        ("since January", "2026-01-01", "2026-03-15"),
        ("last summer", "2025-06-01", "2025-09-01"),
        ("in the winter of 2024", "2024-12-01", "2025-03-01"),
        ("in 2023", "2023-01-01", "2024-01-01"),
        ("on 3 June 2024", "2024-06-03", "2024-06-04"),
        ("on June 3rd, 2024", "2024-06-03", "2024-06-04"),
        ("on 2024-06-03", "2024-06-03", "2024-06-04"),
        ("on the 20th of March", "2025-03-20", "2025-03-21"),
        ("two days ago", "2026-03-12", "2026-03-13"),
        ("two weeks ago", "2026-02-24", "2026-03-05"),
        ("a couple of months ago", "2025-12-29", "2026-01-29"),
        ("in the last three days", "2026-03-11", "2026-03-15"),
        ("recently", "2026-02-21", "2026-03-15"),
    ],
)
def test_a_time_in_words_is_a_stretch_of_days(text, first, after):
    assert days(text) == [(first, after)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "May I ask you something?",
        "I may go.",
        "since we met",
        "the 45th of May",
        "on 31 February 2024",
        "1999 bottles",
        "0 of 0",
        "second to none",
    ],
)
def test_what_names_no_time_has_none(text):
    assert days(text) == []


def test_the_person_s_own_midnight_parts_the_days():
    west = datetime(2026, 3, 14, 1, 0, tzinfo=timezone(timedelta(hours=-8)))
    [yesterday] = spans("yesterday", west)
    assert yesterday.holds(datetime(2026, 3, 13, 9, 0, tzinfo=UTC).timestamp())
    assert not yesterday.holds(datetime(2026, 3, 13, 7, 0, tzinfo=UTC).timestamp())


@given(st.text(max_size=200), st.integers(0, 4_000_000_000))
def test_whatever_is_asked_a_span_ends_after_it_begins(text, moment):
    assert all(span.since < span.until for span in spans(text, datetime.fromtimestamp(moment, UTC)))


@pytest.mark.parametrize("number", ["999 years ago", "9999-12-31", "in the last 999 years", "0001-01-01", "2000-02-29 29 February 2000"])
def test_numbers_beyond_the_calendar_are_passed_over(number):
    assert all(span.since < span.until for span in spans(number, datetime(2, 1, 1, tzinfo=UTC)))
