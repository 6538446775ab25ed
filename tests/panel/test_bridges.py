"""Bridges in the panel, over platforms in memory in a process of its own: switched on and off, found again, ending with their program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from extension.app import build
from extension.errors import BridgeError
from extension.hosts.scripted import Scripted
from extension.messages import Person
from extension.panel.bridges import Bridges
from extension.service import supervision
from extension.service.adapters import PLATFORMS
from extension.service.claim import FOLDER, PANEL_LOCK, Claim, holders, is_held
from extension.service.supervision import stop
from extension.service.supervisor import Supervisor
from extension.settings import load
from tests.service.loop import BAD, People, until

LOOPS = replace(supervision.here(), module="tests.service.child")
HOLDER = """
import sys, time
from pathlib import Path
from extension.app import build
from extension.hosts.scripted import Scripted
from extension.settings import load
from extension.service import supervision
from extension.service.supervisor import Supervisor
from dataclasses import replace
app = build(load(), host=Scripted())
made = Supervisor(lambda: app, lambda settings: replace(supervision.here(), module="tests.service.child"))
made.begin()
print("begun", made.trouble, flush=True)
time.sleep(600)
"""


@pytest.fixture
def environ(tmp_path, monkeypatch) -> None:
    given = {"DATA_DIR": str(tmp_path / "data"), "HOST": "scripted", "EMBEDDER": "hashing", "BURST_PAUSE": "0", "DISCORD_TOKEN": "abc.def"}
    for name, value in {**given, "PERMISSIONS": "{levels: {'loopback:ada': visible}}"}.items():
        monkeypatch.setenv(f"FAMILIAR_{name}", value)
    monkeypatch.delenv("FAMILIAR_MATRIX_USER", raising=False)


@pytest.fixture
def app(environ) -> Iterator:
    app = build(load(), host=Scripted())
    yield app
    stop(app.settings.data_dir)
    app.close()


@pytest.fixture
def supervisor(app) -> Supervisor:
    return Supervisor(lambda: app, lambda settings: LOOPS)


@pytest.fixture
def bridges(blocks, door, supervisor) -> Bridges:
    return Bridges(door, supervisor)


@pytest.fixture
def people(app) -> People:
    return People(app.settings.data_dir)


def shown(found: list) -> tuple[bool, str, str]:
    """Return whether Discord's switch is on, how it is, and the note."""
    return found[0]["value"], found[2], found[-1]


def running(app) -> list[int]:
    return [holder.pid for holder in holders(app.settings.data_dir)]


def test_what_is_not_set_up_says_what_to_set_and_cannot_be_switched_on(bridges, supervisor, app):
    discord, matrix, state, other, ends, told = bridges.load()
    assert (discord["value"], discord["interactive"], matrix["interactive"], ends, told) == (False, True, False, False, "")
    assert "Set up, and does not run." in state
    assert "start it again: FAMILIAR_MATRIX_USER, FAMILIAR_MATRIX_PASSWORD or FAMILIAR_MATRIX_TOKEN." in other
    with pytest.raises(BridgeError, match="Set FAMILIAR_MATRIX_USER and FAMILIAR_MATRIX_PASSWORD or"):
        supervisor.switch("matrix", True)
    assert (app.settings.bridges, running(app)) == ("", [])


def test_it_is_switched_on_found_again_and_switched_off(bridges, blocks, door, app, people):
    first, last = list(bridges._switch("discord", True))
    assert "Starting …" in first[-1]
    on, state, told = shown(last)
    assert (on, "Here as Familiar on discord · since" in state, "Switched on." in told) == (True, True, True)
    people.say("Ada", "Hello there.")
    until(lambda: people.ours == ["You said: Hello there."])
    assert "last message" in shown(bridges.load())[1]
    (process,) = running(app)
    again = Supervisor(lambda: app, lambda settings: LOOPS)  # as after a restart of the program
    again.begin()
    assert (again.trouble, running(app)) == ("", [process])
    assert shown(Bridges(door, again).load())[0]
    on, state, told = shown(list(bridges._switch("discord", False))[-1])
    assert (on, "does not run" in state, "Switched off." in told, running(app)) == (False, True, True, [])
    again.begin()
    assert running(app) == [], "what is switched off stays off"


def test_what_is_switched_on_starts_with_the_program_and_after_a_kill(supervisor, app):
    supervisor.switch("discord", True)
    (process,) = running(app)
    os.kill(process, signal.SIGKILL)
    until(lambda: not running(app))
    supervisor.begin()
    (other,) = running(app)
    assert (other != process, load().bridges) == (True, "discord")


def test_a_bad_account_and_a_program_that_is_not_there_are_sentences(bridges, app, blocks, door, monkeypatch):
    monkeypatch.setenv("TEST_BAD", "discord")
    on, _, told = shown(list(bridges._switch("discord", True))[-1])
    assert on and BAD in told and "note bad" in told, told
    until(lambda: not running(app))
    nowhere = Supervisor(lambda: app, lambda settings: replace(LOOPS, python=Path("/nowhere/python")))
    told = shown(list(Bridges(door, nowhere)._switch("discord", True))[-1])[-1]
    assert "/nowhere/python could not be run (No such file or directory)." in told
    nowhere.begin()
    assert "/nowhere/python could not be run" in shown(Bridges(door, nowhere).load())[-1]
    silent = Supervisor(lambda: app, lambda settings: replace(LOOPS, module="tests.service.nothing"))
    assert "The bridge ended at once:" in shown(list(Bridges(door, silent)._switch("discord", True))[-1])[-1]


def test_who_does_not_own_the_machine_switches_nothing(blocks, door, supervisor, app):
    bridges = Bridges(replace(door, person=lambda: Person("eve")), supervisor)
    assert "the business of whoever owns this machine" in shown(list(bridges._switch("discord", True))[-1])[-1]
    assert "the business of whoever owns this machine" in bridges._end_together(True)
    assert (app.settings.bridges, app.settings.bridge_ends, running(app)) == ("", False, [])


def test_one_that_was_started_elsewhere_is_left_to_who_started_it(bridges, supervisor, app):
    process = subprocess.Popen([sys.executable, "-m", "tests.service.child", "bridge"], cwd=LOOPS.folder, stdout=subprocess.PIPE)
    until(lambda: supervisor.rows()[0].status)
    assert "started in a terminal or as a service" in shown(bridges.load())[1]
    supervisor.switch("discord", True)
    assert running(app) == [process.pid]
    assert "It was started in a terminal or as a service" in shown(list(bridges._switch("discord", False))[-1])[-1]
    assert running(app) == [process.pid]
    process.terminate()
    process.communicate()


@pytest.mark.parametrize("ends", [True, False])
def test_after_a_kill_of_its_program_it_ends_or_goes_on_as_was_chosen(app, supervisor, ends):
    supervisor._keep(bridges="discord", bridge_ends=True)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], cwd=LOOPS.folder, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "begun \n"
    (process,) = running(app)
    if not ends:
        supervisor.end_together(False)
    holder.kill()
    holder.communicate()
    if ends:
        until(lambda: not running(app), within=20)
    else:
        with pytest.raises(AssertionError):
            until(lambda: not running(app), within=5)
        assert running(app) == [process]


def test_ending_together_is_kept_held_and_let_go(bridges, supervisor, app):
    lock = app.settings.data_dir / FOLDER / PANEL_LOCK
    assert "Kept." in bridges._end_together(True)
    assert (load().bridge_ends, is_held(lock), bridges.load()[-2]) == (True, True, True)
    assert "Kept." in bridges._end_together(False)
    assert (load().bridge_ends, is_held(lock), bridges.load()[-2]) == (False, False, False)


def test_a_bridge_that_does_not_answer_is_said_so_and_hostile_words_of_one_stay_text(bridges, app, monkeypatch):
    claim = Claim(app.settings.data_dir, "discord", PLATFORMS["discord"].key(app.settings))
    claim.take()
    assert "Runs, and does not answer yet." in shown(bridges.load())[1]
    status = {"state": "open", "connected": True, "account": "<img src=x>", "since": "no time", "last_inbound": [], "trouble": "<b>"}
    monkeypatch.setattr("extension.service.supervision.asked", lambda holder: {"platforms": {"discord": status}})
    state = shown(bridges.load())[1]
    claim.release()
    assert ("<img" in state, "<b>" in state, "Here as &lt;img src=x&gt;" in state) == (False, False, True)
