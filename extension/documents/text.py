"""What a document holds, before it is one: a title, who wrote it and when, and its parts as Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Part:
    """Some Markdown, and the line above it that says whose it is; empty for none."""

    markdown: str
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """All of one document."""

    title: str
    author: str
    when: datetime
    parts: tuple[Part, ...]


def legible(text: str) -> str:
    """Return text that XML can hold: what it forbids (control characters, lone surrogates) becomes U+FFFD."""
    return _NOT_XML.sub(REPLACEMENT, text.replace("\r\n", "\n").replace("\r", "\n"))
