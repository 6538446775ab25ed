"""Starts the real host on a private copy of a checkout, and speaks to its API."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import yaml

from .double import RESIDENCES, Residence

LAUNCH = Path(__file__).with_name("launch.py")
MODEL = "SmolLM2-135M-Instruct"
LAUNCHED = "To create a public link"
"""Starts the last line Gradio prints when the page is up, at the start and after each restart."""

BRIEF = {"max_tokens": 24, "temperature": 0.1}
SETTINGS = {
    "mode": "instruct",
    "preset": None,
    "auto_max_new_tokens": False,
    "max_new_tokens": 32,
    "temperature": 0.1,
    "dark_theme": False,
}
"""Lines of the copy's settings.yaml: turns of a second or two, and the theme that launch.py leaves the page with. With another,
the page saves its values when it has loaded its theme; if it has not yet loaded the rest, the host forgets the mode."""


def copy_of(checkout: Path, folder: Path, model: Path, **settings: Any) -> Path:
    """Copy a checkout without its history and models into `folder`, put our model and settings in, and return the folder."""
    left_out = shutil.ignore_patterns(".git", "__pycache__", "logs", "*.safetensors", "*.gguf")
    shutil.copytree(checkout, folder, ignore=left_out, symlinks=True)
    models = folder / "user_data" / "models"
    models.mkdir(parents=True, exist_ok=True)
    (models / MODEL).symlink_to(model, target_is_directory=True)
    (folder / "user_data" / "CMD_FLAGS.txt").write_text("", encoding="utf-8")
    (folder / "user_data" / "settings.yaml").write_text(yaml.safe_dump({**SETTINGS, **settings}), encoding="utf-8")
    return folder


def place(webui: Path, extension: Path, name: str, lives: Residence) -> None:
    """Link an extension into one of the two folders it can live in, and see that it is not in the other."""
    for residence, folder in RESIDENCES.items():
        link = webui / folder / name
        link.unlink(missing_ok=True)
        if residence == lives:
            link.symlink_to(extension, target_is_directory=True)


def free_port() -> int:
    """Return a port of loopback that nothing listens on now, below those the system hands out by itself."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class HostServer:
    """One run of server.py. Entering starts it and waits until it answers; leaving stops it."""

    def __init__(
        self, webui: Path, python: Path, *, extensions: Sequence[str] = ("familiar",), nowebui: bool = False, **environ: str
    ) -> None:
        """`environ` is added to the environment: FAMILIAR_DATA_DIR and the like."""
        self.webui, self.python = webui, python
        self.port, self.api_port = free_port(), free_port()
        self.flags = ["--cpu", "--api", "--model", MODEL, "--loader", "Transformers", *(["--nowebui"] if nowebui else [])]
        self.flags += ["--extensions", *extensions] if extensions else []
        self.nowebui = nowebui
        fixed = {"HF_HUB_OFFLINE": "1", "OMP_WAIT_POLICY": "PASSIVE", "PYTHONUNBUFFERED": "1", "NO_PROXY": "*"}
        self.environ = {**os.environ, **fixed, **environ}
        self.logfile = webui / "server.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.started_in = 0.0
        """Seconds from the start of the process until it answered."""

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        """Address of the API."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def log(self) -> str:
        """Everything the server printed since it was started last."""
        return self.logfile.read_text(encoding="utf-8", errors="replace") if self.logfile.exists() else ""

    def __enter__(self) -> HostServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, patience: float = 180) -> None:
        """Start the server and wait until page and API answer, at most `patience` seconds."""
        ports = ["--listen-port", str(self.port), "--api-port", str(self.api_port)]
        began = time.monotonic()
        with self.logfile.open("wb") as log:
            self.process = subprocess.Popen(
                [str(self.python), str(LAUNCH), *self.flags, *ports],
                cwd=self.webui,
                env=self.environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while not self._is_up():
            if self.process.poll() is not None or time.monotonic() - began > patience:
                self.kill()
                raise AssertionError(f"The host did not start. The end of its log:\n{self.log[-4000:]}")
            time.sleep(0.2)
        self.started_in = time.monotonic() - began

    def _is_up(self) -> bool:
        log = self.log  # Gradio dies when its own first look at the page takes long, so nobody else looks before it said the last word
        page = self.nowebui or (LAUNCHED in log.partition(self.url)[2] and _answers(self.url))
        return page and f"{self.api}/v1" in log and _answers(f"{self.api}/v1/internal/health")

    def stop(self) -> None:
        """Ask the server to go, as Ctrl+C does, and see that it does."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """Kill the server and all it started."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(20)

    def api_chat(self, messages: list[dict[str, Any]], user: str | None = None, **fields: Any) -> str:
        """POST /v1/chat/completions and return the reply's content, '' when it is a call of a tool."""
        body = {**BRIEF, "messages": messages, "user": user, **fields}
        choice = self._post("/v1/chat/completions", body)["choices"][0]
        return choice["message"]["content"] or ""

    def api_completion(self, prompt: str, user: str | None = None) -> str:
        """POST /v1/completions and return the text."""
        text: str = self._post("/v1/completions", {**BRIEF, "prompt": prompt, "user": user})["choices"][0]["text"]
        return text

    def _post(self, route: str, body: dict[str, Any]) -> Any:
        response = httpx.post(self.api + route, json=body, timeout=120, trust_env=False)
        assert response.status_code == 200, f"{response.status_code}: {response.text}\n{self.log[-3000:]}"
        return response.json()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
