"""JSON Lines, or an array of objects: a message each (`{"author", "text", "at"}`), or whole conversations as training sets have them, with
OpenAI's `messages` or ShareGPT's `conversations`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ...errors import ImportRefused
from ...memory.importers.elements import elements
from ...messages import digest
from ..chats import Chat
from ..diary import COMPANION
from ..lines import Line
from .columns import NAMES, plain
from .export import Dropped, Export, Item
from .json_stream import text
from .stamps import moment

NAME = "jsonl"
_LONGEST = 32 * 1024 * 1024
"""Bytes of a line."""
_OWNER = {"user", "human", "prompter"}
_MODEL = {"assistant", "gpt", "model", "bot", "chatgpt"}
ASSISTANT = "Assistant"


def is_record(found: Any) -> bool:
    """Whether a value is a message, or a conversation."""
    if not isinstance(found, dict):
        return False
    if any(isinstance(found.get(key), list) for key in ("messages", "conversations")):
        return True
    names = {plain(str(name)) for name in found}
    return bool(names & set(NAMES["author"])) and bool(names & set(NAMES["text"]))


def read(export: Export) -> Iterator[Item]:
    """Yield the chats and their messages. Raises ImportRefused when nothing in it is a message, OSError."""
    seen: set[str] = set()
    any_ = False
    for found in _records(export):
        for item in _items(found, export):
            if isinstance(item, Line):
                any_ = True
                if item.conversation not in seen:
                    seen.add(item.conversation)
                    yield Chat(item.conversation, item.conversation.partition(":")[2], NAME)
            yield item
    if not any_:
        raise ImportRefused("no line of it is a message with an author and a text, or a conversation with `messages`")


def _records(export: Export) -> Iterator[Any]:
    with export.path.open("rb") as file:
        if file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
            file.seek(0)
            yield from elements(file)
            return
        file.seek(0)
        number = 0
        while line := file.readline(_LONGEST):
            number += 1
            if len(line) == _LONGEST and not line.endswith(b"\n"):
                raise ImportRefused(f"line {number} is longer than {_LONGEST // 1024**2} MB")
            if line.strip(b"\xef\xbb\xbf \t\r\n"):
                yield _parsed(line)


def _parsed(line: bytes) -> Any:
    with suppress(ValueError, RecursionError):
        return json.loads(line.decode("utf-8-sig"))
    return None


def _items(found: Any, export: Export) -> Iterator[Item]:
    if not is_record(found):
        yield Dropped("malformed")
        return
    turns = next((found[key] for key in ("messages", "conversations") if isinstance(found.get(key), list)), None)
    if turns is None:
        yield _message(found, export)
    else:
        name = text(found.get("id")) or digest(json.dumps(turns, sort_keys=True))
        for number, turn in enumerate(turns):
            yield _turn(turn, number, f"{NAME}:{export.stem}/{name}", export)


def _message(found: dict[str, Any], export: Export) -> Line | Dropped:
    held = {plain(str(name)): value for name, value in found.items()}

    def of(what: str) -> Any:
        return next((held[name] for name in NAMES[what] if name in held), None)

    author, content, when = text(of("author")).strip(), of("text"), of("time")
    at = moment(text(when), "year first", export.zone) if isinstance(when, str | int) else None
    if isinstance(when, float):
        at = moment(str(when), "year first", export.zone)
    if not author or not isinstance(content, str):
        return Dropped("malformed")
    if when is not None and at is None:
        return Dropped("unreadable time")
    if not content.strip():
        return Dropped("empty")
    chat, who = text(of("chat")), text(of("author_id"))
    number = f"{NAME}:{export.stem}/{chat}" if chat else f"{NAME}:{export.stem}"
    full = f"{NAME}:{who or author}"
    made = text(of("id")) or export.number(number, at, full, content)
    return Line(made, number, full, author, content, at, bot=of("bot") is True, reply_to=text(of("reply")))


def _turn(turn: Any, number: int, chat: str, export: Export) -> Line | Dropped:
    if not isinstance(turn, dict):
        return Dropped("malformed")
    role = text(turn.get("role") or turn.get("from")).strip().lower()
    content = turn.get("content", turn.get("value"))
    if isinstance(content, list):
        content = "\n".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    if role not in _OWNER | _MODEL:
        return Dropped("system message" if role else "malformed")
    if not isinstance(content, str) or not content.strip():
        return Dropped("empty")
    named = text(turn.get("name"))
    if role in _MODEL:
        return Line(str(number), chat, COMPANION + (named or ASSISTANT), named or ASSISTANT, content, None)
    return Line(str(number), chat, f"{NAME}:{named}" if named else export.me, named or export.me, content, None)
