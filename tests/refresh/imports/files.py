"""Exports as the programs write them, small ones, and their import without a database."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from extension.refresh.imports.export import Dropped, Export
from extension.refresh.imports.formats import format_of, read
from extension.refresh.lines import Line

BERLIN = ZoneInfo("Europe/Berlin")


def put(path: Path, content: Any) -> Path:
    """Write a file: text, bytes, or anything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def zipped(path: Path, **files: Any) -> Path:
    """Write a zip; names are given by a mapping under `files`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files["files"].items():
            archive.writestr(name, content if isinstance(content, str | bytes) else json.dumps(content))
    return path


def seen(path: Path) -> tuple[str, list[Line], list[str]]:
    """Return the format of a file, its messages, and why others were dropped."""
    form = format_of(path)
    items = list(read(Export(path, path.name, zone=BERLIN), form))
    return form, [each for each in items if isinstance(each, Line)], [each.reason for each in items if isinstance(each, Dropped)]


def discord_message(number: int, author: dict[str, Any], content: str, **other: Any) -> dict[str, Any]:
    """Return a message as DiscordChatExporter writes it, each a minute later."""
    return {
        "id": str(900000000000000000 + number), "type": "Default", "timestamp": f"2021-03-04T20:{number:02d}:11.123+00:00",
        "timestampEdited": None, "callEndedTimestamp": None, "isPinned": False, "content": content, "author": author, "attachments": [],
        "embeds": [], "stickers": [], "reactions": [], "mentions": [], "inlineEmojis": [], **other,
    }  # fmt: skip


def discord_author(number: int, name: str, nickname: str = "", bot: bool = False) -> dict[str, Any]:
    """Return an author as DiscordChatExporter writes one."""
    return {
        "id": str(80000000000000000 + number), "name": name, "discriminator": "0000", "nickname": nickname or name, "color": None,
        "isBot": bot, "roles": [], "avatarUrl": "https://cdn.discordapp.com/embed/avatars/0.png",
    }  # fmt: skip


def discord(*messages: dict[str, Any], channel: str = "7000") -> dict[str, Any]:
    """Return a channel as DiscordChatExporter writes it."""
    return {
        "guild": {"id": "1", "name": "Guild", "iconUrl": ""},
        "channel": {"id": channel, "type": "GuildTextChat", "categoryId": "2", "category": "Text", "name": "general", "topic": None},
        "dateRange": {"after": None, "before": None}, "exportedAt": "2024-01-01T00:00:00+00:00", "messages": list(messages),
        "messageCount": len(messages),
    }  # fmt: skip
