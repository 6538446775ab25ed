"""Element's export of a Matrix room as JSON: events, of which messages count, with what edits and reactions say about them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..chats import Chat
from ..lines import Line
from .export import Dropped, Export, Item
from .json_stream import fields, header, objects, text

NAME = "matrix"
_WORDS = {"m.text", "m.emote", "m.notice"}
_FALLBACK = re.compile(r"(?:>[^\n]*\n)+\n?")
"""How replies quote what they answer."""


@dataclass(slots=True)
class _Later:
    """What later events say about earlier ones, and who is called what."""

    edits: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Who edited a message, and how it reads since then."""
    reactions: dict[str, Counter[str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


def read(export: Export) -> Iterator[Item]:
    """Yield the room and its messages. Raises ImportRefused, OSError."""
    about = header(export.path)
    later = _later(export.path)
    chat: Chat | None = None
    for found in map(fields, objects(export.path)):
        room = text(found.get("room_id")) or text(about.get("room_name")) or export.stem
        if chat is None or chat.id != f"{NAME}:{room}":
            chat = Chat(f"{NAME}:{room}", text(about.get("room_name")) or room, NAME)
            yield chat
        yield _event(found, chat, later)


def _later(path: Path) -> _Later:
    later = _Later()
    for found in map(fields, objects(path)):
        kind, content = text(found.get("type")), fields(found.get("content"))
        about = fields(content.get("m.relates_to"))
        target = text(about.get("event_id"))
        if kind == "m.room.member" and text(content.get("membership")) == "join" and text(content.get("displayname")):
            later.names[text(found.get("state_key"))] = text(content.get("displayname"))
        elif kind == "m.reaction" and target and text(about.get("key")):
            later.reactions.setdefault(target, Counter())[text(about.get("key"))] += 1
        elif about.get("rel_type") == "m.replace" and target:
            body = fields(content.get("m.new_content")).get("body")
            if isinstance(body, str):
                later.edits[target] = (text(found.get("sender")), body)
    return later


def _event(found: dict[str, Any], chat: Chat, later: _Later) -> Line | Dropped:
    kind, content = text(found.get("type")), fields(found.get("content"))
    about = fields(content.get("m.relates_to"))
    if kind == "m.room.encrypted":
        return Dropped("encrypted")
    if kind != "m.room.message" or about.get("rel_type") == "m.replace":
        return Dropped("edit" if kind == "m.room.message" else "reaction" if kind == "m.reaction" else "system message")
    if not content:
        return Dropped("deleted")
    number, who, at = text(found.get("event_id")), text(found.get("sender")), _moment(found.get("origin_server_ts"))
    body = content.get("body")
    if not number or not who or at is None or not isinstance(body, str):
        return Dropped("malformed")
    answered = text(fields(about.get("m.in_reply_to")).get("event_id"))
    editor, edited = later.edits.get(number, ("", ""))
    words = edited if editor == who else body
    spoken = text(content.get("msgtype")) in _WORDS
    return Line(
        id=number,
        conversation=chat.id,
        author=f"{NAME}:{who}",
        name=later.names.get(who) or who.removeprefix("@").partition(":")[0],
        text=(_FALLBACK.sub("", words, count=1) if answered and words.startswith(">") else words) if spoken else "",
        at=at,
        bot=text(content.get("msgtype")) == "m.notice",
        reply_to=answered,
        reactions=tuple(later.reactions.get(number, {}).items()),
        attachments=() if spoken else (text(content.get("url")) or body,),
    )


def _moment(value: Any) -> datetime | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 4e12:
        return datetime.fromtimestamp(value / 1000, UTC)
    return None
