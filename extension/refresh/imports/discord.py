"""DiscordChatExporter's JSON: a channel with its messages, whose ids are strings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..chats import Chat
from ..lines import Line
from .export import Dropped, Export, Item
from .json_stream import count, fields, header, listed, objects, text
from .stamps import moment

NAME = "discord"
_SPOKEN = {"Default", "Reply", "ChatInputCommand", "ContextMenuCommand", "0", "19", "20", "23", ""}
"""Types of messages somebody wrote; the others say who joined, called or pinned."""


def read(export: Export) -> Iterator[Item]:
    """Yield the channel and its messages. Raises ImportRefused, OSError."""
    about = header(export.path)
    channel = text(about.get("channel.id")) or export.stem
    place = (text(about.get(name)) for name in ("guild.name", "channel.category", "channel.name"))
    chat = Chat(f"discord:{channel}", " / ".join(filter(None, place)), NAME)
    yield chat
    for found in objects(export.path):
        yield _message(found, chat.id)


def _message(found: Any, chat: str) -> Line | Dropped:
    author = fields(fields(found).get("author"))
    number, who = text(fields(found).get("id")), text(author.get("id"))
    content = fields(found).get("content")
    if not number or not who or not isinstance(content, str | None):
        return Dropped("malformed")
    if text(found.get("type")) not in _SPOKEN:
        return Dropped("system message")
    at = moment(text(found.get("timestamp")), "year first", None)
    if at is None:
        return Dropped("malformed")
    return Line(
        id=number,
        conversation=chat,
        author=f"discord:{who}",
        name=text(author.get("nickname")) or text(author.get("name")) or who,
        text=_with_names(content or "", listed(found.get("mentions"))),
        at=at,
        bot=author.get("isBot") is True,
        reply_to=text(fields(found.get("reference")).get("messageId")),
        reactions=tuple(_reactions(listed(found.get("reactions")))),
        attachments=(*_named(found, "attachments", "url", "fileName"), *_named(found, "stickers", "name")),
    )


def _with_names(content: str, mentions: list[Any]) -> str:
    """Return a text in which mentions that were exported as ids have the names they had."""
    if "<@" in content:
        for each in map(fields, mentions):
            name = text(each.get("nickname")) or text(each.get("name"))
            for mark in ("<@", "<@!"):
                content = content.replace(f"{mark}{text(each.get('id'))}>", f"@{name}") if name else content
    return content


def _reactions(found: list[Any]) -> Iterator[tuple[str, int]]:
    for each in map(fields, found):
        emoji = fields(each.get("emoji"))
        name = text(emoji.get("name")) or text(emoji.get("code"))
        if name:
            yield (f":{name}:" if emoji.get("id") else name), count(each.get("count"))


def _named(found: dict[str, Any], key: str, *names: str) -> Iterator[str]:
    for each in map(fields, listed(found.get(key))):
        if name := next(filter(None, (text(each.get(name)) for name in names)), ""):
            yield name
