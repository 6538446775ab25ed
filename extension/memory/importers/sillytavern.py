"""SillyTavern's chats: JSON Lines, in front a header, then a message on each line; older group chats have no header.

One message of the person and what a character says until the next one are a turn. Where several characters answer, in a
group, each has its own turn with the same question. Of swipes the one that is shown counts. Greetings, which nobody
asked for, the program's own notes and narrators are left out; messages that are merely hidden from the model are not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from ...errors import ImportRefused
from ...messages import Place
from ..reconcile import ChatRow
from ..transfer import LONGEST_LINE
from .conversation import Attribution, Conversation, spread
from .dates import modified, moment

_OWN = {"SillyTavern System", "System Note"}
"""Names of messages that are the program's own."""
_NOTES = {
    "help", "welcome", "empty", "generic", "narrator", "comment", "slash_commands", "formatting", "hotkeys", "macros",
    "welcome_prompt", "assistant_note", "group_generating",
}  # fmt: skip
_HEADER = {"chat_metadata", "user_name", "character_name", "create_date"}
_UNUSED = "unused"
"""What newer headers have in the place of the names."""


@dataclass(slots=True)
class _Turn:
    """What the person said, and what each character answered, by name."""

    said: str
    when: datetime
    replies: dict[str, ChatRow] = field(default_factory=dict)


def read(path: Path, whose: Attribution) -> Iterator[Conversation]:
    """Yield the chat of a file. Raises ImportRefused, naming the line, and OSError."""
    with path.open("rb") as file:
        messages = list(_lines(file))
    header: Mapping[str, Any] = {}
    if not messages or "mes" not in messages[0][1]:
        header = messages.pop(0)[1] if messages else {}
        if not _HEADER & set(header):
            raise ImportRefused("line 1 is neither the header nor a message of a chat of SillyTavern")
    spoken = [_checked(number, message) for number, message in messages]
    named = _name(header.get("character_name")) or next((_name(each.get("name")) for each in spoken if not each["is_user"]), "")
    companion = named or path.absolute().parent.name
    speaker = _name(header.get("user_name")) or next((_name(each.get("name")) for each in spoken if each["is_user"]), "")
    start = moment(header.get("create_date")) or moment(path.stem[-40:]) or modified(path)
    rows = [row for turn in _turns(spoken, companion, start) for row in _rows(turn, companion)]
    if whose.companion:
        rows = [replace(row, companion=whose.companion) for row in rows]
    yield Conversation(Place(f"sillytavern:{companion}/{path.stem}", title=path.stem), tuple(spread(rows)), speaker)


def _lines(file: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    while text := file.readline(LONGEST_LINE):
        number += 1
        if len(text) == LONGEST_LINE and not text.endswith(b"\n"):
            raise ImportRefused(f"line {number} is longer than {LONGEST_LINE // 1024**2} MB")
        if text.strip():
            yield number, _object(number, text)


def _object(number: int, text: bytes) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        found = json.loads(text.decode("utf-8-sig"))
        if isinstance(found, dict):
            return found
    raise ImportRefused(f"line {number} is no JSON object. Mend or remove the line, then import again")


def _checked(number: int, message: dict[str, Any]) -> dict[str, Any]:
    """Return a message with the text that is shown of it and the kind of who speaks."""
    text, swipes, chosen = message.get("mes"), message.get("swipes"), message.get("swipe_id")
    if text is None and isinstance(swipes, list) and isinstance(chosen, int) and 0 <= chosen < len(swipes):
        text = swipes[chosen]
    if not isinstance(text, str):
        raise ImportRefused(f"line {number} has no text in `mes`. Mend or remove the line, then import again")
    extra = message.get("extra")
    return message | {"mes": text.strip(), "is_user": message.get("is_user") is True, "extra": extra if isinstance(extra, dict) else {}}


def _turns(spoken: list[dict[str, Any]], companion: str, start: datetime) -> Iterator[_Turn]:
    turn: _Turn | None = None
    when = start
    for message in spoken:
        when = moment(message.get("send_date")) or when
        if not message["mes"] or _name(message.get("name")) in _OWN or _name(message["extra"].get("type")) in _NOTES:
            continue
        if message["is_user"]:
            if turn is not None:
                yield turn
            turn = _Turn(message["mes"], when)
        elif turn is not None:
            _answer(turn, _name(message.get("name")) or companion, message)
    if turn is not None:
        yield turn


def _answer(turn: _Turn, name: str, message: dict[str, Any]) -> None:
    extra = message["extra"]
    reasoning, model = (extra[key] if isinstance(extra.get(key), str) else "" for key in ("reasoning", "model"))
    before = turn.replies.get(name)
    if before is None:
        turn.replies[name] = ChatRow(0, turn.said, message["mes"], turn.when, reasoning.strip(), model, name)
    else:
        both = "\n\n".join(filter(None, (before.reasoning, reasoning.strip())))
        turn.replies[name] = replace(before, reply=f"{before.reply}\n\n{message['mes']}", reasoning=both, model=model or before.model)


def _rows(turn: _Turn, companion: str) -> list[ChatRow]:
    return list(turn.replies.values()) or [ChatRow(0, turn.said, "", turn.when, companion=companion)]


def _name(value: Any) -> str:
    return value.strip() if isinstance(value, str) and value.strip() not in ("", _UNUSED) else ""
