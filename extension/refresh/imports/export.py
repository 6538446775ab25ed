"""A file of chats as its reader is given it, and what readers yield."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path

from ...messages import digest
from ..chats import Chat
from ..lines import Line

MADE = "~"
"""What the ids of messages begin with that have none in their export."""


@dataclass(frozen=True, slots=True)
class Export:
    """A file of chats."""

    path: Path
    name: str
    """What it is called in reports: for a file in a zip or folder, with the path in there."""
    me: str = "me"
    """The id of whose chats with companions they are."""
    zone: tzinfo | None = None
    """The time zone of times that name none; None is the machine's."""
    numbers: Counter[str] = field(default_factory=Counter)
    """How often each message without an id was met."""

    @property
    def stem(self) -> str:
        """The name without folders, its ending, and the `(1)` that browsers add to the second of a name."""
        stem = self.path.stem
        return stem[: stem.rfind("(")].strip() or stem if stem.endswith(")") and stem[stem.rfind("(") + 1 : -1].isdigit() else stem

    def number(self, chat: str, at: datetime | None, author: str, text: str) -> str:
        """Return an id for a message that has none: the same export read again gives the same ids."""
        made = digest(chat, "" if at is None else at.isoformat(), author, text)
        self.numbers[made] += 1
        return f"{MADE}{made}" if self.numbers[made] == 1 else f"{MADE}{made}-{self.numbers[made]}"


@dataclass(frozen=True, slots=True)
class Dropped:
    """A part of an export that is no message of somebody's: a line in which somebody joined, a picture without words."""

    reason: str


Item = Chat | Line | Dropped
