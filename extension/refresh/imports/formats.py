"""Which program a file of chats is from, by how it begins and never by its name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from ...context.readers.charset import charset, is_binary
from ...errors import ImportRefused
from . import discord, exchanges, matrix, messenger, records, tables, telegram, whatsapp
from .export import Export, Item

HEAD = 64 * 1024
"""Bytes that are looked at."""
Read = Callable[[Export], Iterator[Item]]
_READERS: dict[str, Read] = {
    discord.NAME: discord.read,
    tables.DISCORD: tables.read,
    tables.NAME: tables.read,
    messenger.NAME: messenger.read,
    whatsapp.NAME: whatsapp.read,
    telegram.NAME: telegram.read,
    matrix.NAME: matrix.read,
    records.NAME: records.read,
}
FORMATS = (*_READERS, *exchanges.NAMES)
"""The names of all formats."""
_TELEGRAM = re.compile(
    r'"type"\s*:\s*"(?:personal_chat|bot_chat|saved_messages|(?:private|public)_(?:group|supergroup|channel)|verification_codes|replies)"'
    r'|"personal_information"\s*:|"chats"\s*:\s*\{\s*"about"\s*:'
)
_JSON: tuple[tuple[str, Callable[[str], bool]], ...] = (
    (discord.NAME, lambda head: '"guild"' in head[:200] and '"channel"' in head and ('"messages"' in head or '"exportedAt"' in head)),
    (matrix.NAME, lambda head: '"room_name"' in head or ('"m.room.' in head and '"event_id"' in head)),
    (
        messenger.NAME,
        lambda head: '"participants"' in head and any(f'"{key}"' in head for key in ("messages", "sender_name", "threadName")),
    ),
    (telegram.NAME, lambda head: _TELEGRAM.search(head) is not None),
)
_COMPANIONS = {
    "sillytavern": (b'"mes"', b'"chat_metadata"', b'"user_name"'),
    "webui": (b'"internal"', b'"data_visible"'),
}
"""Keys of which a file must have one, where its beginning says little: `{"name":` may begin anything."""
_FIRST = re.compile(r"\s*\{|\s*\[\s*\{")


def detected(head: bytes) -> str:
    """Return the format of a file that begins so, '' for none of ours. Chats with companions are told by `exchanges`."""
    if not head.strip() or is_binary(head):
        return ""
    text = head.decode(charset(head, whole=len(head) < HEAD), "replace").lstrip("\ufeff")
    if _FIRST.match(text):
        return next((name for name, sign in _JSON if sign(text)), "") or (records.NAME if _is_records(text) else "")
    if whatsapp.is_chat(text):
        return whatsapp.NAME
    columns = tables.head(text)
    return "" if columns is None else tables.DISCORD if columns.discord else tables.NAME


def format_of(path: Path) -> str:
    """Return the format of a file, '' for none that is read. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    return _companions(path, head) or detected(head)


def may_be_chat(head: bytes, name: str) -> bool:
    """Whether a file of a zip that begins so is worth unpacking."""
    return bool(detected(head)) or (head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") and name.lower().endswith((".json", ".jsonl")))


def read(export: Export, form: str) -> Iterator[Item]:
    """Yield what a file of a format holds. Raises ImportRefused for one that is malformed, OSError."""
    if form in exchanges.NAMES:
        return exchanges.read(export, form)
    if form not in _READERS:
        raise ImportRefused(f"there is no format {form!r}. There are {', '.join(FORMATS)}")
    return _READERS[form](export)


def _companions(path: Path, head: bytes) -> str:
    """Return whose chats with companions a file holds. Beginnings that another format has, too, are that one's."""
    found = exchanges.form_of(Export(path, path.name)) if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else ""
    if not found or detected(head) not in ("", records.NAME):
        return ""
    return found if found not in _COMPANIONS or any(key in head for key in _COMPANIONS[found]) else ""


def _is_records(text: str) -> bool:
    """Whether the first object of a text, as far as it is there, is a message or a conversation."""
    start = text.index("{")
    with suppress(ValueError, RecursionError):
        return records.is_record(json.JSONDecoder().raw_decode(text, start)[0])
    return re.match(r'\{[^{}\[\]]{0,2000}"(?:messages|conversations)"\s*:\s*\[', text[start:]) is not None
