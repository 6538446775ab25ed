"""SillyTavern's chats."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extension.errors import ImportRefused
from extension.memory.importers import sillytavern
from extension.memory.importers.conversation import Attribution, Conversation

HEADER = {"user_name": "Ann", "character_name": "Seraphina", "create_date": "2024-5-3@14h33m22s", "chat_metadata": {}}
ME = Attribution("me")


def said(text: object, name: str = "Ann", **more: object) -> dict[str, object]:
    return {"name": name, "is_user": True, "is_system": False, "send_date": "2024-05-03T12:34:00Z", "mes": text, **more}


def replied(text: object, name: str = "Seraphina", **more: object) -> dict[str, object]:
    return said(text, name, **{"is_user": False, **more})


@pytest.fixture
def read(tmp_path):
    """Read messages as the chat of a file."""

    def read_(*messages: object, name: str = "Seraphina - 2024-5-3@14h33m22s.jsonl", whose: Attribution = ME) -> Conversation:
        lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in messages]
        (tmp_path / name).write_bytes(b"\n".join(lines))
        (found,) = sillytavern.read(tmp_path / name, whose)
        return found

    return read_


def words(found: Conversation) -> list[tuple[str, str, str]]:
    return [(row.said, row.companion, row.reply) for row in found.rows]


def test_a_message_and_its_reply_are_a_turn(read):
    found = read(
        HEADER,
        replied("Welcome, traveller."),
        said("My cat is called Miso", send_date="May 3, 2024 2:33pm"),
        replied("Lovely.", extra={"model": "mixtral", "reasoning": "A cat!"}),
        said("Good night"),
    )
    assert (found.place.id, found.place.title, found.place.shared) == (
        "sillytavern:Seraphina/Seraphina - 2024-5-3@14h33m22s",
        "Seraphina - 2024-5-3@14h33m22s",
        False,
    )
    assert (found.speaker, words(found)) == ("Ann", [("My cat is called Miso", "Seraphina", "Lovely."), ("Good night", "Seraphina", "")])
    assert [(row.row, row.reasoning, row.model) for row in found.rows] == [(0, "A cat!", "mixtral"), (1, "", "")]
    assert found.rows[1].when == datetime(2024, 5, 3, 12, 34, tzinfo=UTC)


def test_the_swipe_that_is_shown_counts(read):
    found = read(
        HEADER,
        said("Hi"),
        replied("Second", swipes=["First", "Second", "Third"], swipe_id=1),
        said("And?"),
        replied(None, swipes=["First", "Second"], swipe_id=1),
    )
    assert words(found) == [("Hi", "Seraphina", "Second"), ("And?", "Seraphina", "Second")]


def test_messages_in_a_row_of_one_speaker_belong_together(read):
    answers = (replied("A", extra={"reasoning": "r"}), replied("B", extra={"reasoning": "s", "model": "m"}))
    found = read(HEADER, said("One"), said("Two"), *answers)
    assert words(found) == [("One", "Seraphina", ""), ("Two", "Seraphina", "A\n\nB")]
    assert (found.rows[1].reasoning, found.rows[1].model) == ("r\n\ns", "m")


def test_in_a_group_each_character_answers_for_itself(read):
    found = read(
        {**HEADER, "user_name": "unused", "character_name": "unused"},
        said("Hello all"),
        replied("Hi.", "Wren"),
        replied("Hey.", "Robin"),
        replied("So many!", "Wren"),
        said("Bye"),
        replied("Bye.", "Robin"),
    )
    assert words(found) == [("Hello all", "Wren", "Hi.\n\nSo many!"), ("Hello all", "Robin", "Hey."), ("Bye", "Robin", "Bye.")]
    assert (found.speaker, found.place.id[:17]) == ("Ann", "sillytavern:Wren/")
    assert len({row.when for row in found.rows}) == 3


def test_an_older_group_has_no_header(read):
    assert words(read(said("Hello"), replied("Hi.", "Wren"), name="2023-5-3 @14h 33m 22s 1ms.jsonl")) == [("Hello", "Wren", "Hi.")]


def test_notes_of_the_program_are_left_out_and_hidden_messages_are_not(read):
    found = read(
        HEADER,
        said("Old", is_system=True),
        replied("Hidden", is_system=True),
        replied("You can type /help", "SillyTavern System", is_system=True),
        replied("Meanwhile…", "Narrator", extra={"type": "narrator"}),
        said("A remark", extra={"type": "comment"}),
        replied("  "),
        said("New"),
        replied("Shown", extra=None),
    )
    assert words(found) == [("Old", "Seraphina", "Hidden"), ("New", "Seraphina", "Shown")]


def test_the_companion_may_be_another_and_the_place_is_the_same(read):
    chat = (HEADER, said("Hello"), replied("Hi."))
    found = read(*chat, whose=Attribution("me", "Robin"))
    assert (words(found), found.place) == ([("Hello", "Robin", "Hi.")], read(*chat).place)


def test_a_message_without_a_time_is_as_late_as_the_one_before_and_keeps_its_order(read):
    header = {**HEADER, "create_date": "2024-5-2@14h33m22s"}
    found = read(header, said("One", send_date="soon"), replied("1", send_date=None), said("Two"), said("Three", send_date=None))
    first, second, third = (row.when for row in found.rows)
    assert (second, third.replace(microsecond=0), third > second) == (datetime(2024, 5, 3, 12, 34, tzinfo=UTC), second, True)
    assert first < second


def test_without_any_time_the_file_says_when(read, tmp_path):
    read({"chat_metadata": {}}, said("One", send_date=None), name="main.jsonl")
    os.utime(tmp_path / "main.jsonl", (1_700_000_000, 1_700_000_000))
    (found,) = sillytavern.read(tmp_path / "main.jsonl", ME)
    assert (found.rows[0].when.timestamp(), found.rows[0].companion) == (1_700_000_000, tmp_path.name)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([b""], "line 1 is neither the header nor a message"),
        ([b'{"my": "secret"}'], "line 1 is neither the header nor a message"),
        ([HEADER, b"secret"], "line 2 is no JSON object. Mend or remove the line"),
        ([HEADER, said("x"), b'{"name": "Ann", "mes": "secr'], "line 3 is no JSON object"),
        ([HEADER, b"[]"], "line 2 is no JSON object"),
        ([HEADER, b"\xff\xfe"], "line 2 is no JSON object"),
        ([HEADER, b"[" * 100_000], "line 2 is no JSON object"),
        ([HEADER, b"9" * 10_000], "line 2 is no JSON object"),
        ([HEADER, {"name": "Ann"}], "line 2 has no text in `mes`"),
        ([HEADER, b"", said(["secret"])], "line 3 has no text in `mes`"),
        ([HEADER, said(None, swipes=["a"], swipe_id=7)], "line 2 has no text in `mes`"),
    ],
    ids=range(11),
)
def test_a_malformed_line_refuses_the_file_and_is_named_without_quoting_it(read, lines, why):
    with pytest.raises(ImportRefused, match=why) as caught:
        read(*lines)
    assert "secr" not in str(caught.value)


def test_odd_values_of_what_is_not_needed_do_no_harm(read):
    odd = {"name": ["x"], "send_date": {"a": 1}, "extra": "text", "swipes": 7, "swipe_id": "one"}
    found = read({**HEADER, "user_name": 7, "character_name": None, "create_date": []}, said("Hi", **odd), replied("Hello", **odd))
    assert words(found) == [("Hi", Path(found.place.id).parent.name.removeprefix("sillytavern:"), "Hello")]


def test_a_line_that_is_too_long_refuses_the_file(read, monkeypatch):
    monkeypatch.setattr(sillytavern, "LONGEST_LINE", 1000)
    with pytest.raises(ImportRefused, match="line 2 is longer than 0 MB"):
        read(HEADER, said("x" * 2000))
