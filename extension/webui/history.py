"""The webui's chat history, read: rows in, rows of the diary out. Nothing here edits what the webui handed over."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ..memory.reconcile import ChatRow
from ..prompt import split_reasoning

GREETING = "<|BEGIN-VISIBLE-CHAT|>"
"""What the webui puts in the place of the person's words in front of a greeting."""


def chat_rows(history: Mapping[str, Any], now: datetime) -> list[ChatRow]:
    """Return the exchanges of a chat: its rows without greetings, system messages and rows nobody spoke in."""
    metadata = history.get("metadata") or {}
    rows = []
    for number, row in enumerate(history.get("internal") or ()):
        said, reply = _text(row, 0), _text(row, 1)
        if not said or said == GREETING or _role(row) == "system":
            continue
        reasoning, answer = reasoning_apart(reply)
        about_said, about_reply = metadata.get(f"user_{number}") or {}, metadata.get(f"assistant_{number}") or {}
        when = _time(about_said.get("timestamp"), now) + timedelta(milliseconds=number)  # the webui counts whole minutes
        rows.append(ChatRow(number, said, answer, when, reasoning, str(about_reply.get("model_name") or "")))
    return rows


def reasoning_apart(text: str) -> tuple[str, str]:
    """Return (reasoning, answer) of a reply, by the webui's own rules for the formats of models."""
    try:
        from modules.reasoning import extract_reasoning
    except ImportError:
        return split_reasoning(text)
    reasoning, answer = extract_reasoning(text)
    return (reasoning or "").strip(), (answer or "").strip()


def shown_text(visible: str) -> str:
    """Return the reply of what the webui shows: it hands over text with HTML escaped."""
    return html.unescape(visible)


def with_briefing(history: Mapping[str, Any], said: str) -> dict[str, Any]:
    """Return a copy of a history whose last row says `said`; the rows of the original are left as they are."""
    rows = list(history["internal"])
    rows[-1] = [said, *rows[-1][1:]]
    return {**history, "internal": rows}


def _text(row: Sequence[Any], index: int) -> str:
    value = row[index] if len(row) > index else ""
    return value.strip() if isinstance(value, str) else ""


def _role(row: Sequence[Any]) -> str:
    about = row[3] if len(row) > 3 else None
    return str(about.get("role") or "") if isinstance(about, Mapping) else ""


def _time(text: Any, now: datetime) -> datetime:
    try:
        return datetime.strptime(str(text), "%b %d, %Y %H:%M").astimezone(UTC)  # the webui writes local time
    except ValueError:
        return now
