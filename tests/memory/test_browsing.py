"""What one person sees of the diary: pages, places, weeks and samples, and nothing that is not theirs to see."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from extension.memory import browsing
from extension.memory.browsing import Browsing, Shelf, Week
from extension.memory.diary import Answer, Filter
from extension.messages import Person, Place

from .conftest import ALICE, BOB, CHANNEL, KITCHEN, NOON, told, turn

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def alices(database) -> Browsing:
    return Browsing(database, ALICE)


def said(exchanges):
    return [exchange.said for exchange in exchanges]


def at(diary, when, row=0, place=KITCHEN):
    return diary.write(replace(turn(f"At {when:%Y-%m-%d}.", row, place=place), when=when), Answer("Yes."))


def test_a_page_has_the_newest_first(alices, diary):
    told(diary, ("One.", ""), ("Two.", ""), ("Three.", ""))
    assert said(alices.page(limit=2)) == ["Three.", "Two."]
    assert alices.count() == 3


def test_one_sees_ones_own_of_all_companions_and_shared_places_one_took_part_in(alices, database, diary):
    told(diary, ("Mine, to Robin.", ""))
    told(diary, ("Mine, to Nova.", ""), place=Place("study"), companion="Nova")
    told(diary, ("Bob's secret.", ""), person=BOB, place=Place("attic"))
    told(diary, ("Bob in the channel.", ""), person=BOB, place=CHANNEL)
    told(diary, ("Bob elsewhere.", ""), person=BOB, place=Place("elsewhere", shared=True))
    assert sorted(said(alices.page())) == ["Mine, to Nova.", "Mine, to Robin."]
    diary.write(turn("Mine in the channel.", 1, place=CHANNEL), Answer("Hello."))
    assert sorted(said(alices.page())) == ["Bob in the channel.", "Mine in the channel.", "Mine, to Nova.", "Mine, to Robin."]
    assert said(alices.page(Filter(person="bob"))) == ["Bob in the channel."]
    assert alices.people() == [ALICE, BOB]
    assert alices.companions() == ["Nova", "Robin"]
    assert {shelf.place.id for shelf in alices.places()} == {"kitchen", "study", "channel"}
    assert Browsing(database, Person("nobody")).page() == []


def test_what_was_private_stays_so_when_its_place_becomes_shared(alices, diary):
    told(diary, ("Bob's secret.", ""), person=BOB, place=Place("room"))
    diary.write(turn("Hello.", 1, place=Place("room", shared=True)), Answer("Hello."))
    assert said(alices.page()) == ["Hello."]
    assert alices.places() == [Shelf(Place("room", True, ""), "Hello.", 1)]


def test_filters_narrow_and_never_widen(alices, diary):
    told(diary, ("One.", ""), ("Two.", ""))
    told(diary, ("Three.", ""), companion="Nova", place=Place("study"))
    [secret] = told(diary, ("Bob's secret.", ""), person=BOB, place=Place("attic"))
    noon = NOON.timestamp()
    assert said(alices.page(Filter(companion="Nova"))) == ["Three."]
    assert said(alices.page(Filter(place="kitchen", since=noon + 60))) == ["Two."]
    assert said(alices.page(Filter(place="kitchen", until=noon + 60))) == ["One."]
    assert alices.page(Filter(person="bob")) == alices.page(Filter(place="attic")) == alices.page(Filter(companion="Nobody")) == []
    assert alices.among([secret, 1, 99]) == {1}


def test_every_word_must_stand_in_it_if_only_as_a_part(alices, diary):
    told(diary, ("I grow Artichokes.", "In the garden?"), ("Artichokes again.", "Good."), ("100 %_ sure\x00.", ""))
    assert alices.holding("tichok GARD") == [1]
    assert alices.holding("artichoke") == [2, 1]
    assert (alices.holding("%_"), alices.holding("0%"), alices.holding("\x00")) == ([3], [], [3])
    assert alices.holding("artichoke", Filter(place="elsewhere")) == []
    assert alices.holding("x" * 10_000 + " y" * 10_000) == []


def test_parts_of_words_are_looked_for_in_the_newest_only(alices, diary, monkeypatch):
    monkeypatch.setattr(browsing, "MOST_READ", 2)
    told(diary, ("Plums.", ""), ("Pears.", ""), ("Apples.", ""))
    assert (alices.holding("lum"), alices.holding("ear")) == ([], [2])


def test_places_come_with_their_first_words_and_how_much_there_is_the_most_recent_first(alices, diary):
    told(diary, ("First words.", ""), ("Second.", ""))
    at(diary, NOON + timedelta(days=1), place=Place("study", title="Study"))
    assert alices.places() == [Shelf(Place("study", False, "Study"), "At 2026-03-15.", 1), Shelf(KITCHEN, "First words.", 2)]
    assert [shelf.place.id for shelf in alices.places(most=1)] == ["study"]


def test_weeks_begin_on_monday_in_the_persons_time_zone_and_have_no_gaps(alices, diary):
    at(diary, datetime(2026, 3, 1, 22, 30, tzinfo=UTC))  # still Sunday in Berlin
    at(diary, datetime(2026, 3, 1, 23, 30, tzinfo=UTC), 1)  # Monday in Berlin
    at(diary, datetime(2026, 3, 29, 21, 30, tzinfo=UTC), 2)  # Sunday, after the clocks went forward
    at(diary, datetime(2026, 3, 29, 22, 30, tzinfo=UTC), 3)  # Monday
    weeks = [(week.monday.isoformat(), week.exchanges) for week in alices.weeks(zone=BERLIN)]
    assert weeks == [("2026-02-23", 1), ("2026-03-02", 1), ("2026-03-09", 0), ("2026-03-16", 0), ("2026-03-23", 1), ("2026-03-30", 1)]
    assert alices.weeks(Filter(place="elsewhere")) == []
    assert alices.weeks(Filter(until=datetime(2026, 3, 2, tzinfo=BERLIN).timestamp()), BERLIN) == [Week(date(2026, 2, 23), 1)]


def test_weeks_of_impossible_years_are_bounded(alices, diary):
    at(diary, datetime(1, 1, 1, tzinfo=UTC))
    at(diary, datetime(2026, 3, 1, tzinfo=UTC), 1)
    at(diary, datetime(9999, 12, 31, tzinfo=UTC), 2)
    weeks = alices.weeks(zone=UTC)
    assert (len(weeks), sum(week.exchanges for week in weeks)) == (1040, 0)
    assert len(alices.weeks(Filter(until=NOON.timestamp()), UTC)) == 1040


def test_a_sample_is_spread_over_all_and_the_same_each_time(alices, diary):
    numbers = told(diary, *((f"Entry {number}.", "") for number in range(40)))
    sample = alices.sample(most=8)
    assert len(set(sample)) == 8 and set(sample) <= set(numbers)
    assert min(sample) <= 10 and max(sample) >= 30
    assert alices.sample(most=8) == sample
    assert sorted(alices.sample()) == numbers


@pytest.fixture
def asked():
    """The statements sent to a database, with their parameters."""
    statements = []

    def note(connection, cursor, statement, parameters, *_):
        statements.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield statements
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


@pytest.mark.embedded
def test_what_needs_no_words_is_answered_by_an_index_alone(alices, database, diary, asked):
    told(diary, ("One.", ""))
    asked.clear()
    alices.count(Filter(place="kitchen", person="alice", since=1.0))
    alices.people()
    alices.weeks()
    alices.sample()
    statements = [(text, values) for text, values in asked if "exchange.realm_id IN" in text]
    with closing(sqlite3.connect(database.path)) as other:
        plans = [str(row[3]) for text, values in statements for row in other.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    steps = [step for step in plans if " exchange" in step]
    assert len(statements) == len(steps) == 5
    assert all("SEARCH exchange USING COVERING INDEX exchange_seen (realm_id=?" in step for step in steps), steps
