"""Tests of the application: wired together from settings, opened at the first use, and closed without a trace."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

import psutil
import pytest

from extension.app import build, log_to_file
from extension.embedders import Hashing
from extension.errors import MissingModel, NotFound, StoreError
from extension.hosts.scripted import Scripted
from extension.memory.diary import Answer
from extension.messages import Attention, Generation, Person, Place
from extension.settings import load

ROOT = Path(__file__).resolve().parent.parent
KITCHEN = Place("kitchen")


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def app(home):
    opened = build(load({}, data_dir=home, host="scripted", embedder="hashing"))
    yield opened
    opened.close()


def test_building_opens_and_loads_nothing(home):
    build(load({}, data_dir=home)).close()
    assert not home.exists()


def test_the_settings_choose_attention_generation_and_host(home):
    settings = load(
        {},
        data_dir=home,
        host="scripted",
        scope="person",
        budget=5,
        memories=2,
        enabled=False,
        max_new_tokens=9,
        temperature=0,
        summaries="off",
    )
    app = build(settings)
    assert app.attention == Attention(False, "person", 5, 2, False)
    assert app.generation == Generation(max_new_tokens=9, temperature=0)
    assert isinstance(app.host, Scripted)
    assert app.host is app.host
    app.close()


def test_a_companion_draws_on_the_documents_its_file_names(app):
    app.characters_dir.mkdir(parents=True)
    (app.characters_dir / "Wren.yaml").write_text("familiar: {shelf: Birds}")
    (app.characters_dir / "Broken.yaml").write_text("familiar: [")
    assert [app.shelf_of(name) for name in ("Wren", "Robin", "Broken", "../x")] == ["Birds", "Robin", "Broken", "../x"]


def test_a_host_and_an_embedder_may_be_handed_in(home):
    host, embedder = Scripted(), Hashing(8)
    app = build(load({}, data_dir=home), host=host, embedder=embedder)
    assert app.host is host
    assert app.memories.semantic.embedder is embedder
    app.close()


def test_other_settings_make_another_host_only_where_they_ask_for_one(app):
    host = app.host
    app.use(app.settings.changed(budget=5))
    assert app.host is host
    assert app.attention.budget == 5
    app.use(app.settings.changed(model="other"))
    assert app.host is not host
    mine = Scripted()
    app.use(app.settings, mine)
    assert app.host is mine


def test_a_turn_is_of_this_moment_and_of_the_next_row(app):
    turn = app.turn("Hello.", KITCHEN)
    assert (turn.person, turn.place, turn.companion, turn.said, turn.row) == (Person("me"), KITCHEN, "Familiar", "Hello.", 0)
    assert abs((turn.when - datetime.now(UTC)).total_seconds()) < 60
    app.memories.remember(turn, Answer("Hi."))
    assert app.turn("Again.", KITCHEN).row == 1
    assert app.turn("Again.", KITCHEN, "Wren", Person("bob"), 7).row == 7


def test_companions_are_the_default_those_with_a_file_and_those_talked_to(app, home):
    assert app.companions() == ["Familiar"]
    (home / "characters").mkdir(parents=True)
    (home / "characters" / "Wren.yaml").write_text("greeting: Hello.\n")
    app.memories.remember(app.turn("Hello.", KITCHEN, "Robin"), Answer("Hi."))
    assert app.companions() == ["Familiar", "Wren", "Robin"]
    assert app.character("Wren").greeting == "Hello."
    with pytest.raises(NotFound):
        app.character("../Wren")


def test_companions_are_listed_though_the_diary_cannot_be_read(app, home):
    home.mkdir()
    (home / "diary.sqlite").write_bytes(b"a letter " * 1000)
    assert app.companions() == ["Familiar"]


def test_a_missing_embedding_model_is_said_and_leaves_everything_else(home, caplog):
    app = build(load({}, data_dir=home, host="scripted", embedder=str(home / "nowhere")))
    app.memories.remember(app.turn("My locker code is 4711.", KITCHEN), Answer("I will keep it."))
    found = app.companion.briefing(app.turn("What is the code of my locker?", Place("attic")), app.attention, len, None)
    assert "4711" in found.text
    assert "FAMILIAR_EMBEDDER names" in found.note
    assert "FAMILIAR_EMBEDDER names" in caplog.text
    with pytest.raises(MissingModel):
        app.memories.settle()
    app.close()


def test_two_applications_share_a_data_directory(app, home):
    other = build(load({}, data_dir=home, host="scripted", embedder="hashing"))
    app.memories.remember(app.turn("My locker code is 4711.", KITCHEN), Answer("I will keep it."))
    found = other.companion.briefing(other.turn("What is the code of my locker?", Place("attic")), other.attention, len)
    assert "4711" in found.text
    other.close()


def test_facts_are_noted_in_idle_time_only_where_the_settings_ask_for_it(app):
    noting = Scripted(lambda messages: "me | home | Lisbon")
    app.memories.remember(app.turn("I live in Lisbon.", KITCHEN), Answer("Lovely."))
    app.use(app.settings.changed(summaries="off", learn=False), noting)
    assert (app.thinks, app.think(lambda: False), app.memories.facts.count()) == (False, False, 0)
    app.use(app.settings.changed(facts=True), noting)
    while app.thinks and app.think(lambda: app.idle.busy):
        continue
    assert [fact.text for fact in app.memories.facts.browse()] == ["me, home: Lisbon"]


def test_a_turn_under_way_makes_the_application_busy(app):
    during = []
    app.use(app.settings, Scripted(lambda messages: during.append(app.idle.busy) or "Hi."))
    list(app.companion.converse(app.turn("Hello.", KITCHEN), (), app.host, app.generation, app.attention))
    assert (during, app.idle.busy) == ([True], False)


def test_closing_leaves_no_thread_and_no_file_open(home):
    before = set(threading.enumerate())
    app = build(load({}, data_dir=home, host="scripted", embedder="hashing"))
    turn = app.turn("Hello there, Miso.", KITCHEN)
    assert "".join(app.companion.converse(turn, (), app.host, app.generation, app.attention))
    app.memories.settle()
    app.close()
    assert set(threading.enumerate()) <= before  # one of another test may have ended meanwhile
    assert [file.path for file in psutil.Process().open_files() if file.path.startswith(str(home))] == []


WHOLE = """
import sys, warnings
warnings.simplefilter("error")
from extension.app import build
from extension.messages import Place
from extension.settings import load
app = build(load({}, data_dir=sys.argv[1], host="scripted", embedder="hashing"))
turn = app.turn("Hello there, Miso.", Place("kitchen"))
print("".join(app.companion.converse(turn, (), app.host, app.generation, app.attention))[:10])
app.memories.settle()
app.close()
import gc, threading
gc.collect()
print([thread.name for thread in threading.enumerate()])
"""


def test_a_whole_process_ends_without_a_warning(home):
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", WHOLE, str(home)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines() == ["I am a scr", "['MainThread']"]
    assert done.stderr == ""


@pytest.fixture
def logger():
    """The logger of the package, without the files of this test afterwards."""
    found = logging.getLogger("extension")
    level = found.level
    yield found
    for handler in [handler for handler in found.handlers if isinstance(handler, RotatingFileHandler)]:
        found.removeHandler(handler)
        handler.close()
    found.setLevel(level)


def test_the_log_goes_into_a_file_once(home, logger):
    settings = load({}, data_dir=home, log_level="INFO")
    log_to_file(settings)
    log_to_file(settings)
    logging.getLogger("extension.memory").info("Three exchanges.")
    logging.getLogger("extension.memory").debug("Not this.")
    [line] = (home / "familiar.log").read_text(encoding="utf-8").splitlines()
    assert line.endswith(": Three exchanges.")
    assert " INFO extension.memory " in line


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path, logger, caplog):
    settings = load({}, data_dir=tmp_path / "file")
    (tmp_path / "file").write_text("in the way")
    log_to_file(settings)
    assert "No log file" in caplog.text


def test_a_diary_that_cannot_be_read_is_named_where_a_row_is_asked_for(app, home):
    home.mkdir()
    (home / "diary.sqlite").write_bytes(b"a letter " * 1000)
    with pytest.raises(StoreError, match="is not a database of ours or is damaged"):
        app.turn("Hello.", KITCHEN)
