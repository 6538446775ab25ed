"""Titles as file names that every system takes, whatever somebody typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from .text import legible

DEFAULT = "Familiar Text"
"""The title of what nobody gave one; its file is called familiar_text.docx."""
LONGEST = 300
"""Characters of a title."""
_LONGEST_NAME = 180
"""Bytes of a file name in UTF-8, without its ending; most file systems take 255 in all."""
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffd]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\s*\..*)?", re.IGNORECASE)


def title_of(given: str | None) -> str:
    """Return what somebody typed as a title: one line, not too long, never empty."""
    line = " ".join(legible(given or "")[: LONGEST * 4].split())
    return line[:LONGEST].strip() or DEFAULT


def file_name(title: str, ending: str = ".docx") -> str:
    """Return the name of the file of a document with this title."""
    if title == DEFAULT:
        return f"familiar_text{ending}"
    plain = unicodedata.normalize("NFC", legible(title))
    plain = plain[: -len(ending)] if plain.lower().endswith(ending) else plain
    name = _shortened(" ".join(_FORBIDDEN.sub(" ", plain).split()).strip(". "))
    if not name:
        return f"familiar_text{ending}"
    return f"{'_' if _RESERVED.fullmatch(name) else ''}{name}{ending}"


def numbered(name: str) -> Iterator[str]:
    """Yield a file name, and then the same with (2), (3) and so on before its ending."""
    yield name
    stem, dot, ending = name.rpartition(".")
    for number in range(2, 10_000):
        yield f"{stem} ({number}){dot}{ending}"


def _shortened(name: str) -> str:
    return name.encode("utf-8")[:_LONGEST_NAME].decode("utf-8", "ignore").strip(". ")
