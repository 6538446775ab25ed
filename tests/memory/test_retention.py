"""Retention: what is older than its place keeps things is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from extension.errors import SettingsError
from extension.memory.diary import Answer, insert
from extension.memory.reconcile import ChatRow, reconcile
from extension.memory.retention import Retention
from extension.messages import Place, Turn

from .conftest import ALICE, CHANNEL, KITCHEN, NOON
from .stores import remains

NOW = NOON + timedelta(days=100)
ATTIC = Place("attic")


@pytest.fixture
def aged(database):
    """Exchanges of 0, 10, …, 100 days ago in each of three places."""
    with database.write() as connection:
        for place in (KITCHEN, CHANNEL, ATTIC):
            for row in range(11):
                insert(connection, Turn(ALICE, place, "Robin", f"Fact {row}", row, NOON + timedelta(days=10 * row)), Answer("Noted."))
    return database


@pytest.fixture
def retention(aged):
    return Retention(aged, now=NOW.timestamp)


def left(diary) -> dict[str, int]:
    return {place.id: len(diary.chat(place.id)) for place in (KITCHEN, CHANNEL, ATTIC)}


def test_nothing_is_forgotten_unless_it_was_asked_for(retention, diary):
    assert (retention.run(), retention.due(), diary.count()) == (0, 0, 33)


def test_what_is_older_than_the_setting_says_is_forgotten_to_the_day(retention, diary):
    retention.days = 30
    assert retention.due() == 21
    assert retention.run() == 21
    assert left(diary) == {"kitchen": 4, "channel": 4, "attic": 4}
    assert {each.said for each in diary.browse()} == {"Fact 7", "Fact 8", "Fact 9", "Fact 10"}


def test_pinned_exchanges_stay(retention, diary):
    diary.pin(diary.chat("kitchen")[0].id)
    retention.days = 1
    assert retention.run() == 29
    assert [each.said for each in diary.chat("kitchen")] == ["Fact 0", "Fact 10"]


def test_a_place_may_have_its_own_rule(retention, diary):
    retention.days = 50
    retention.rule("channel", 20)
    retention.rule("attic", 0)
    assert retention.rules() == {"attic": 0, "channel": 20}
    assert retention.run() == 13
    assert left(diary) == {"kitchen": 6, "channel": 3, "attic": 11}


def test_a_rule_holds_without_the_setting_and_can_be_taken_back(retention, diary):
    retention.rule("channel", 20)
    retention.rule("channel", 90)
    retention.rule("attic", 10)
    retention.rule("attic", None)
    assert retention.run() == 1
    assert left(diary) == {"kitchen": 11, "channel": 10, "attic": 11}


def test_what_other_days_and_rules_would_take_is_counted(retention, diary):
    retention.rule("attic", 0)
    assert retention.due(30) == 14
    assert retention.due(30, {"kitchen": 0, "channel": 90}) == 8
    assert diary.count() == 33


def test_copies_in_other_places_and_what_the_webui_still_shows_follow_their_own_rules(retention, diary, aged):
    retention.rule("kitchen", 95)
    assert retention.run() == 1
    assert [each.place.id for each in diary.browse() if each.said == "Fact 0"] == ["attic", "channel"]
    chat = [ChatRow(row, f"Fact {row}", "Noted.", NOON + timedelta(days=10 * row)) for row in range(11)]
    assert not reconcile(aged, ALICE, KITCHEN, "Robin", chat, 11)
    assert not reconcile(aged, ALICE, ATTIC, "Robin", chat, 11)


def test_it_looks_again_only_after_a_while_or_a_change(retention, diary):
    retention.days = 90
    assert (retention.run(), retention.run()) == (3, 0)
    diary.write(Turn(ALICE, KITCHEN, "Robin", "Old news", 50, NOON), Answer(""))
    assert retention.run() == 0
    retention.rule("attic", 0)
    assert retention.run() == 1


@pytest.mark.parametrize("days", [-1, 36_501])
def test_a_rule_that_is_no_number_of_days_is_refused(retention, days):
    with pytest.raises(SettingsError, match="1 to 36500 days, or 0 for ever"):
        retention.rule("attic", days)
    assert retention.rules() == {}


def test_a_catch_up_forgets_it_in_the_indexes_and_the_bytes(open_memories, data_dir):
    memories = open_memories()
    memories.remember(Turn(ALICE, KITCHEN, "Robin", "My zebrafish is ill", 0, NOON), Answer("Poor thing."))
    memories.remember(Turn(ALICE, KITCHEN, "Robin", "Good morning", 1, NOON + timedelta(days=36_000)), Answer("Hello."))
    memories.settle()
    memories.retention.days = 1
    memories.settle()
    assert [each.said for each in memories.diary.browse()] == ["Good morning"]
    assert memories.semantic.indexed() == memories.semantic.expected()
    assert remains(data_dir, b"zebrafish") == []
