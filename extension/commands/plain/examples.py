"""Example sentences: what the commands that plain language reaches are recognised by, and chat that only looks like one."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("examples.json")
CHAT = "chat"
"""Where the sentences stand that mean no command."""


def examples(name: str) -> tuple[str, ...]:
    """Return the plain sentences that mean a command, the plainest first; none for one that plain language never reaches."""
    return _read().get(name, ())


@cache
def _read() -> dict[str, tuple[str, ...]]:
    return {name: tuple(sentences) for name, sentences in json.loads(FILE.read_text(encoding="utf-8")).items()}
