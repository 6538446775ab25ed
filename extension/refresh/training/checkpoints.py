"""Checkpoints: what a training resumes from. One counts once its seal is written, which names the size and digest of each of its files."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from ...settings import replace_text
from .folder import read_json

SEAL = "sealed.json"
WEIGHTS = "adapter_model.safetensors"
KEPT = 3
"""How many a run keeps: the newest may be half written, and so may the one before while that is being replaced."""
_NAME = re.compile(r"checkpoint-(\d+)")


def seal(folder: Path) -> None:
    """Say that a checkpoint is whole. Raises StoreError, OSError."""
    replace_text(folder / SEAL, json.dumps(digests(folder, but=(SEAL,)), indent=2))


def newest(folder: Path) -> Path | None:
    """Return the newest checkpoint that is whole. Half-written and damaged ones are passed over; they are written again."""
    return next((each for each in reversed(numbered(folder)) if is_whole(each)), None)


def step(checkpoint: Path) -> int:
    """Return the step after which it was written."""
    name = _NAME.fullmatch(checkpoint.name)
    return int(name[1]) if name else 0


def is_whole(checkpoint: Path) -> bool:
    """Return whether its files are those that were sealed."""
    sealed = read_json(checkpoint / SEAL)
    try:
        return sealed is not None and WEIGHTS in sealed and digests(checkpoint, but=(SEAL,)) == sealed
    except OSError:
        return False


def digests(folder: Path, but: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the sha256 of each file of a folder. Raises OSError."""
    return {file.name: digest(file) for file in sorted(folder.iterdir()) if file.is_file() and file.name not in but}


def digest(file: Path) -> str:
    """Return the sha256 of a file. Raises OSError."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def numbered(folder: Path) -> list[Path]:
    """Return the checkpoints in a folder, whole or not, the oldest first."""
    found = [each for each in folder.iterdir() if _NAME.fullmatch(each.name)] if folder.is_dir() else []
    return sorted(found, key=step)
