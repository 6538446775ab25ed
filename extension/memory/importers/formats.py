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
    (Format.SILLYTAVERN, re.compile(rb"\s*\{\s*\"(?:user_name|character_name|create_date|chat_metadata|name|is_user|mes)\"\s*:")),
    (Format.WEBUI, re.compile(rb"\s*\{\s*\"(?:internal|visible|data|data_visible)\"\s*:")),
    (Format.CHATGPT, re.compile(rb"\s*[\[{](?=.*\"mapping\"\s*:)", re.DOTALL)),
)
_BOM = b"\xef\xbb\xbf"


def recognised(path: Path) -> Format | None:
    """Return whose chats a file holds, by how it begins; None for any other file. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(_HEAD).removeprefix(_BOM)
    if head.startswith(b"PK") and zipfile.is_zipfile(path):
        return Format.CHATGPT
    return next((form for form, sign in _SIGNS if sign.match(head)), None)


def chats_in(folder: Path) -> Iterator[tuple[Path, Format | None]]:
    """Yield the files of a folder, and of those in it, that hold chats, with their format, or None for a broken one.

    JSON that is in order and holds something else is left out, and links are not followed. Raises OSError.
    """
    for here, folders, names in os.walk(folder):
        folders.sort()
        for path in (Path(here, name) for name in sorted(names) if name.lower().endswith((".json", ".jsonl"))):
            if not path.is_symlink():
                form = recognised(path)
                if form is not None or _is_broken(path):
                    yield path, form


def guessed(path: Path) -> Format:
    """Return the format a broken file was probably in, so that what is wrong with it can be said."""
    return Format.SILLYTAVERN if path.suffix.lower() == ".jsonl" else Format.WEBUI


def _is_broken(path: Path) -> bool:
    """Whether a file is neither JSON nor too large for the JSON of a chat that is not recognised by its beginning."""
    if path.suffix.lower() == ".jsonl":
        return True
    try:
        if path.stat().st_size <= webui.LARGEST:
            json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return True
    return False
