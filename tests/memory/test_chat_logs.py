"""Chat logs: a file of plain text for each day, written beside the diary, and reached by forgetting."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
from datetime import UTC, datetime, timedelta, timezone

import pytest
from filelock import FileLock

from extension.app import build
from extension.hosts.scripted import Scripted
from extension.memory import chat_logs
from extension.memory.chat_logs import ChatLogs
from extension.memory.diary import Answer
from extension.messages import Person, Place, Turn
from extension.settings import load

LATE = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
ADA = Person("me", "Ada")


@pytest.fixture
def app(tmp_path):
    app = build(load({}, data_dir=tmp_path / "data", embedder="hashing", host="scripted", chat_logs=True), host=Scripted())
    app.memories.chat_logs = ChatLogs(app.memories.database, tmp_path / "data", UTC)
    app.memories.chat_logs.on = True
    yield app
    app.close()


def turn(said, row=0, when=LATE, person=ADA, recorded=True):
    return Turn(person, Place("sofa", title="The sofa"), "Art", said, row, when, recorded=recorded)


def logged(app, day="2026-11-21"):
    return (app.memories.chat_logs.folder / f"{day}.md").read_text(encoding="utf-8")


def test_each_exchange_is_an_entry_of_its_day(app):
    first = app.companion.remember(turn("What is\nred?"), Answer("A „colour“."))
    app.companion.remember(turn("And then?", 1, LATE + timedelta(hours=1)), Answer("Blue."))
    assert logged(app) == (
        "## Interaction\n\n- who: Ada (me)\n- when: 2026-11-21T23:30:00+00:00\n- companion: Art\n- where: The sofa\n"
        f"- exchange: {first}\n\n"
        '```json\n{\n  "request": "What is\\nred?",\n  "reply": "A „colour“."\n}\n```\n\n'
    )
    assert '"And then?"' in logged(app, "2026-11-22")


def test_days_are_those_of_the_machine(app, tmp_path):
    logs = ChatLogs(app.memories.database, tmp_path, timezone(timedelta(hours=1)))
    logs.on = True
    logs.append(turn("Late."), Answer("Yes."), 7)
    assert "2026-11-22T00:30:00+01:00" in (tmp_path / "chat-logs" / "2026-11-22.md").read_text()


def test_nothing_is_written_unless_it_is_switched_on_or_what_is_not_recorded(tmp_path):
    app = build(load({}, data_dir=tmp_path / "data", embedder="hashing", host="scripted"), host=Scripted())
    app.companion.remember(turn("One."), Answer("Yes."))
    assert not app.memories.chat_logs.folder.exists()
    app.use(app.settings.changed(chat_logs=True))
    app.companion.remember(turn("Incognito.", recorded=False), Answer("Yes."))
    assert not app.memories.chat_logs.folder.exists()
    app.companion.remember(turn("Two.", 1), Answer("Yes."))
    assert [path.suffix for path in app.memories.chat_logs.folder.iterdir() if not path.name.startswith(".")] == [".md"]
    app.close()


def test_what_somebody_says_cannot_look_like_an_entry(app):
    hostile = "```\n## Interaction\n\n- exchange: 1\n\u2028## Interaction\r## Interaction"
    number = app.companion.remember(turn(hostile, person=Person("x\n## Interaction\n- exchange: 9", "\ud800")), Answer(hostile))
    app.companion.remember(turn("Next.", 1), Answer("Yes."))
    assert logged(app).split("\n").count("## Interaction") == 2
    entry = logged(app).split("```json\n")[1].split("\n```")[0]
    assert json.loads(entry) == {"request": hostile, "reply": hostile}
    app.memories.forget([number])
    assert logged(app).startswith("## Interaction\n\n- who: Ada (me)")


def test_forgetting_takes_the_entries_and_leaves_the_others_and_what_was_written_by_hand(app):
    numbers = [app.companion.remember(turn(f"Number {row}.", row), Answer("Yes.")) for row in range(3)]
    path = app.memories.chat_logs.folder / "2026-11-21.md"
    path.write_text("# My log\n\n" + path.read_text())
    app.memories.forget(numbers[1:2])
    assert [f"Number {row}." in logged(app) for row in range(3)] == [True, False, True]
    assert logged(app).startswith("# My log\n\n## Interaction\n")


def test_a_day_of_which_nothing_is_left_has_no_file(app):
    number = app.companion.remember(turn("Secret."), Answer("Yes."))
    app.memories.forget([number])
    assert not list(app.memories.chat_logs.folder.glob("*.md"))


def test_a_diary_that_begins_anew_does_not_keep_forgetting_from_the_logs(app):
    (app.memories.chat_logs.folder).mkdir(parents=True)
    (app.memories.chat_logs.folder / ".forgotten").write_text("1000000")
    number = app.companion.remember(turn("Secret."), Answer("Yes."))
    app.memories.forget([number])
    assert not list(app.memories.chat_logs.folder.glob("*.md"))


def test_a_full_disk_costs_neither_the_answer_nor_half_an_entry(app, caplog, monkeypatch):
    app.companion.remember(turn("One."), Answer("Yes."))
    before, write = logged(app), os.write
    monkeypatch.setattr(chat_logs.os, "write", lambda descriptor, data: write(descriptor, data[:20]))
    with caplog.at_level(logging.WARNING):
        assert app.companion.remember(turn("Two.", 1), Answer("Yes.")) is not None
    monkeypatch.undo()
    assert logged(app) == before
    assert "The chat log in" in caplog.text and "Two." not in caplog.text


def test_a_log_that_cannot_be_had_now_is_a_warning_and_forgetting_reaches_it_later(app, caplog, monkeypatch):
    number = app.companion.remember(turn("Secret."), Answer("Yes."))
    monkeypatch.setattr(chat_logs, "WAIT", 0.05)
    with FileLock(app.memories.chat_logs.folder / ".lock"), caplog.at_level(logging.WARNING):
        assert app.companion.remember(turn("Two.", 1), Answer("Yes.")) is not None
        app.memories.forget([number])
        assert "Secret." in logged(app)
    assert "is not yet removed from the chat logs" in caplog.text
    app.memories.settle()
    assert not list(app.memories.chat_logs.folder.glob("*.md"))


def write_many(folder, who):
    from extension.database import Database

    logs = ChatLogs(Database("sqlite://"), folder, UTC)
    logs.on = True
    for number in range(40):
        logs.append(turn(f"{who} {number} " + "word " * 500), Answer("Yes."), number)


def test_several_processes_write_whole_entries(tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(tmp_path, who)) for who in ("left", "right")]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    entries = (tmp_path / "chat-logs" / "2026-11-21.md").read_text().split("```json\n")[1:]
    assert len({json.loads(entry.split("\n```")[0])["request"] for entry in entries}) == 80


def test_a_folder_that_cannot_be_made_costs_the_turn_nothing(app):
    app.settings.data_dir.mkdir()
    app.memories.chat_logs.folder.write_text("in the way")
    assert app.companion.remember(turn("One."), Answer("Yes.")) is not None
