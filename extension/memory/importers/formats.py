"""Which format a file has, and the files of a folder that hold chats."""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path

from ...errors import ImportRefused
from . import chatgpt, sillytavern, webui
from .conversation import Attribution, Conversation

Read = Callable[[Path, Attribution], Iterator[Conversation | ImportRefused]]


class Format(StrEnum):
    """Whose chats a file holds."""

    SILLYTAVERN = "sillytavern"
    WEBUI = "webui"
    CHATGPT = "chatgpt"


READERS: dict[Format, Read] = {
    Format.SILLYTAVERN: sillytavern.read,
    Format.WEBUI: webui.read,
    Format.CHATGPT: chatgpt.read,
}
_HEAD = 64 * 1024
_SIGNS = (
    (Format.CHATGPT, re.compile(rb"\s*[\[{](?=.*\"mapping\"\s*:)", re.DOTALL)),
    (Format.SILLYTAVERN, re.compile(rb"\s*\{\s*\"(?:user_name|character_name|create_date|chat_metadata|name|is_user|mes)\"\s*:")),
    (Format.WEBUI, re.compile(rb"\s*\{\s*\"(?:internal|visible|data|data_visible)\"\s*:")),
)
_BOM = b"\xef\xbb\xbf"


def recognised(path: Path) -> Format | None:
    """Return whose chats a file holds, by how it begins; None for any other file. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(_HEAD).removeprefix(_BOM)
    if head.startswith(b"PK") and zipfile.is_zipfile(path):
        return Format.CHATGPT
    return next((form for form, sign in _SIGNS if sign.match(head)), None)


def chats_in(folder: Path) -> Iterator[tuple[Path, Format]]:
    """Yield the files of a folder, and of those in it, that hold chats or are broken, with the format to read them in.

    JSON that is in order and holds something else is left out, and links are not followed. Raises OSError.
    """
    for here, folders, names in os.walk(folder):
        folders.sort()
        for path in (Path(here, name) for name in sorted(names) if name.lower().endswith((".json", ".jsonl"))):
            form = None if path.is_symlink() else recognised(path)
            if form is not None:
                yield path, form
            elif path.suffix.lower() == ".jsonl" and not path.is_symlink():
                yield path, Format.SILLYTAVERN
            elif not path.is_symlink() and not _is_json(path):
                yield path, Format.WEBUI


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return True
