"""A finding: one thing that was looked at, how it is, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing. A warning costs something, a problem keeps Familiar from working."""

    name: str
    state: State
    text: str
    fix: str = ""
    """What to do about it; empty only where nothing need be done."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Numbers, paths and versions, as JSON takes them."""


def size(count: float) -> str:
    """Return a number of bytes in megabytes, for people."""
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"
