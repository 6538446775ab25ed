"""The webui's own chats, as it keeps them in `user_data/logs`: JSON with rows of texts, and metadata with their times.

They are the same places as the chats are while they are talked in, so that what is imported and what was heard agree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ...errors import ImportRefused
from ...messages import Place
from ..reconcile import ChatRow
from .conversation import Attribution, Conversation
from .dates import modified, moment

GREETING = "<|BEGIN-VISIBLE-CHAT|>"
"""What the webui puts in the place of the person's words in front of a greeting."""
INSTRUCT = "Assistant"
"""The companion of the instruct mode, which has no character."""
LARGEST = 128 * 1024 * 1024
"""Bytes of one chat, which is read whole."""
_PERSISTENT = re.compile(r"persistent_(.+)|(.+)_persistent")
"""How files were called before a character could have several chats."""
_REASONING = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"\A\s*<think>(.*?)(?:</think>|\Z)",
        r"\A\s*<\|channel\|>(?:analysis|commentary)<\|message\|>(.*?)(?:<\|channel\|>final<\|message\|>|\Z)",
        r"\A\s*<seed:think>(.*?)(?:</seed:think>|\Z)",
        r"\A\s*<\|channel>thought(.*?)(?:<channel\|>|\Z)",
        r"\A\s*<\|think\|>(.*?)(?:<\|content\|>|\Z)",
        r"\A(.*?)</think>",
    )
)
_MARKUP = re.compile(r"<\|(?:end|start|channel|message)\|>|(?<=<\|start\|>)assistant")

Apart = Callable[[str], tuple[str, str]]
"""Returns (reasoning, answer) of a reply."""


def place_id(folder: str, chat: str) -> str:
    """Return the id of the place of a chat, which is where the webui keeps its log: by mode and character."""
    return f"webui:{folder}/{chat}"


def read(path: Path, whose: Attribution) -> Iterator[Conversation]:
    """Yield the chat of a file. Raises ImportRefused, and OSError."""
    if path.stat().st_size > LARGEST:
        raise ImportRefused(f"it is larger than {LARGEST // 1024**2} MB")
    history = _history(path.read_bytes())
    folder, companion = _where(path.absolute(), whose)
    rows = rows_of(history, moment(path.stem) or modified(path), reasoning_apart, companion)
    yield Conversation(Place(place_id(folder, path.stem), title=path.stem), tuple(rows))


def rows_of(history: Mapping[str, Any], otherwise: datetime, apart: Apart, companion: str = "") -> list[ChatRow]:
    """Return the exchanges of a chat: its rows without greetings, system messages and rows nobody spoke in.

    `otherwise` is when rows were said whose time is not known.
    """
    about = history.get("metadata")
    metadata = about if isinstance(about, Mapping) else {}
    rows = []
    for number, row in enumerate(history.get("internal") or ()):
        said, reply = _text(row, 0), _text(row, 1)
        if not said or said == GREETING or _role(row) == "system":
            continue
        reasoning, answer = apart(reply)
        when = (moment(_field(metadata, f"user_{number}", "timestamp")) or otherwise) + timedelta(milliseconds=number)  # it has minutes
        model = _field(metadata, f"assistant_{number}", "model_name")
        rows.append(ChatRow(number, said, answer, when, reasoning, str(model or ""), companion))
    return rows


def reasoning_apart(text: str) -> tuple[str, str]:
    """Return (reasoning, answer) of a reply, by the formats of the models that the webui knows."""
    for pattern in _REASONING:
        if found := pattern.match(text):
            return _MARKUP.sub("", found[1]).strip(), text[found.end() :].strip()
    return "", text.strip()


def _history(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as exc:
        raise ImportRefused(f"it is no JSON (line {exc.lineno}, column {exc.colno})") from None
    except (ValueError, RecursionError):
        raise ImportRefused("it is no JSON in UTF-8, or nested too deeply") from None
    history = found if isinstance(found, dict) else {}
    if "internal" not in history and "data" in history:  # as it was before metadata
        history = {"internal": history["data"]}
    rows = history.get("internal")
    if not isinstance(rows, list):
        raise ImportRefused("it holds no chat of the webui: `internal` should be a list of rows")
    for number, row in enumerate(rows):
        if not isinstance(row, list) or len(row) < 2 or not all(isinstance(text, str | None) for text in row[:2]):
            raise ImportRefused(f"row {number} of `internal` is no pair of texts")
    return history


def _where(path: Path, whose: Attribution) -> tuple[str, str]:
    """Return the folder below the logs, and who answered. Raises ImportRefused when neither path nor person says."""
    persistent = _PERSISTENT.fullmatch(path.stem)
    if path.parent.name == "instruct":
        return "instruct", whose.companion or INSTRUCT
    named = path.parent.name if path.parent.parent.name == "chat" else (persistent[1] or persistent[2] if persistent else "")
    if not (named or whose.companion):
        raise ImportRefused(
            "nothing says who answered, since it does not lie in logs/instruct or logs/chat/CHARACTER. Name the companion with --companion"
        )
    return f"chat/{named or whose.companion}", whose.companion or named


def _text(row: Sequence[Any], index: int) -> str:
    value = row[index] if len(row) > index else ""
    return value.strip() if isinstance(value, str) else ""


def _role(row: Sequence[Any]) -> str:
    about = row[3] if len(row) > 3 else None
    return str(about.get("role") or "") if isinstance(about, Mapping) else ""


def _field(metadata: Mapping[str, Any], key: str, name: str) -> Any:
    found = metadata.get(key)
    return found.get(name) if isinstance(found, Mapping) else None
