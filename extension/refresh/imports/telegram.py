"""Telegram Desktop's JSON (`result.json`): one chat, or everything. A text is a string, or a list of strings and of parts with a style."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any

from ..chats import Chat
from ..lines import Line
from .export import Dropped, Export, Item
from .json_stream import count, fields, header, listed, nested, objects, text
from .stamps import moment

NAME = "telegram"
_MEDIA = ("photo", "file", "sticker_emoji", "contact_information", "location_information", "poll")


def read(export: Export) -> Iterator[Item]:
    """Yield the chats and their messages. Raises ImportRefused, OSError."""
    about = header(export.path)
    if "id" in about:
        chat = _chat(about, export)
        yield chat
        for found in objects(export.path):
            yield _message(found, chat, about, export.zone)
        return
    for part in ("chats", "left_chats"):
        before = ""
        for about, found in nested(export.path, f"{part}.list.item", "messages"):
            chat = _chat(about, export)
            if chat.id != before:
                yield chat
            before = chat.id
            yield _message(found, chat, about, export.zone)


def _chat(about: dict[str, Any], export: Export) -> Chat:
    number = text(about.get("id")) or export.stem
    return Chat(f"{NAME}:{number}", text(about.get("name")) or number, NAME)


def _message(found: Any, chat: Chat, about: dict[str, Any], zone: tzinfo | None) -> Line | Dropped:
    found = fields(found)
    number, who = text(found.get("id")), text(found.get("from_id"))
    if text(found.get("type")) == "service":
        return Dropped("system message")
    if "forwarded_from" in found:
        return Dropped("forwarded")  # somebody else's words
    if "via_bot" in found:
        return Dropped("bot")
    at = _moment(found, zone)
    if not number or not who or at is None:
        return Dropped("malformed")
    content, attached = _words(found.get("text")), tuple(filter(None, (text(found.get(name)) for name in _MEDIA)))
    if not content.strip() and not attached:
        return Dropped("media" if any(name in found for name in _MEDIA) else "empty")
    reactions = ((text(each.get("emoji")), count(each.get("count"))) for each in map(fields, listed(found.get("reactions"))))
    return Line(
        id=number,
        conversation=chat.id,
        author=f"{NAME}:{who.removeprefix('user')}",
        name=text(found.get("from")) or "Deleted Account",
        text=content,
        at=at,
        bot=text(about.get("type")) == "bot_chat" and who == f"user{text(about.get('id'))}",
        reply_to=text(found.get("reply_to_message_id")),
        reactions=tuple((emoji, number) for emoji, number in reactions if emoji),
        attachments=attached,
    )


def _words(found: Any) -> str:
    parts = found if isinstance(found, list) else [found]
    return "".join(part if isinstance(part, str) else text(fields(part).get("text")) for part in parts)


def _moment(found: dict[str, Any], zone: tzinfo | None) -> datetime | None:
    seconds = text(found.get("date_unixtime"))
    if seconds.isascii() and seconds.isdecimal() and len(seconds) <= 10:
        return datetime.fromtimestamp(int(seconds), UTC)
    return moment(text(found.get("date")), "year first", zone)
