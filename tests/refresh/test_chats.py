"""Imported chats are kept once, by time, and go for good."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from extension.errors import NotFound
from extension.memory.diary import Answer, Diary
from extension.memory.retention import Retention
from extension.messages import Person, Place, Turn
from extension.refresh.chats import Added
from extension.refresh.recipe.data import Sources
from extension.tables import heard_message
from tests.memory.stores import remains

from .talk import ANN, BOB, NOON, ROOM, keep, line

CHATS = Sources(diary=False)
DIARY = Sources(chats=())


def test_a_message_comes_back_as_it_went_in(chats):
    said = line(ANN, "Odd: \x00 🦜", reply_to="7", reactions=(("👍", 2),), attachments=("a.png",), bot=True)
    keep(chats, said)
    [found] = chats.lines(CHATS)
    assert (found.text, found.author, found.name, found.at, found.reply_to) == ("Odd: \ufffd 🦜", ANN, "Ann Smith", NOON, "7")
    assert (found.reactions, found.attachments, found.bot) == ((("👍", 2),), ("a.png",), True)


def test_ids_of_any_length_are_kept_apart(chats):
    far = "x" * 100_000
    long = [line(f"{ANN}{far}{last}", last, id=f"{far}{last}", conversation=f"discord:{far}{last}", name=far) for last in "ab"]
    assert keep(chats, *long, title=far).added == 2
    assert keep(chats, *long).there == 2
    assert sorted((each.text, len(each.author), len(each.name)) for each in chats.lines(CHATS)) == [("a", 293, 300), ("b", 293, 300)]


def test_exports_that_overlap_are_one_chat_by_time(chats):
    keep(chats, line(BOB, "second", 2), line(ANN, "third", 3))
    assert keep(chats, line(ANN, "first", 1), line(BOB, "second", 2), line(ANN, "third, edited", 3)) == Added(1, 1, 1, 0)
    assert [each.text for each in chats.lines(CHATS)] == ["first", "second", "third, edited"]


def test_messages_without_times_keep_the_order_of_their_file(chats):
    keep(chats, *(line(ANN, text, number, at=None) for number, text in enumerate("zebra")))
    assert [each.text for each in chats.lines(CHATS)] == list("zebra")


def test_an_era_has_its_first_and_last_day(chats):
    keep(chats, *(line(ANN, str(day), day * 1440) for day in range(-1, 4)), line(ANN, "whenever", 9, at=None))
    era = Sources(diary=False, since=date(2026, 3, 14), until=date(2026, 3, 16))
    assert [each.text for each in chats.lines(era)] == ["0", "1", "2"]


def test_a_file_that_breaks_off_leaves_nothing(chats):
    def broken():
        yield from (line(ANN, str(number), number) for number in range(1200))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        keep(chats, line(ANN, "once"), *()) and chats.add(*file_of(broken()))
    assert [each.text for each in chats.lines(CHATS)] == ["once"]


def file_of(lines):
    from extension.refresh.chats import Chat, File

    return File("broken.json", "discord", "broken"), [Chat("discord:2", "", "discord")], lines, {}, NOON


def test_a_chat_that_is_removed_leaves_no_byte(chats, tmp_path):
    keep(chats, line(ANN, "platypus"), line(ANN, "wombat", conversation="discord:2"))
    assert chats.remove(ROOM) == 1
    assert [each.chat.id for each in chats.kept()] == ["discord:2"]
    assert remains(tmp_path, b"platypus") == []
    with pytest.raises(NotFound, match="familiar chats list"):
        chats.remove(ROOM)


def test_a_chat_that_there_is_not_is_named(chats):
    with pytest.raises(NotFound, match="discord:404"):
        list(chats.lines(Sources(chats=("discord:404",))))


def test_the_diary_is_read_as_what_was_said_and_answered(chats, diary):
    ids = [tell(diary, text, number) for number, text in enumerate(("Hello.", "Too bad.", "Forgotten.", "Silence."))]
    diary.rate(ids[1], -1)
    diary.forget([ids[2]])
    found = [(each.id, each.author, each.name, each.text, each.reply_to) for each in chats.lines(DIARY)]
    assert found == [
        (f"exchange:{ids[0]}", "ann", "Ann", "Hello.", ""),
        (f"exchange:{ids[0]}:reply", "companion:Robin", "Robin", "To: Hello.", f"exchange:{ids[0]}"),
        (f"exchange:{ids[3]}", "ann", "Ann", "Silence.", ""),
        (f"exchange:{ids[3]}:reply", "companion:Robin", "Robin", "To: Silence.", f"exchange:{ids[3]}"),
    ]


def test_a_channel_that_was_exported_and_talked_in_is_one_chat(chats, diary, database):
    people = {"ann": ANN, "bob": BOB}
    said = {}
    for minute, (who, text) in enumerate((("ann", "@Robin hi"), ("bob", "and me?"), ("ann", "bye"))):
        place = Place(ROOM, shared=True)
        when = NOON + timedelta(minutes=minute)
        said[text] = diary.write(Turn(Person(people[who], who), place, "Robin", text, minute, when), Answer(f"To {who}: {minute}"))
    with database.write() as connection:
        row = {"place_id": ROOM, "message_id": "m1", "kind": "question", "exchange_id": said["@Robin hi"], "part": 0, "noted_at": 0.0}
        connection.execute(sa.insert(heard_message), row)
    keep(chats, line(ANN, "hi", 0, id="m1"), line(BOB, "and me?", 1, id="m2"), line(BOB, "anyone?", 1.5, id="m3"))
    found = list(chats.lines(Sources()))
    assert [each.text for each in found] == ["hi", "To ann: 0", "and me?", "To bob: 1", "anyone?", "bye", "To ann: 2"]
    assert {each.conversation for each in found} == {ROOM}


def test_what_its_place_does_not_keep_any_more_is_not_learned(chats, diary, database):
    tell(diary, "Old.", 0)
    Retention(database).rule("kitchen", 1)
    assert list(chats.lines(DIARY)) == []


def tell(diary: Diary, said: str, row: int) -> int:
    when = NOON - timedelta(days=400) + timedelta(minutes=row)
    return diary.write(Turn(Person("ann", "Ann"), Place("kitchen"), "Robin", said, row, when), Answer(f"To: {said}"))
