"""Moments as other programs write them."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from extension.memory.importers.dates import moment


@pytest.fixture
def zurich(monkeypatch):
    """This machine in a time zone that is not UTC."""
    monkeypatch.setenv("TZ", "Europe/Zurich")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("written", "is_"),
    [
        (1714739602, (2024, 5, 3, 12, 33, 22)),
        (1714739602.5, (2024, 5, 3, 12, 33, 22, 500_000)),
        (1714739602123, (2024, 5, 3, 12, 33, 22, 123_000)),
        ("1714739602123", (2024, 5, 3, 12, 33, 22, 123_000)),
        ("2024-05-03T12:33:22.123Z", (2024, 5, 3, 12, 33, 22, 123_000)),
        ("2024-05-03T14:33:22+02:00", (2024, 5, 3, 12, 33, 22)),
        ("2024-05-03T14:33:22", (2024, 5, 3, 12, 33, 22)),
        ("2024-5-3@14h33m22s", (2024, 5, 3, 12, 33, 22)),
        ("2024-05-03@14h33m22s123ms", (2024, 5, 3, 12, 33, 22, 123_000)),
        ("2024-5-3 @14h 33m 22s 7ms", (2024, 5, 3, 12, 33, 22, 7_000)),
        ("Robin - 2024-5-3@14h33m22s", (2024, 5, 3, 12, 33, 22)),
        ("May 3, 2024 2:33pm", (2024, 5, 3, 12, 33)),
        ("January 19, 2023 4:13 AM", (2023, 1, 19, 3, 13)),
        ("May 03, 2024 14:33", (2024, 5, 3, 12, 33)),
        ("20240503-14-33-22", (2024, 5, 3, 12, 33, 22)),
        (" 2024-05-03 ", (2024, 5, 2, 22)),
    ],
    ids=str,
)
def test_a_moment_is_read_in_every_form_and_local_where_it_names_no_zone(zurich, written, is_):
    assert moment(written) == datetime(*is_, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        None, True, "", "yesterday", [], {}, 0, -5, 1e300, float("nan"), float("inf"), 10**400, "9" * 5000, "99999999999999", "x" * 10**6,
        "2024-13-45@99h99m99s", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "１７１４", b"2024-05-03",
    ],
    ids=range(20),
)  # fmt: skip
def test_what_is_no_moment_of_this_age_is_none(written):
    assert moment(written) is None
