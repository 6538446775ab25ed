"""ChatGPT's export."""

from __future__ import annotations

import json
import os
import zipfile
from datetime import UTC, datetime

import pytest

from extension.errors import ImportRefused
from extension.memory.importers import chatgpt
from extension.memory.importers.conversation import Attribution, Conversation

ME = Attribution("me")


def message(role: str, text: object, when: object = 1714739602.5, **more: object) -> dict[str, object]:
    content = text if isinstance(text, dict) else {"content_type": "text", "parts": [text]}
    return {"author": {"role": role}, "create_time": when, "content": content, "metadata": {}, "recipient": "all", **more}


def conversation(*messages: object, **more: object) -> dict[str, object]:
    """A conversation of messages one after the other, below an empty root."""
    mapping = {"root": {"id": "root", "message": None, "parent": None}}
    for number, each in enumerate(messages):
        mapping[f"n{number}"] = {"id": f"n{number}", "message": each, "parent": f"n{number - 1}" if number else "root"}
    last = f"n{len(messages) - 1}" if messages else "root"
    return {"title": "Cats", "create_time": 1714739600.0, "mapping": mapping, "current_node": last, "conversation_id": "c-1", **more}


@pytest.fixture
def read(tmp_path):
    """Read conversations as the export they are in."""

    def read_(*found: object, whose: Attribution = ME) -> list[Conversation | ImportRefused]:
        (tmp_path / "conversations.json").write_text(json.dumps(found))
        return list(chatgpt.read(tmp_path / "conversations.json", whose))

    return read_


def words(found: object) -> list[tuple[str, str, str]]:
    assert isinstance(found, Conversation)
    return [(row.said, row.companion, row.reply) for row in found.rows]


def test_a_message_and_what_answers_it_are_a_turn(read):
    (found,) = read(
        conversation(
            message("system", ""),
            message("user", "My cat is called Miso"),
            message("assistant", {"content_type": "thoughts", "thoughts": [{"content": "A cat!"}, {"summary": "x"}]}),
            message("assistant", {"content_type": "code", "text": "search()"}, recipient="browser"),
            message("tool", "results"),
            message("assistant", "Lovely.", metadata={"model_slug": "gpt-4o"}),
            message("user", "Good night", 1714739700),
        )
    )
    assert (found.place.id, found.place.title) == ("chatgpt:c-1", "Cats")
    assert words(found) == [("My cat is called Miso", "ChatGPT", "Lovely."), ("Good night", "ChatGPT", "")]
    assert (found.rows[0].reasoning, found.rows[0].model) == ("A cat!", "gpt-4o")
    assert [row.when for row in found.rows] == [datetime(2024, 5, 3, 12, 33, 22, 500_000, UTC), datetime(2024, 5, 3, 12, 35, tzinfo=UTC)]


def test_the_branch_that_was_shown_last_counts(read):
    chat = conversation(message("user", "Hi"), message("assistant", "First"), message("user", "And?"))
    chat["mapping"]["other"] = {"message": message("assistant", "Second"), "parent": "n0"}
    chat["current_node"] = "other"
    assert words(read(chat)[0]) == [("Hi", "ChatGPT", "Second")]


def test_without_a_current_node_the_newest_message_ends_the_branch(read):
    chat = conversation(message("user", "Hi", 100_000_000), message("assistant", "Old", 100_000_001), current_node=None)
    chat["mapping"]["other"] = {"message": message("assistant", "New", 100_000_002), "parent": "n0"}
    assert words(read(chat)[0]) == [("Hi", "ChatGPT", "New")]


def test_pictures_are_told_and_what_was_spoken_is_text(read):
    parts = [{"content_type": "image_asset_pointer"}, "What is this?", {"content_type": "audio_transcription", "text": "Spoken"}, {"x": 1}]
    chat = conversation(message("user", {"content_type": "multimodal_text", "parts": parts}), message("assistant", "A cat."))
    assert words(read(chat)[0]) == [("[picture]\nWhat is this?\nSpoken", "ChatGPT", "A cat.")]


def test_hidden_messages_and_custom_instructions_are_left_out(read):
    chat = conversation(
        message("user", {"content_type": "user_editable_context", "user_profile": "secret"}),
        message("user", "hidden", metadata={"is_visually_hidden_from_conversation": True}),
        message("assistant", "Nobody asked"),
        message("user", "Hi"),
        message("assistant", "One"),
        message("assistant", "Two"),
    )
    assert words(read(chat)[0]) == [("Hi", "ChatGPT", "One\n\nTwo")]


def test_the_companion_may_be_another(read):
    assert words(read(conversation(message("user", "Hi")), whose=Attribution("me", "Robin"))[0]) == [("Hi", "Robin", "")]


def test_a_conversation_without_an_id_is_the_same_place_each_time(read):
    first, again, other = (
        read(conversation(message("user", "Hi"), conversation_id=None, title=title))[0].place.id for title in ("Cats", "Cats", "Dogs")
    )
    assert (first, first[:8]) == (again, "chatgpt:")
    assert first != other


def test_messages_without_times_follow_each_other(read, tmp_path):
    chat = conversation(message("user", "One", None), message("user", "Two", "soon"), create_time=None)
    read(chat)
    os.utime(tmp_path / "conversations.json", (1_700_000_000, 1_700_000_000))
    (found,) = chatgpt.read(tmp_path / "conversations.json", ME)
    assert [row.when.timestamp() for row in found.rows] == [1_700_000_000, 1_700_000_000.001]


@pytest.mark.parametrize(
    "broken",
    [7, "secret", None, [], {}, {"mapping": []}, {"mapping": {"a": "secret"}, "current_node": "a"}],
    ids=str,
)
def test_a_conversation_that_makes_no_sense_is_named_and_the_others_are_read(read, broken):
    first, second, third = read(conversation(message("user", "Hi")), broken, conversation(message("user", "Ho")))
    assert (words(first), words(third)) == ([("Hi", "ChatGPT", "")], [("Ho", "ChatGPT", "")])
    assert str(second).startswith("conversation 2: ")
    assert "secret" not in str(second)


@pytest.mark.parametrize(
    "chat",
    [
        conversation(),
        conversation(message("user", {"content_type": "text", "parts": "x"}), {"author": 7}, {"content": [], "author": {}}, "text", {}),
        {"mapping": {}},
        {"mapping": {"a": {"parent": "b"}, "b": {"parent": "a"}}, "current_node": "a", "title": 7, "id": ["x"]},
        {"mapping": {"a": {"parent": ["x"], "message": message("assistant", "Hi")}}, "current_node": {"x": 1}},
    ],
    ids=range(5),
)
def test_odd_trees_do_no_harm(read, chat):
    (found,) = read(chat)
    assert words(found) == []


def test_an_export_of_one_conversation_alone_is_read(tmp_path):
    (tmp_path / "one.json").write_text(json.dumps(conversation(message("user", "Hi"))))
    assert [words(found) for found in chatgpt.read(tmp_path / "one.json", ME)] == [[("Hi", "ChatGPT", "")]]


def test_a_zip_is_read_in_the_order_of_its_files(tmp_path):
    with zipfile.ZipFile(tmp_path / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (("x/conversations-001.json", "Two"), ("x/conversations-000.json", "One"), ("conversations.json", "Zero")):
            archive.writestr(name, json.dumps([conversation(message("user", text)), None]))
        archive.writestr("__MACOSX/conversations.json", b"junk")
        archive.writestr("user.json", b"{}")
    found = list(chatgpt.read(tmp_path / "export.zip", ME))
    assert [words(each)[0][0] for each in found[::2]] == ["Zero", "One", "Two"]
    assert str(found[3]).startswith("conversations-000.json: conversation 2: ")


def zipped(path, name: str = "conversations.json", data: bytes = b"[" + b" " * 5000 + b"]") -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)


def test_zips_that_cannot_be_read_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "export.zip"
    zipped(path, "chat.html")
    with pytest.raises(ImportRefused, match=r"there is no conversations\.json in this zip"):
        list(chatgpt.read(path, ME))
    zipped(path, data=b'[{"mapping": {}}, {"secr')
    with pytest.raises(ImportRefused, match=r"conversations\.json: what begins here is no JSON"):
        list(chatgpt.read(path, ME))
    zipped(path)
    data = bytearray(path.read_bytes())
    data[45] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ImportRefused, match="the zip is damaged"):
        list(chatgpt.read(path, ME))
    zipped(path)
    data = path.read_bytes()
    at = data.index(b"PK\x01\x02") + 8
    path.write_bytes(data[:at] + b"\x01" + data[at + 1 :])
    with pytest.raises(ImportRefused, match="the zip is encrypted"):
        list(chatgpt.read(path, ME))
    zipped(path)
    monkeypatch.setattr(chatgpt, "LARGEST", 1000)
    with pytest.raises(ImportRefused, match="Unpack it and import the file"):
        list(chatgpt.read(path, ME))


def test_a_file_that_ends_in_the_middle_is_refused_after_what_was_whole(tmp_path):
    (tmp_path / "conversations.json").write_text(json.dumps([conversation(message("user", "Hi"))])[:-1] + ', {"title": "secret')
    found = chatgpt.read(tmp_path / "conversations.json", ME)
    assert words(next(found)) == [("Hi", "ChatGPT", "")]
    with pytest.raises(ImportRefused, match="the file ends in the middle") as caught:
        next(found)
    assert "secret" not in str(caught.value)
