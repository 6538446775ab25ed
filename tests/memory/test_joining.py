"""Conversations of other programs, joined into the diary."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extension.database import Database
from extension.errors import ImportRefused
from extension.memory import joining
from extension.memory.diary import Diary
from extension.memory.importers.conversation import Attribution, Conversation
from extension.memory.intake import Report, Rules
from extension.memory.joining import join
from extension.memory.reconcile import ChatRow
from extension.messages import Person, Place

from .conftest import ALICE, BOB, KITCHEN, NOON, told, turn

CHAT = (("My name is Alice.", "Hello Alice."), ("I like tea.", "Green or black?"), ("Green.", "Good choice."), ("Bye.", "See you."))


def conversation(*rows, place="kitchen", speaker="Ann", title="A chat") -> Conversation:
    """A conversation of (said, reply) rows, a minute apart."""
    made = [ChatRow(number, *row, NOON + timedelta(minutes=number), companion="Robin") for number, row in enumerate(rows)]
    return Conversation(Place(place, title=title), tuple(made), speaker)


@pytest.fixture
def take(database):
    """Join rows into the diary, and return what became of them."""

    def take_(*rows, person="alice", **rules) -> Report:
        report = Report()
        join(database, conversation(*rows), Attribution(person), Rules(**rules), report)
        return report

    return take_


def held(diary, place="kitchen"):
    return [(each.row, each.said, each.reply) for each in diary.chat(place)]


def test_a_new_chat_is_added_as_it_is(take, diary):
    assert take(*CHAT) == Report(chats=1, added=4)
    assert held(diary) == [(number, *row) for number, row in enumerate(CHAT)]
    found = diary.chat("kitchen")[1]
    assert (found.person, found.companion, found.place.title, found.place.shared) == (Person("alice", "Ann"), "Robin", "A chat", False)
    assert found.when == NOON + timedelta(minutes=1)


def test_the_same_chat_again_changes_nothing(take, diary):
    take(*CHAT)
    before = diary.chat("kitchen")
    assert take(*CHAT) == Report(chats=1, unchanged=4)
    assert diary.chat("kitchen") == before


def test_a_chat_that_went_on_adds_what_is_new(take, diary):
    take(*CHAT[:2])
    assert take(*CHAT) == Report(chats=1, added=2, unchanged=2)
    assert held(diary) == [(number, *row) for number, row in enumerate(CHAT)]


def test_an_older_copy_of_a_chat_takes_nothing_away(take, diary):
    take(*CHAT)
    assert take(*CHAT[:1]) == Report(chats=1, unchanged=1)
    assert len(held(diary)) == 4


def test_what_was_deleted_elsewhere_stays_here_and_nothing_comes_twice(take, diary):
    take(*CHAT)
    assert take(CHAT[0], *CHAT[2:], ("One more.", "Yes?")) == Report(chats=1, added=1, unchanged=3)
    assert held(diary) == [(number, *row) for number, row in enumerate((*CHAT, ("One more.", "Yes?")))]


def test_what_is_new_in_the_middle_moves_the_rows_after_it(take, diary):
    take(CHAT[0], *CHAT[2:])
    ids = [each.id for each in diary.chat("kitchen")]
    assert take(*CHAT) == Report(chats=1, added=1, unchanged=3)
    assert held(diary) == [(number, *row) for number, row in enumerate(CHAT)]
    assert [each.id for each in diary.chat("kitchen") if each.id in ids] == ids


def test_a_reply_that_was_missing_is_filled_in_and_another_one_is_not_taken_unless_asked_for(take, diary):
    take(("Hello", ""), ("And?", "First"))
    assert take(("Hello", "Hi"), ("And?", "Second")) == Report(chats=1, replaced=1, kept=1)
    assert held(diary) == [(0, "Hello", "Hi"), (1, "And?", "First")]
    assert take(("Hello", "Hi"), ("And?", "Second"), replace=True) == Report(chats=1, replaced=1, unchanged=1)
    assert held(diary)[1] == (1, "And?", "Second")


def test_edits_and_pins_of_the_diary_stay(take, diary):
    take(*CHAT)
    number = diary.chat("kitchen")[1].id
    diary.edit(number, said="I love tea.")
    diary.pin(number)
    assert take(*CHAT) == Report(chats=1, unchanged=4)
    assert (diary.one(number).said, diary.one(number).pinned) == ("I love tea.", True)


def test_what_was_forgotten_stays_forgotten_until_it_is_to_be_restored(take, diary):
    take(*CHAT)
    diary.forget([diary.chat("kitchen")[1].id])
    assert take(*CHAT) == Report(chats=1, forgotten=1, unchanged=3)
    assert take(*CHAT, person="bob") == Report(chats=1, added=1, unchanged=3)
    diary.forget([each.id for each in diary.browse() if each.person.id == "bob"])
    assert take(*CHAT, restore=True) == Report(chats=1, added=1, unchanged=3)
    assert held(diary) == [(number, *row) for number, row in enumerate(CHAT)]


def test_names_that_are_known_and_a_place_that_is_shared_stay(take, diary):
    told(diary, ("Before", "Yes"), place=Place("kitchen", shared=True, title="Ours"))
    take(*CHAT)
    found = diary.chat("kitchen")[-1]
    assert (found.person, found.place) == (ALICE, Place("kitchen", shared=True, title="Ours"))


def test_the_diary_is_joined_with_what_it_heard_itself(take, diary):
    told(diary, *CHAT[:3])
    diary.write(turn("Elsewhere", person=BOB, place=Place("attic")), joining.Answer(""))
    assert take(*CHAT) == Report(chats=1, added=1, unchanged=3)


def test_text_that_cannot_be_stored_is_mended_and_the_same_the_next_time(take, diary):
    odd = (("Nul \x00 and \ud800", "\udfff\u2028"), ("", ""))
    assert take(*odd) == Report(chats=1, added=2)
    assert take(*odd) == Report(chats=1, unchanged=2)


def test_a_chat_that_fails_in_the_middle_is_not_there_at_all(database, diary):
    rows = conversation(*CHAT).rows
    broken = Conversation(KITCHEN, (*rows, ChatRow(4, "When?", "", None)))
    with pytest.raises(AttributeError):
        join(database, broken, Attribution("alice"), Rules(), Report())
    assert diary.count() == 0


def test_a_chat_that_repeats_itself_endlessly_is_refused(take, diary, monkeypatch):
    monkeypatch.setattr(joining, "_MOST_COMPARED", 1000)
    assert take(*[("again", "again")] * 50) == Report(chats=1, added=50)
    assert take(*[("again", "again")] * 50) == Report(chats=1, unchanged=50)
    with pytest.raises(ImportRefused, match="repeats itself too often"):
        take(("new", "new"), *[("again", "again")] * 50)
    assert diary.count() == 50


words = st.tuples(st.sampled_from("abc"), st.sampled_from("xy"))


@given(st.lists(words, max_size=6), st.lists(words, max_size=6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_joined_is_all_there_in_its_order_and_nothing_new_the_second_time(tmp_path, empty_diary, first, second):
    for ending in ("", "-wal", "-shm"):
        (tmp_path / f"one.sqlite{ending}").unlink(missing_ok=True)
    (tmp_path / "one.sqlite").write_bytes(empty_diary.read_bytes())
    database = Database(f"sqlite:///{tmp_path / 'one.sqlite'}")
    diary = Diary(database)
    for rows in (first, second):
        join(database, conversation(*rows), Attribution("alice"), Rules(), Report())
    after = held(diary)
    assert [number for number, _, _ in after] == sorted({number for number, _, _ in after})
    remaining = iter([(said, reply) for _, said, reply in after])
    assert all(row in remaining for row in first), "what was there first is there in its order"
    again = Report()
    join(database, conversation(*second), Attribution("alice"), Rules(), again)
    assert (again.added, again.replaced, held(diary)) == (0, 0, after)
    database.close()
