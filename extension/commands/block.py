"""Answers of commands: code blocks, and texts in one line."""

from __future__ import annotations

import re

_FENCES = re.compile(r"`{3,}")


def block(text: str) -> str:
    """Return a text in a code block whose fence is longer than any in the text, so that nothing in it ends the block."""
    fence = "`" * (max((len(found) for found in _FENCES.findall(text)), default=2) + 1)
    return f"{fence}\n{text}\n{fence}"


def brief(text: str, longest: int) -> str:
    """Return a text as one line of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
