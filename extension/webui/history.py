"""The webui's chat history, read: rows in, rows of the diary out. Nothing here edits what the webui handed over."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..memory.importers.webui import rows_of
from ..memory.reconcile import ChatRow
from ..prompt import split_reasoning

_WHO = ("user", "assistant")


def chat_rows(history: Mapping[str, Any], now: datetime) -> list[ChatRow]:
    """Return the exchanges of a chat: its rows without greetings, system messages and rows nobody spoke in."""
    return rows_of(history, now, reasoning_apart)


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


def attached(history: Mapping[str, Any], row: int, *, earlier: bool) -> list[str]:
    """Return the texts of the documents that are attached to the message of a row, and with `earlier` to those before it, too."""
    rows = range(0 if earlier else row, row + 1)
    metadata = history.get("metadata") or {}
    found = (each for number in rows for each in (metadata.get(f"user_{number}") or {}).get("attachments") or ())
    return [str(each["content"]) for each in found if each.get("content")]


def keeping(history: Mapping[str, Any], rows: Sequence[int]) -> dict[str, Any]:
    """Return a copy of a history that has only some of its rows, with what belongs to them: attachments, versions."""
    metadata = history.get("metadata") or {}
    kept = {f"{who}_{at}": metadata[f"{who}_{row}"] for at, row in enumerate(rows) for who in _WHO if f"{who}_{row}" in metadata}
    lists = {name: [history[name][row] for row in rows if row < len(history[name])] for name in ("internal", "visible") if name in history}
    return {**history, **lists, **({"metadata": kept} if "metadata" in history else {})}


def with_briefing(history: Mapping[str, Any], said: str) -> dict[str, Any]:
    """Return a copy of a history whose last row says `said`; the rows of the original are left as they are."""
    rows = list(history["internal"])
    rows[-1] = [said, *rows[-1][1:]]
    return {**history, "internal": rows}
