"""`familiar memory retention`."""

from __future__ import annotations

import json

import pytest

from .test_listing import ids


@pytest.fixture
def old(told, tmp_path):
    """The four memories, of which those on the sofa are from the year 2020."""
    file = tmp_path / "memories.jsonl"
    told("memory", "export", file)
    header, *lines = file.read_text().splitlines()
    found = [json.loads(line) for line in lines]
    found = [line | {"when": "2020-01-01T00:00:00+00:00"} if line["place"] == "sofa" else line for line in found]
    file.write_text("\n".join([header, *map(json.dumps, found)]))
    assert told("memory", "import", file, "--replace", "--json").json["replaced"] == 2
    return told


def test_everything_is_kept_at_first(old):
    assert old("memory", "retention", "--json").json == {"days": 0, "places": {}, "due": 0}
    assert old("memory", "retention").out == "kept for ever; too old by now: 0 memories\n"


def test_setting_it_asks_first_and_the_next_run_forgets(old):
    ran = old("memory", "retention", "365", stdin=b"n\n")
    assert (ran.code, ran.out) == (1, "")
    assert "2 memories would be forgotten for good by that. Go on? [y/N]" in ran.err
    assert old("memory", "retention", "--json").json["days"] == 0
    assert old("memory", "retention", "365", "--yes", "--json").json == {"days": 365, "places": {}, "due": 2}
    assert old("settings", "retention_days").out == "365\n"
    old.tell("Good morning", as_="ann", place="desk", companion="Robin")
    assert {memory["place"] for memory in old.remembered()} == {"desk"}


def test_a_place_may_differ(old):
    old("memory", "retention", "365", "--yes")
    assert old("memory", "retention", "never", "--place", "sofa").code == 0
    assert old("memory", "retention").out == "kept for 365 days; too old by now: 0 memories\nsofa: kept for ever\n"
    assert old("memory", "retention", "default", "--place", "sofa", "--yes", "--json").json == {"days": 365, "places": {}, "due": 2}
    assert old("memory", "retention", "1", "--place", "desk", "--yes", "--json").json["places"] == {"desk": 1}
    assert len(ids(old.remembered())) == 4


@pytest.mark.parametrize("days", ["0", "-1", "36501", "soon", "1e3", "default", "٣", ""])
def test_what_is_no_number_of_days_is_a_usage_error(old, days):
    ran = old("memory", "retention", "--", days)
    assert (ran.code, "it is 1 to 36500, `never`, or with --place `default`." in ran.err) == (2, True)


def test_the_environment_outweighs_what_is_written(old):
    old.environ["FAMILIAR_RETENTION_DAYS"] = "7"
    ran = old("memory", "retention", "365", "--yes", "--json")
    assert (ran.json["days"], "outweighs it" in ran.err) == (7, True)
