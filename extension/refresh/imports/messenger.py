"""The messages of a Facebook or Instagram download: a folder for each thread with message_1.json and more, and the files that the download
of end-to-end encrypted chats has, one for each chat.

The older form writes UTF-8 as if it were Latin-1, so that every letter beyond ASCII is several wrong ones; that is repaired.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ..chats import Chat
from ..lines import Line
from .export import Dropped, Export, Item
from .json_stream import fields, header, listed, objects, text

NAME = "messenger"
_MEDIA = ("photos", "videos", "audio_files", "gifs", "files", "media")
_NOTICES = {"call", "subscribe", "unsubscribe"}
_REACTED = re.compile(r"(?:Reacted .{1,20} to your message|Liked a message)\s*")
_SENT = re.compile(r".{1,200} sent an attachment\.")
_COUNTER = re.compile(r"_\d{1,6}$")


def read(export: Export) -> Iterator[Item]:
    """Yield the thread and its messages. Raises ImportRefused, OSError."""
    about = header(export.path)
    platform = "instagram" if "instagram" in str(export.name).lower() else NAME
    folder = export.path.parent.name
    thread = text(about.get("thread_path")).rpartition("/")[2] or (folder if export.stem.startswith("message_") else export.stem)
    title = repaired(text(about.get("title"))) or _COUNTER.sub("", text(about.get("threadName"))) or thread
    chat = Chat(f"{platform}:{thread}", title, NAME)
    yield chat
    for found in objects(export.path):
        yield (
            _encrypted(fields(found), chat, platform, export)
            if "senderName" in fields(found)
            else _plain(fields(found), chat, platform, export)
        )


def repaired(written: str) -> str:
    """Return text whose UTF-8 was taken for Latin-1 as it was meant; other text as it is."""
    try:
        return written.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return written


def _plain(found: dict[str, Any], chat: Chat, platform: str, export: Export) -> Line | Dropped:
    at, name, content = _moment(found.get("timestamp_ms")), repaired(text(found.get("sender_name"))), repaired(text(found.get("content")))
    if at is None or not name:
        return Dropped("malformed")
    if found.get("is_unsent") is True:
        return Dropped("deleted")
    if text(found.get("type")).lower() in _NOTICES or "call_duration" in found:
        return Dropped("system message")
    shared = text(fields(found.get("share")).get("link"))
    attached = [text(fields(each).get("uri")) for key in _MEDIA for each in listed(found.get(key))]
    attached += [shared, text(fields(found.get("sticker")).get("uri"))]
    actors = [(repaired(text(fields(each).get("reaction"))), 1) for each in listed(found.get("reactions"))]
    return _line(at, name, content, tuple(filter(None, attached)), actors, chat, platform, export)


def _encrypted(found: dict[str, Any], chat: Chat, platform: str, export: Export) -> Line | Dropped:
    at, name = _moment(found.get("timestamp")), text(found.get("senderName"))
    if at is None or not name:
        return Dropped("malformed")
    if found.get("isUnsent") is True:
        return Dropped("deleted")
    attached = tuple(filter(None, (text(fields(each).get("uri")) for each in listed(found.get("media")))))
    actors = [(text(fields(each).get("reaction")), 1) for each in listed(found.get("reactions"))]
    return _line(at, name, text(found.get("text")), attached, actors, chat, platform, export)


def _line(
    at: datetime,
    name: str,
    content: str,
    attached: tuple[str, ...],
    actors: list[tuple[str, int]],
    chat: Chat,
    platform: str,
    export: Export,
) -> Line | Dropped:
    if _REACTED.fullmatch(content):
        return Dropped("reaction")
    if attached and _SENT.fullmatch(content):
        content = ""
    if not content.strip() and not attached:
        return Dropped("empty")
    author = f"{platform}:{name}"
    number = export.number(chat.id, at, author, content + "".join(attached))
    reactions = Counter(emoji for emoji, _ in actors if emoji)
    return Line(number, chat.id, author, name, content, at, reactions=tuple(reactions.items()), attachments=attached)


def _moment(value: Any) -> datetime | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 4e12:
        return datetime.fromtimestamp(value / 1000, UTC)
    return None
