"""A data directory, and bridges over platforms in memory that run on it as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from .loop import People, until

ROOT = Path(__file__).resolve().parents[2]
SECRET = "MTIzNDU2Nzg5.tok-en.that-nobody-may-see"


@dataclass
class Running:
    """A bridge that was started, with all it writes."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def said(self) -> str:
        return self.output.read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@dataclass
class Program:
    """The program over one data directory. `people` are those on the platform that is called Discord."""

    data_dir: Path
    environ: dict[str, str]
    started: list[Running] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.people = People(self.data_dir)
        self.others = People(self.data_dir, "matrix")

    def start(self, *words: str, module: str = "tests.service.child", **environ: str) -> Running:
        """Start a bridge, and do not wait for it."""
        output = self.data_dir.parent / f"output-{len(self.started)}.txt"
        command = [sys.executable, "-m", module, "bridge", *words]
        with output.open("wb") as file:
            process = subprocess.Popen(command, cwd=ROOT, env=self.environ | environ, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        self.started.append(Running(process, output))
        return self.started[-1]

    def open(self, *words: str, **environ: str) -> Running:
        """Start a bridge, and wait until its platforms are there."""
        found = self.start(*words, **environ)
        until(lambda: self.status(found).get("healthy") or found.process.poll() is not None)
        assert found.process.poll() is None, found.said
        return found

    def status(self, bridge: Running) -> dict:
        """Return what /status says; nothing while it is not there."""
        return self.get(bridge, "/status").json() if self.address(bridge) else {}

    def address(self, bridge: Running) -> str:
        found = [line.split()[3].removesuffix("/status") for line in bridge.said.splitlines() if line.startswith("How it is: ")]
        return found[-1] if found else ""

    def get(self, bridge: Running, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"{self.address(bridge)}{path}", headers=headers, trust_env=False, timeout=10)

    def run(self, *words: str, **environ: str) -> tuple[int, str]:
        """Run `familiar bridge` with some words to its end; return its exit status and all it wrote."""
        ended = self.start(*words, **environ)
        return ended.process.wait(120), ended.said


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    ours = {
        "DATA_DIR": str(data_dir),
        "HOST": "scripted",
        "EMBEDDER": "hashing",
        "BURST_PAUSE": "0",
        "DISCORD_TOKEN": SECRET,
        "PERMISSIONS": "{levels: {'loopback:olga': owner, 'loopback:ada': visible}}",
        "PATIENCE": "0",
    }
    environ = {f"FAMILIAR_{name}": value for name, value in ours.items()}
    made = Program(data_dir, {**os.environ, **environ, "XDG_CONFIG_HOME": str(tmp_path)})
    yield made
    for each in made.started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait(30)
