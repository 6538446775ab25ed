"""People who talk, for the tests of what is learned from chats."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from extension.refresh.chats import Added, Chat, Chats, File
from extension.refresh.lines import Line
from extension.refresh.recipe.data import Data

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
ROOM = "discord:1"
ANN, BOB, CAT = "discord:11", "discord:12", "discord:13"
NAMES = {ANN: "Ann Smith", BOB: "Bob", CAT: "Catbot"}


def line(author: str, text: str, minute: float = 0, **other: object) -> Line:
    """Return a message in the room."""
    values = {"id": f"{author}@{minute}", "conversation": ROOM, "name": NAMES.get(author, author), "at": NOON + timedelta(minutes=minute)}
    return Line(author=author, text=text, **values | other)


def talk(*said: tuple[str, str]) -> list[Line]:
    """Return messages ten minutes apart."""
    return [line(author, text, 10 * number) for number, (author, text) in enumerate(said)]


def keep(chats: Chats, *lines: Line, name: str = "export.json", title: str = "general") -> Added:
    """Import messages as a file of their own."""
    found = [Chat(number, title, "discord") for number in dict.fromkeys(each.conversation for each in lines)]
    return chats.add(File(name, "discord", name), found, lines, Counter(), NOON)


def recipe(**sections: dict[str, object]) -> Data:
    """Return the data section of a recipe that leaves nobody out for having said little."""
    return Data.model_validate({**sections, "people": {"least_share": 0, **sections.get("people", {})}})
