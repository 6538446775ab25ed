"""Peers with packages of their own: each has an environment, made at its first use, and answers as a process there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree
from typing import IO, Any

from platformdirs import user_cache_path

from bench.conversations import Conversation, Labelled
from bench.peers.peer import DEPTH, Peer, texts
from extension.embedders import minilm_folder

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = user_cache_path("familiar-bench", appauthor=False)
MEM0 = ("mem0ai==2.2.1", "qdrant-client==1.20.0", "sentence-transformers==6.2.0")
UNREACHABLE = "http://127.0.0.1:9"
"""A proxy that is not there: whoever tries to reach a network anyway fails at once."""
QUIET = {
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_OFFLINE": "1",
    "HTTP_PROXY": UNREACHABLE,
    "HTTPS_PROXY": UNREACHABLE,
    "MEM0_TELEMETRY": "False",
    "OMP_WAIT_POLICY": "PASSIVE",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_OFFLINE": "1",
}


def mem0(conversations: Sequence[Conversation], folder: Path) -> Peer:
    """Mem0 without inference: every turn is a memory of its own, embedded by MiniLM, in Qdrant on disk."""
    return process("mem0_answers", environment("mem0", (*MEM0, _torch())), conversations, folder)


def superboogav2(webui: Path, conversations: Sequence[Conversation], folder: Path) -> Peer:
    """The webui's superboogav2, by its own code and settings, with MiniLM in place of the model it would download."""
    python = environment("superboogav2", ("-r", str(webui / "extensions" / "superboogav2" / "requirements.txt"), _torch()))
    return process("superboogav2_answers", python, conversations, folder, webui=str(webui))


def checkout(webui: Path | None) -> Path:
    """Return the checkout of the webui that was named. Raises ValueError where it holds no superboogav2."""
    if webui is None:
        raise ValueError("superboogav2 is an extension of the webui: name a checkout of it with --webui DIR.")
    if not (webui / "extensions" / "superboogav2" / "requirements.txt").is_file():
        raise ValueError(f"{webui} holds no extensions/superboogav2. Name a checkout of text-generation-webui with --webui DIR.")
    return webui.resolve()


def environment(name: str, packages: Sequence[str]) -> Path:
    """Return the Python of an environment with these packages, as pip is told them, made where it is missing.

    Raises ValueError with pip's last words where they cannot be installed.
    """
    folder = ENVIRONMENTS / name
    python, made = folder / "bin" / "python", folder / ".made"
    wanted = "\n".join([sys.version, *packages])
    if not made.is_file() or made.read_text(encoding="utf-8") != wanted:
        print(f"Installing {name} into {folder} (takes minutes) ...", file=sys.stderr)
        venv.create(folder, clear=True)
        pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet", "--disable-pip-version-check"]
        command = [*pip, "install", *packages]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            rmtree(folder, ignore_errors=True)
            reason = next((line for line in reversed(done.stderr.splitlines()) if line.startswith("ERROR")), "pip gave no reason")
            raise ValueError(f"{name} could not be installed: {reason}\nLeave it out, or see to it that pip finds: {' '.join(packages)}")
        made.write_text(wanted, encoding="utf-8")
    return python


def process(module: str, python: Path, conversations: Sequence[Conversation], folder: Path, **more: str) -> Peer:
    """Start a module of this package under another Python, and let it read the conversations. Raises ValueError where it fails."""
    (folder / "home").mkdir()
    surroundings = {**os.environ, **QUIET, "PYTHONPATH": str(ROOT), "HOME": str(folder / "home"), "MEM0_DIR": str(folder / "home")}
    command = [str(python), "-m", f"bench.peers.{module}"]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=surroundings, cwd=folder)
    told = {"model": str(minilm_folder()), "folder": str(folder), "depth": DEPTH, **more}
    about = _exchange(module, started, {**told, "conversations": {each.name: texts(each) for each in conversations}})

    def ask(conversation: Conversation, question: Labelled) -> list[int]:
        found: list[int] = _exchange(module, started, {"conversation": conversation.name, "question": question.text})
        return found

    return Peer(ask, about, lambda: _end(started))


def _torch() -> str:
    """Return the pin of torch: what pip would choose itself may be gigabytes for a graphics card that is not there."""
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return next(line for line in pins if line.startswith("torch=="))


def _exchange(module: str, started: subprocess.Popen[str], words: dict[str, Any]) -> Any:
    said, heard = _pipes(started)
    try:
        said.write(json.dumps(words) + "\n")
        said.flush()
        answer = heard.readline()
    except BrokenPipeError:
        answer = ""
    if not answer:
        _end(started)
        raise ValueError(f"bench.peers.{module} ended before it answered; what it said is above.")
    return json.loads(answer)


def _pipes(started: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert started.stdin is not None
    assert started.stdout is not None
    return started.stdin, started.stdout


def _end(started: subprocess.Popen[str]) -> None:
    for pipe in _pipes(started):
        try:
            pipe.close()
        except BrokenPipeError:
            continue
    started.wait()
