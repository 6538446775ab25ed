"""What the tests of the command line share: the program, called in this process or started as one of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from extension.__main__ import app
from extension.app import App, build
from tests.hosts.openai_double import Double

ROOT = Path(__file__).resolve().parent.parent.parent
AT_A_TERMINAL = """
import fcntl, os, runpy, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
runpy.run_module("extension", run_name="__main__", alter_sys=True)
"""
PATIENCE = 240
"""Seconds after which a program that should have ended is ended."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How one run of the program ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What was printed on stdout, which is one JSON value."""
        return json.loads(self.out)


@dataclass
class Program:
    """The program over one data directory, answered by a script and embedding by hashes."""

    data_dir: Path
    environ: dict[str, str]
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __call__(self, *arguments: object, stdin: bytes | None = None) -> Ran:
        """Run in this process."""
        result = CliRunner().invoke(app, [str(each) for each in arguments], input=stdin, env=self.environ)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    def process(self, *arguments: object, stdin: bytes = b"", under: Sequence[str] = (), **environ: str) -> Ran:
        """Run as a process of its own, `under` another program, and wait for its end."""
        command = [*under, sys.executable, "-m", "extension", *map(str, arguments)]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environ | environ, input=stdin, capture_output=True, timeout=PATIENCE, check=False
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *arguments: object, terminal: bool = False, **streams: Any) -> subprocess.Popen[bytes]:
        """Start as a process of its own, with pipes where no streams are given, or with its stdin as the terminal it belongs to."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command = [sys.executable, *(("-c", AT_A_TERMINAL) if terminal else ("-m", "extension")), *map(str, arguments)]
        process = subprocess.Popen(command, cwd=ROOT, env=self.environ, bufsize=0, **(pipes | streams))
        self.started.append(process)
        return process

    def tell(self, said: str, *flags: str, **options: str) -> dict[str, Any]:
        """Say something and return the turn."""
        given = [part for name, value in options.items() for part in (f"--{name.rstrip('_').replace('_', '-')}", value)]
        ran = self("chat", said, "--json", *flags, *given)
        assert ran.code == 0, ran.err
        return dict(ran.json)

    def remembered(self, *filters: str) -> list[dict[str, Any]]:
        """Return the memories as `memory list --json` prints them."""
        return list(self("memory", "list", "--json", *filters).json)


def in_folder(folder: Path) -> Program:
    """Return the program over an empty data directory in a folder."""
    settings = {"DATA_DIR": str(folder / "data"), "HOST": "scripted", "EMBEDDER": "hashing", "LOCK_TIMEOUT": "5"}
    ours = {f"FAMILIAR_{name}": value for name, value in settings.items()}
    return Program(folder / "data", {**os.environ, **ours, "PYTHONIOENCODING": "utf-8", "TMPDIR": str(folder)})


@pytest.fixture(scope="session")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with four memories of two people in two places with two companions."""
    familiar = in_folder(tmp_path_factory.mktemp("telling"))
    familiar.tell("My cat is called Miso", "--no-memory", as_="ann", place="sofa", companion="Robin")
    familiar.tell("The rent is 900 francs", "--no-memory", as_="ann", place="desk", companion="Robin")
    familiar.tell("I plant roses", "--no-memory", as_="bob", place="sofa", companion="Wren")
    familiar.tell("Cats like roses & C++ too, 100%", "--no-memory", as_="bob", place="desk", companion="Wren")
    return familiar.data_dir


@pytest.fixture
def told(familiar: Program, telling: Path) -> Program:
    """The program over a data directory of its own with those four memories."""
    shutil.copytree(telling, familiar.data_dir)
    return familiar


@pytest.fixture
def familiar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """The program over an empty data directory."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    program = in_folder(tmp_path)
    program.environ["TMPDIR"] = str(tmp_path / "tmp")
    built: list[App] = []

    def kept(*given: Any, **named: Any) -> App:
        built.append(build(*given, **named))
        return built[-1]

    monkeypatch.setattr("extension.cli.program.build", kept)
    yield program
    for each in built:  # one that is left in the middle goes with its process, which here lasts
        each.close()
    for process in program.started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()


@pytest.fixture
def server() -> Iterator[Double]:
    """A model's server on this machine, which misbehaves on request."""
    with Double() as double:
        yield double
