"""The server of the standalone chat as a process of its own, for the browser tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ADDRESS = re.compile(r"Familiar is at (http://127\.0\.0\.1:\d+)")
PATIENCE = 120.0
"""Seconds the server may take to be there, on a busy machine."""


class Server:
    """A command that serves the chat. Use as a context, or call `start` and `stop`."""

    def __init__(self, data_dir: Path, command: list[str] | None = None, python: str = sys.executable, **environ: str) -> None:
        self.data_dir = data_dir
        self._command = [python, *(command or ["-m", "tests.browser.child", "echo", "0.01"])]
        given = {"FAMILIAR_DATA_DIR": str(data_dir), "FAMILIAR_PORT": "0", "FAMILIAR_HOST": "scripted", "FAMILIAR_EMBEDDER": "hashing"}
        self._environ = {**os.environ, **given, **environ}
        self._process: subprocess.Popen[str] | None = None
        self._lines: list[str] = []
        self.url = ""

    @property
    def output(self) -> str:
        """What it has written so far."""
        return "".join(self._lines)

    def start(self) -> Server:
        """Start it and wait until it can be asked."""
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, env=self._environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        there = threading.Event()
        threading.Thread(target=self._read, args=(self._process, there), daemon=True).start()
        if not there.wait(PATIENCE) or not self.url:
            self.stop()
            raise RuntimeError(f"The server is not there:\n{self.output}")
        return self

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _read(self, process: subprocess.Popen[str], there: threading.Event) -> None:
        assert process.stdout is not None
        for line in iter(process.stdout.readline, ""):
            self._lines.append(line)
            if found := ADDRESS.search(line):
                self.url = found.group(1)
                there.set()
        there.set()
