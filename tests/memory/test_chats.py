"""The intake of chats from other programs."""

from __future__ import annotations

import json

import pytest

from extension.errors import ImportRefused
from extension.memory.chats import import_chats, sources
from extension.memory.importers.conversation import Attribution
from extension.memory.importers.formats import Format
from extension.memory.intake import Report, Rules
from extension.messages import Person

from .importers.test_chatgpt import conversation, message
from .importers.test_sillytavern import HEADER, replied, said
from .importers.test_webui import CHAT

ME = Attribution("ann")


@pytest.fixture
def folder(tmp_path):
    """A folder with a chat of each program."""
    here = tmp_path / "files"
    lines = (HEADER, said("I keep bees"), replied("How many hives?"), said("Two"), replied("Two is enough."))
    files = {
        "chats/Seraphina/main.jsonl": "\n".join(map(json.dumps, lines)),
        "logs/chat/Robin/20240503-14-33-22.json": json.dumps(CHAT),
        "gpt/conversations.json": json.dumps([conversation(message("user", "Hi"), message("assistant", "Hello"))]),
    }
    for name, text in files.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)
    return here


@pytest.fixture
def take(database, folder):
    """Import the folder, or a file of it, and return what became of it."""

    def take_(name: str = ".", form: Format | None = None, whose: Attribution = ME, **rules: bool) -> Report:
        return import_chats(database, sources(folder / name, form), whose, Rules(**rules))

    return take_


def test_a_folder_of_chats_goes_in_and_again_changes_nothing(take, diary):
    assert take() == Report(chats=3, added=5)
    assert {(each.person.id, each.companion, each.place.id.partition(":")[0]) for each in diary.browse()} == {
        ("ann", "Seraphina", "sillytavern"),
        ("ann", "Robin", "webui"),
        ("ann", "ChatGPT", "chatgpt"),
    }
    before = diary.browse()
    assert take() == Report(chats=3, unchanged=5)
    assert diary.browse() == before


def test_one_file_goes_in_by_itself_and_by_its_format(take):
    assert take("chats/Seraphina/main.jsonl") == Report(chats=1, added=2)
    assert take("gpt/conversations.json", Format.CHATGPT, Attribution("ann", "Wren")) == Report(chats=1, added=1)
    assert take(".", Format.WEBUI) == Report(chats=1, added=2)


def test_what_went_in_is_found_by_words_and_by_meaning(take, open_memories):
    take()
    memories = open_memories()
    found = memories.search("Do I keep bees?", Person("ann"), "Seraphina")
    assert found[0].exchange.said == "I keep bees"


def test_a_broken_file_is_named_and_nothing_of_it_goes_in(take, diary, folder):
    chat = folder / "chats/Seraphina/main.jsonl"
    chat.write_text(chat.read_text() + '\n{"mes": "torn o')
    (folder / "logs/chat/Robin/20240503-14-33-22.json").write_text("{")
    report = take()
    assert (report.chats, report.added, report.refused) == (1, 1, 2)
    assert [where for where, _ in report.reasons] == ["chats/Seraphina/main.jsonl", "logs/chat/Robin/20240503-14-33-22.json"]
    assert report.reasons[0][1] == "line 6 is no JSON object. Mend or remove the line, then import again"
    assert diary.count() == 1


def test_nothing_of_a_file_that_ends_in_the_middle_goes_in(take, diary, folder):
    file = folder / "gpt/conversations.json"
    file.write_text(file.read_text()[:-1] + ', {"title": "Tor')
    report = take("gpt")
    assert (report.added, report.refused, diary.count()) == (0, 1, 0)


def test_a_conversation_that_makes_no_sense_is_named_and_the_others_go_in(take, folder):
    file = folder / "gpt/conversations.json"
    file.write_text(file.read_text()[:-1] + ', {"title": "Torn"}]')
    assert take("gpt") == Report(
        chats=1, added=1, refused=1, reasons=[("conversations.json", "conversation 2: it has no `mapping` of messages")]
    )


def test_a_strict_import_takes_all_or_nothing(take, diary, folder):
    (folder / "logs/chat/Robin/20240503-14-33-22.json").write_text("{")
    with pytest.raises(ImportRefused, match=r"Nothing was imported: logs/chat/Robin/20240503-14-33-22\.json: it is no JSON"):
        take(strict=True)
    assert diary.count() == 0
    assert take("gpt", strict=True) == Report(chats=1, added=1)


def test_a_chat_that_cannot_be_compared_costs_the_others_nothing(take, folder, monkeypatch):
    monkeypatch.setattr("extension.memory.joining._MOST_COMPARED", 3)
    chat = folder / "chats/Seraphina/main.jsonl"
    chat.write_text("\n".join(map(json.dumps, [HEADER, *[said("again"), replied("again")] * 3])))
    assert take().added == 6
    chat.write_text("\n".join(map(json.dumps, [HEADER, said("new"), replied("new"), *[said("again"), replied("again")] * 3])))
    report = take()
    assert (report.chats, report.unchanged, report.refused, report.reasons[0][0]) == (2, 3, 1, "chats/Seraphina/main.jsonl")


def test_a_path_without_chats_has_none(tmp_path, folder):
    (tmp_path / "letter.txt").write_text("Dear Ann")
    assert (sources(tmp_path / "letter.txt"), sources(folder / "gpt", Format.WEBUI)) == ([], [])
    with pytest.raises(ImportRefused, match=r"Cannot read .*: No such file or directory"):
        sources(tmp_path / "none")


def test_a_file_that_vanishes_is_named(database, folder):
    found = sources(folder)
    (folder / "chats/Seraphina/main.jsonl").unlink()
    report = import_chats(database, found, ME)
    assert (report.chats, report.reasons) == (2, [("chats/Seraphina/main.jsonl", "it cannot be read: No such file or directory")])
