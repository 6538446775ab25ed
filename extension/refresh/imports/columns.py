"""What the columns of a table of messages, or the fields of a record, are called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

NAMES: Mapping[str, tuple[str, ...]] = {
    "author": (
        "username", "author", "user", "name", "sender", "sendername", "from", "speaker", "nick", "nickname", "displayname", "member",
        "authorname", "who",
    ),
    "text": ("text", "content", "message", "body", "msg", "messagetext", "said"),
    "time": ("timestamp", "datetime", "date", "at", "createdat", "sentat", "sent", "ts", "when", "datesent", "time"),
    "clock": ("time", "hour"),
    "id": ("id", "messageid", "msgid"),
    "author_id": ("authorid", "userid", "senderid", "fromid"),
    "chat": ("conversation", "conversationid", "channel", "channelname", "chat", "chatid", "thread", "threadid", "room"),
    "attachments": ("attachments",),
    "reactions": ("reactions",),
    "reply": ("replyto", "inreplyto", "parentid"),
    "bot": ("bot", "isbot"),
}  # fmt: skip
"""The usual names, the likeliest first, in lower case and without spaces, dashes and underscores."""
_OTHERS = re.compile(r"[\s_\-.]+")
_DISCORD = {"authorid", "author", "date", "content"}


def plain(name: str) -> str:
    """Return the name of a column as NAMES has it."""
    return _OTHERS.sub("", name.strip().lstrip("\ufeff")).lower()


@dataclass(frozen=True, slots=True)
class Columns:
    """Where what stands in the rows of a table."""

    places: Mapping[str, int]
    width: int
    """How many columns there are."""
    discord: bool
    """Whether they are those of DiscordChatExporter."""

    @property
    def timed(self) -> bool:
        """Whether the rows say when."""
        return "time" in self.places

    def of(self, row: list[str], what: str) -> str:
        """Return what stands in a row, '' where nothing does."""
        place = self.places.get(what)
        return row[place] if place is not None and place < len(row) else ""

    def when(self, row: list[str]) -> str:
        """Return date and time of a row as they are written."""
        return f"{self.of(row, 'time')} {self.of(row, 'clock')}".strip()


def columns_of(names: list[str]) -> Columns | None:
    """Return the columns of a table's first row, None where they do not say who wrote what."""
    found = [plain(name) for name in names]
    places: dict[str, int] = {}
    for what, known in NAMES.items():
        free = [name for name in known if name in found and found.index(name) not in places.values()]
        if free:
            places[what] = found.index(free[0])
    if "clock" in places and found[places.get("time", 0)] != "date":
        del places["clock"]
    if "author_id" in places and "author" not in places:
        places["author"] = places["author_id"]
    return Columns(places, len(names), set(found) >= _DISCORD) if {"author", "text"} <= places.keys() else None
