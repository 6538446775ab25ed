"""The rules by which single messages are left out, each with a name that reports count it by."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..recipe.data import Cleaning
from .attachments import without_links

_CORRECTION = re.compile(r"\*{1,2}[^*\s][^*\n]{0,60}|[^*\n]{0,60}[^*\s]\*{1,2}")
_MOST_WORDS = 4
"""Of a correction; a longer message with a star in front says something."""
_DOTS = re.compile(r"[.…]+")
_ONE_CHARACTER = re.compile(r"(\S)(?:\s*\1){7,}")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A message after cleaning: its text, or for one that is left out why."""

    text: str
    dropped: str = ""


def cleaned(text: str, attachments: tuple[str, ...], rules: Cleaning) -> Cleaned:
    """Return what is left of a message by the rules of a recipe."""
    if rules.attachment_links:
        text = "\n".join(filter(None, (text, *attachments)))
    elif attachments or "http" in text:
        before, text = text, without_links(text, attachments)
        if not text:
            return Cleaned("", "attachment" if before or attachments else "empty")
    for reason, applies in _RULES:
        if applies(text, rules):
            return Cleaned("", reason)
    return Cleaned(text)


def _is_command(text: str, rules: Cleaning) -> bool:
    return any(_starts(text, prefix) for prefix in rules.prefixes if prefix)


def _starts(text: str, prefix: str) -> bool:
    """Whether a text is a command: `!play`, but neither `!!!` nor `/ 2`."""
    if not text.startswith(prefix):
        return False
    following = text[len(prefix) : len(prefix) + 1]
    return prefix[-1].isalnum() or prefix[-1].isspace() or following.isalnum()


def _is_correction(text: str, rules: Cleaning) -> bool:
    if rules.corrections:
        return False
    return bool(_DOTS.fullmatch(text)) or (len(text.split()) <= _MOST_WORDS and bool(_CORRECTION.fullmatch(text)))


_RULES: tuple[tuple[str, Callable[[str, Cleaning], bool]], ...] = (
    ("empty", lambda text, rules: not text),
    ("command", _is_command),
    ("correction", _is_correction),
    ("spam", lambda text, rules: not rules.spam and bool(_ONE_CHARACTER.fullmatch(text))),
    ("too long", lambda text, rules: 0 < rules.longest < len(text)),
    ("too many lines", lambda text, rules: 0 < rules.most_lines <= text.count("\n")),
    ("too short", lambda text, rules: len(text) < rules.shortest),
)
