"""Tests of what the model may see of a place: resets, their undoing, and what is hidden."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from extension.database import Database
from extension.memory.diary import Answer, Diary
from extension.memory.seen import KEPT, Seen
from extension.messages import Person, Place, Turn

ADA, ROOM, OTHER = Person("ada"), Place("room", shared=True), Place("other")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def diary(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'diary.sqlite'}")
    yield Diary(database)
    database.close()


@pytest.fixture
def seen(diary):
    return Seen(diary._database)


def say(diary, row, place=ROOM):
    turn = Turn(ADA, place, "Familiar", f"word {row}", row, NOON + timedelta(minutes=row))
    return diary.write(turn, Answer("yes"))


def rows(seen, diary, place=ROOM):
    return [each.row for each in seen.of(place.id, diary.chat(place.id))]


def test_what_was_said_before_a_reset_is_not_seen_until_it_is_undone(diary, seen):
    for row in range(4):
        say(diary, row)
        say(diary, row, OTHER)
    assert rows(seen, diary) == [0, 1, 2, 3]
    seen.begin_anew(ROOM.id, ADA, NOON + timedelta(minutes=1))
    seen.begin_anew(ROOM.id, ADA, NOON + timedelta(minutes=2))
    assert (rows(seen, diary), rows(seen, diary, OTHER)) == ([3], [0, 1, 2, 3])
    assert seen.undo(ROOM.id)
    assert rows(seen, diary) == [2, 3]
    assert seen.undo(ROOM.id)
    assert not seen.undo(ROOM.id)
    assert rows(seen, diary) == [0, 1, 2, 3]


def test_a_reset_survives_a_restart(diary, seen, tmp_path):
    say(diary, 0)
    seen.begin_anew(ROOM.id, ADA)
    other = Database(f"sqlite:///{tmp_path / 'diary.sqlite'}")
    assert Seen(other).first_row(ROOM.id) == 1
    other.close()


def test_only_the_newest_resets_can_be_undone(seen):
    for minute in range(KEPT + 5):
        seen.begin_anew(ROOM.id, ADA, NOON + timedelta(minutes=minute))
    assert sum(seen.undo(ROOM.id) for _ in range(KEPT + 5)) == KEPT


def test_what_is_hidden_is_not_seen_until_it_is_shown_again(diary, seen):
    numbers = [say(diary, row) for row in range(3)]
    seen.hide([numbers[1], 999_999])
    seen.hide([numbers[1]])
    assert (rows(seen, diary), seen.hidden_in(ROOM.id), seen.hidden_in(OTHER.id)) == ([0, 2], [numbers[1]], [])
    assert seen.unhide(numbers) == 1
    assert rows(seen, diary) == [0, 1, 2]


def test_forgetting_takes_resets_and_hidings_with_the_last_of_a_place(diary, seen):
    number = say(diary, 0)
    seen.hide([number])
    seen.begin_anew(ROOM.id, ADA)
    diary.forget([number])
    assert (seen.hidden_in(ROOM.id), seen.since(ROOM.id)) == ([], None)
