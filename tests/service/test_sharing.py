"""A webui and a bridge write at once on one data directory (SQLite, embedded Chroma): nothing is lost, each finds the other's."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import Any

import pytest

from extension.app import build
from extension.embedders import Hashing
from extension.hosts.scripted import Scripted
from extension.settings import load
from tests.memory.stores import indexed

from .conftest import ROOT, Program
from .loop import until

COUNT = 60
"""Messages on the bridge."""
ADA = "loopback:ada"
SHARED = {
    "FAMILIAR_PERSON": ADA,
    "FAMILIAR_SCOPE": "person",
    "FAMILIAR_QUEUE_EACH": "1000",
    "FAMILIAR_PERMISSIONS": f"{{levels: {{'{ADA}': visible}}, cooldown: 0, hourly: 0}}",
}


class Webui:
    """The other side, a step at a time."""

    def __init__(self, program: Program) -> None:
        command = [sys.executable, "-m", "tests.service.webui_side", "Where does Ada keep the accordion number 7?"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(command, cwd=ROOT, env=program.environ, text=True, **pipes)
        assert self.process.stdout.readline() == "ready\n"

    def tell(self, step: str) -> None:
        self.process.stdin.write(f"{step}\n")
        self.process.stdin.flush()

    def ask(self, step: str) -> Any:
        self.tell(step)
        return json.loads(self.process.stdout.readline())


@pytest.mark.slow
def test_both_sides_write_at_once_and_nothing_is_lost_and_each_finds_what_the_other_heard(program):
    program.environ |= SHARED
    webui = Webui(program)  # it comes first, and owns the vector index
    try:
        bridge = program.open()
        webui.tell("begin")
        for number in range(COUNT):
            program.people.say("Ada", f"I keep the accordion number {number} in the attic.")
            until(lambda number=number: program.status(bridge)["answers"] > number)
        written, notes = webui.ask("stop")
        assert (written > 8, [each for each in notes if each and "budget" not in each]) == (True, [])
        assert "I keep the accordion number 7 in the attic." in webui.ask("look")
        assert webui.process.wait(60) == 0
    finally:
        webui.process.kill()
        _, errors = webui.process.communicate()
    program.people.say("Ada", "Where does the webui keep jar 7 of plums?")
    until(lambda: program.status(bridge)["answers"] == COUNT + 1)
    assert (program.status(bridge)["failures"], bridge.end()) == (0, 0)
    told = (program.data_dir / "familiar.log").read_text() + errors + bridge.said
    assert [line for line in told.splitlines() if any(word in line for word in ("locked", "Traceback", "WARNING"))] == []
    assert not (program.data_dir / "unsaved.jsonl").exists()
    with closing(sqlite3.connect(program.data_dir / "diary.sqlite")) as diary:
        rows = dict(diary.execute("SELECT place_id, count(*) FROM exchange GROUP BY place_id").fetchall())
        shown = diary.execute("SELECT memories FROM exchange WHERE said LIKE 'Where does the webui%'").fetchone()[0]
        said = [text for (text,) in diary.execute(f"SELECT said FROM exchange WHERE id IN ({shown.strip('[]')})")]
    assert rows == {"webui:chat": written, f"loopback:dm:{ADA}": COUNT + 1}
    assert "The webui keeps jar 7 of plums in the cellar." in said, "the bridge, which owned no index, found it too"
    assert_indexed(program, written + COUNT + 1)


def assert_indexed(program: Program, count: int) -> None:
    """Both indexes hold every exchange."""
    app = build(load({}, data_dir=program.data_dir), Scripted(), Hashing())
    app.memories.settle()
    assert app.memories.semantic.expected() == app.memories.semantic.indexed()
    assert len(indexed(app.memories)) == count
    app.close()
