"""ChatGPT's export: an array of conversations, as `conversations.json`, in several numbered files, or in the zip they come in.

A conversation is a tree of messages, of which the branch that was shown last counts. One message of the person and the
answers to it are a turn; tools, system messages and hidden ones are left out, and thoughts are the reasoning.
"""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from ...errors import ImportRefused
from ...messages import Place, digest
from ..reconcile import ChatRow
from .conversation import Attribution, Conversation, spread
from .dates import modified, moment
from .elements import elements

COMPANION = "ChatGPT"
LARGEST = 8 * 1024**3
"""Bytes of one file in a zip once it is unpacked."""
_MEMBER = re.compile(r"(?:^|/)conversations(?:-\d+)?\.json$")
_ENCRYPTED = 1
_TEXT = ("text", "multimodal_text")


def read(path: Path, whose: Attribution) -> Iterator[Conversation | ImportRefused]:
    """Yield the conversations of a file or zip, and for one that makes no sense what is wrong with it.

    Raises ImportRefused when the file is broken, and OSError.
    """
    for name, open_ in _files(path):
        with open_ as file:
            try:
                for number, found in enumerate(elements(file), start=1):
                    try:
                        yield _conversation(found, whose, modified(path))
                    except ImportRefused as exc:
                        yield ImportRefused(f"{name}conversation {number}: {exc}")
            except ImportRefused as exc:
                raise ImportRefused(f"{name}{exc}") from None


def _files(path: Path) -> Iterator[tuple[str, Any]]:
    if not zipfile.is_zipfile(path):
        yield "", path.open("rb")
        return
    with _unpacked(), zipfile.ZipFile(path) as archive:
        members = [each for each in archive.infolist() if _MEMBER.search(each.filename) and not each.filename.startswith("__MACOSX")]
        if not members:
            raise ImportRefused("there is no conversations.json in this zip. ChatGPT's export has one")
        for each in sorted(members, key=lambda member: member.filename):
            if each.flag_bits & _ENCRYPTED:
                raise ImportRefused("the zip is encrypted. Unpack it and import conversations.json")
            if each.file_size > LARGEST:
                raise ImportRefused(f"its conversations.json is larger than {LARGEST // 1024**3} GB. Unpack it and import the file")
            yield f"{Path(each.filename).name}: ", _member(archive, each)


@contextmanager
def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[BinaryIO]:
    with _unpacked(), archive.open(member) as file:
        yield file  # type: ignore[misc]


@contextmanager
def _unpacked() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError) as exc:
        raise ImportRefused(f"the zip is damaged ({type(exc).__name__}). Download it again, or unpack it otherwise") from None


@dataclass(slots=True)
class _Turn:
    said: str
    when: datetime | None
    replies: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    model: str = ""


def _conversation(found: Any, whose: Attribution, otherwise: datetime) -> Conversation:
    """Return a conversation. Raises ImportRefused."""
    mapping = found.get("mapping") if isinstance(found, dict) else None
    if not isinstance(mapping, dict):
        raise ImportRefused("it has no `mapping` of messages")
    title = found["title"].strip() if isinstance(found.get("title"), str) else ""
    key = next((found[name] for name in ("conversation_id", "id") if isinstance(found.get(name), str) and found[name]), "")
    start = moment(found.get("create_time")) or otherwise
    companion, rows = whose.companion or COMPANION, []
    for turn in _turns(_branch(mapping, found.get("current_node"))):
        start = turn.when or start
        reply, thoughts = "\n\n".join(turn.replies), "\n\n".join(turn.thoughts)
        rows.append(ChatRow(0, turn.said, reply, start, thoughts, turn.model, companion))
    name = key or digest(title, str(found.get("create_time")))
    return Conversation(Place(f"chatgpt:{name}", title=title), tuple(spread(rows)))


def _branch(mapping: dict[str, Any], current: Any) -> list[dict[str, Any]]:
    """Return the messages from the first one to the one that was shown last."""
    if not isinstance(current, str) or current not in mapping:
        current = _newest(mapping)
    messages: list[dict[str, Any]] = []
    seen: set[str] = set()
    while isinstance(current, str) and current in mapping and current not in seen:
        seen.add(current)
        node = mapping[current]
        if not isinstance(node, dict):
            raise ImportRefused("a node of its `mapping` is no object")
        if isinstance(node.get("message"), dict):
            messages.append(node["message"])
        current = node.get("parent")
    return messages[::-1]


def _newest(mapping: dict[str, Any]) -> str | None:
    """Return the node of the newest message: where an export does not say which branch was shown last."""
    dated = [
        (when, key)
        for key, node in mapping.items()
        if isinstance(node, dict) and isinstance(node.get("message"), dict) and (when := moment(node["message"].get("create_time")))
    ]
    return max(dated)[1] if dated else next(reversed(mapping), None)


def _turns(messages: list[dict[str, Any]]) -> Iterator[_Turn]:
    turn: _Turn | None = None
    for message in messages:
        role, content, about = _object(message, "author").get("role"), _object(message, "content"), _object(message, "metadata")
        if about.get("is_visually_hidden_from_conversation") is True or message.get("recipient", "all") != "all":
            continue
        if role == "user" and (text := _text(content)):
            if turn is not None:
                yield turn
            turn = _Turn(text, moment(message.get("create_time")))
        elif role == "assistant" and turn is not None:
            turn.replies += filter(None, [_text(content)])
            turn.thoughts += _thoughts(content)
            turn.model = about["model_slug"] if isinstance(about.get("model_slug"), str) else turn.model
    if turn is not None:
        yield turn


def _text(content: dict[str, Any]) -> str:
    parts = content.get("parts")
    if content.get("content_type") not in _TEXT or not isinstance(parts, list):
        return ""
    return "\n".join(filter(None, map(_part, parts))).strip()


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    kind = part.get("content_type") if isinstance(part, dict) else None
    if isinstance(part, dict) and isinstance(part.get("text"), str):  # what was spoken, written down
        return str(part["text"])
    return "[picture]" if kind == "image_asset_pointer" else ""


def _thoughts(content: dict[str, Any]) -> list[str]:
    found = content.get("thoughts")
    if content.get("content_type") != "thoughts" or not isinstance(found, list):
        return []
    return [each["content"] for each in found if isinstance(each, dict) and isinstance(each.get("content"), str) and each["content"]]


def _object(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}
