"""What is sent to Matrix: the content of messages, edits, reactions and files, within the size an event may have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import uuid4

from .markup import formatted, sendable

LIMIT = 8_000
"""Bytes of UTF-8 that a message holds. An event holds 64 KiB; an edit says the text twice, as text and as HTML, and encryption
makes four bytes of three."""
MOST = 40_000
"""Bytes of an event's content before it is encrypted."""
_HINT = 200


def message(text: str, mentions: Sequence[str]) -> dict[str, Any]:
    """Return the content of a message that calls these people, and nobody else."""
    return _within(_words(text, mentions))


def relates_to(reply_to: str, root: str, latest: str) -> dict[str, Any]:
    """Return how a message relates to what it replies to, and to the thread it goes into; empty for a message of its own."""
    if not root:
        return {"m.in_reply_to": {"event_id": reply_to}} if reply_to else {}
    return {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": not reply_to,
        "m.in_reply_to": {"event_id": reply_to or latest or root},
    }


def edit(of: str, text: str, mentions: Sequence[str]) -> dict[str, Any]:
    """Return the content of an edit: the new words, and what programs show that know no edits. It calls nobody anew."""
    new = _within(_words(text, mentions), MOST // 2)
    shown = {**new, "body": f"* {new['body']}", "m.mentions": {}}
    if "formatted_body" in new:
        shown["formatted_body"] = f"* {new['formatted_body']}"
    content = {**shown, "m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": of}}
    if _size(content) > MOST:
        content["body"] = f"* {new['body'][:_HINT]}"
        content.pop("formatted_body", None)
        content.pop("format", None)
    return content


def reaction(to: str, emoji: str) -> dict[str, Any]:
    """Return the content of a reaction."""
    return {"m.relates_to": {"rel_type": "m.annotation", "event_id": to, "key": emoji}}


def transaction(key: str) -> str:
    """Return the id that a request goes under: the same for the same key, so that what is sent again counts once."""
    return f"familiar-{sha256(key.encode()).hexdigest()[:40]}" if key else f"familiar-{uuid4().hex}"


def _words(text: str, mentions: Sequence[str]) -> dict[str, Any]:
    plain = sendable(text)
    content: dict[str, Any] = {
        "msgtype": "m.text",
        "body": plain,
        "m.mentions": {"user_ids": list(mentions)} if mentions else {},
        "org.matrix.msc1767.automated": True,
    }
    if html := formatted(plain):
        content |= {"format": "org.matrix.custom.html", "formatted_body": html}
    return content


def _within(content: dict[str, Any], most: int = MOST) -> dict[str, Any]:
    """Return it without its HTML where that is too long."""
    if _size(content) > most:
        content.pop("formatted_body", None)
        content.pop("format", None)
    return content


def _size(content: dict[str, Any]) -> int:
    return len(json.dumps(content, ensure_ascii=False).encode())
