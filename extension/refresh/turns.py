"""Conversations as a model learns them: who said what, in order, and whose words it learns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who speaks in a conversation, as name tags show them."""

    id: str
    """Stable: the id of the person in the index of people, or of the diary."""
    name: str
    """The display name: `{author}` in a tag; `{lauthor}` is the same in lower case."""
    first_name: str = ""
    """`{fname}` in a tag; empty means the display name."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker said at a time: one message, or several in a row that were merged."""

    speaker: Speaker
    text: str
    learned: bool = True
    """Whether the loss is taken on it. Words of people without consent are context only."""
    at: datetime | None = None
    """When the first of its messages was sent."""
    lines: tuple[str, ...] = ()
    """The ids of the messages it was made of."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns in order, which belong together."""

    id: str
    """Of the chat it is a part of."""
    turns: tuple[Turn, ...]
    system: str = ""
    """A system prompt of its own; empty means the template of the recipe."""
