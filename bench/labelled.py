"""Sentences with the command that each means, one JSON object a line: `{"text": …, "command": "set-config" or null, "arguments": {…}}`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "data" / "intents.jsonl"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and what it means."""

    text: str
    command: str | None
    arguments: Mapping[str, Any]
    split: str = ""


def sentences(path: Path = FILE, split: str = "") -> list[Sentence]:
    """Return the sentences of a file, or of one part of it. Raises ValueError that names the line, and OSError."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                row = json.loads(line)
                command = None if row["command"] is None else str(row["command"])
                made = Sentence(str(row["text"]), command, dict(row.get("arguments") or {}), str(row.get("split") or ""))
            except (ValueError, KeyError, TypeError) as exc:
                raise ValueError(f"{path}, line {number}: this is no labelled sentence ({type(exc).__name__}: {exc}).") from exc
            found += [made] if split in ("", made.split) else []
    if not found:
        raise ValueError(f"{path} holds no sentences{f' of the part {split}' if split else ''}.")
    return found
