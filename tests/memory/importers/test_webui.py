"""The webui's own logs."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta

import pytest

from extension.errors import ImportRefused
from extension.memory.importers import webui
from extension.memory.importers.conversation import Attribution, Conversation

ME = Attribution("me")
CHAT = {
    "internal": [["<|BEGIN-VISIBLE-CHAT|>", "Welcome."], ["My cat is called Miso", "<think>A cat!</think>Lovely."], ["Good night", ""]],
    "visible": [["", "Welcome."], ["My cat is called Miso", "Lovely."], ["Good night", ""]],
    "metadata": {
        "assistant_0": {"timestamp": "May 03, 2024 14:30"},
        "user_1": {"timestamp": "May 03, 2024 14:33"},
        "assistant_1": {"timestamp": "May 03, 2024 14:34", "model_name": "mixtral", "versions": [{"content": "Oh."}]},
    },
}


@pytest.fixture
def read(tmp_path):
    """Read a chat as the file of a path below the logs."""

    def read_(history: object, path: str = "chat/Seraphina/20240503-14-33-22.json", whose: Attribution = ME) -> Conversation:
        file = tmp_path / "logs" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(history if isinstance(history, bytes) else json.dumps(history, indent=4).encode())
        (found,) = webui.read(file, whose)
        return found

    return read_


def words(found: Conversation) -> list[tuple[int, str, str, str]]:
    return [(row.row, row.said, row.companion, row.reply) for row in found.rows]


def test_a_chat_is_the_place_it_is_while_it_is_talked_in(read):
    found = read(CHAT)
    assert (found.place.id, found.place.title) == ("webui:chat/Seraphina/20240503-14-33-22", "20240503-14-33-22")
    assert words(found) == [(1, "My cat is called Miso", "Seraphina", "Lovely."), (2, "Good night", "Seraphina", "")]
    assert (found.rows[0].reasoning, found.rows[0].model) == ("A cat!", "mixtral")
    assert found.rows[0].when == datetime(2024, 5, 3, 14, 33).astimezone() + timedelta(milliseconds=1)


def test_the_instruct_mode_has_the_assistant(read):
    found = read(CHAT, "instruct/My plans.json")
    assert (found.place.id, found.rows[0].companion) == ("webui:instruct/My plans", "Assistant")


def test_a_row_without_a_time_is_as_old_as_the_name_of_the_file_or_the_file(read, tmp_path):
    assert read(CHAT).rows[1].when == datetime(2024, 5, 3, 14, 33, 22).astimezone() + timedelta(milliseconds=2)
    read(CHAT, "chat/Seraphina/My plans.json")
    os.utime(tmp_path / "logs/chat/Seraphina/My plans.json", (1_700_000_000, 1_700_000_000))
    (found,) = webui.read(tmp_path / "logs/chat/Seraphina/My plans.json", ME)
    assert found.rows[1].when.timestamp() == 1_700_000_000.002


def test_an_older_chat_has_data_instead(read):
    found = read({"data": CHAT["internal"], "data_visible": CHAT["visible"]}, "persistent_Robin.json")
    assert (found.place.id, found.rows[0].companion) == ("webui:chat/Robin/persistent_Robin", "Robin")
    assert read({"data": CHAT["internal"]}, "Robin_persistent.json").rows[0].companion == "Robin"


def test_a_file_from_elsewhere_needs_the_name_of_the_companion(read):
    with pytest.raises(ImportRefused, match=r"nothing says who answered, .* Name the companion with --companion"):
        read(CHAT, "downloaded.json")
    found = read(CHAT, "downloaded.json", Attribution("me", "Robin"))
    assert (found.place.id, found.rows[0].companion) == ("webui:chat/Robin/downloaded", "Robin")


def test_the_companion_may_be_another_and_the_place_is_the_same(read):
    found = read(CHAT, whose=Attribution("me", "Robin"))
    assert (found.rows[0].companion, found.place) == ("Robin", read(CHAT).place)


@pytest.mark.parametrize(
    ("text", "apart"),
    [
        ("Plain.", ("", "Plain.")),
        ("<think>\nHm.\n</think>\n\nYes.", ("Hm.", "Yes.")),
        ("<think>Unfinished", ("Unfinished", "")),
        ("<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes.", ("Hm.", "Yes.")),
        ("<seed:think>Hm.</seed:think>Yes.", ("Hm.", "Yes.")),
        ("<|channel>thought\nHm.<channel|>Yes.", ("Hm.", "Yes.")),
        ("<|think|>Hm.<|end|><|content|>Yes.", ("Hm.", "Yes.")),
        ("Hm.</think>Yes.", ("Hm.", "Yes.")),
        ("I say <think> now", ("", "I say <think> now")),
    ],
)
def test_reasoning_is_kept_apart(text, apart):
    assert webui.reasoning_apart(text) == apart


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", r"it is no JSON \(line 1, column 1\)"),
        (b'{"internal": [["secret', r"it is no JSON \(line 1, column 16\)"),
        (b"\xff\xfe", "no JSON in UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "it holds no chat of the webui"),
        (b'{"last_chats": {}}', "it holds no chat of the webui"),
        (b'{"internal": {"0": "secret"}}', "it holds no chat of the webui"),
        (b'{"internal": [["a", "b"], ["secret"]]}', "row 1 of `internal` is no pair of texts"),
        (b'{"internal": [["a", 7]]}', "row 0 of `internal` is no pair of texts"),
        (b'{"internal": ["ab"]}', "row 0 of `internal` is no pair of texts"),
    ],
    ids=range(10),
)
def test_what_is_no_chat_is_refused_without_quoting_it(read, data, why):
    with pytest.raises(ImportRefused, match=why) as caught:
        read(data)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "metadata", [None, [], "x", {"user_1": None}, {"user_1": {"timestamp": ["x"]}, "assistant_1": {"model_name": None}}], ids=range(5)
)
def test_odd_metadata_does_no_harm(read, metadata):
    assert words(read({**CHAT, "metadata": metadata})) == words(read(CHAT))


def test_a_file_that_is_too_large_is_refused(read, monkeypatch):
    monkeypatch.setattr(webui, "LARGEST", 100)
    with pytest.raises(ImportRefused, match="it is larger than 0 MB"):
        read(CHAT)
