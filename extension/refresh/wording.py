"""How a message reads to the model: mentions, emoji and links in one form, the same in training and when the model answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

NOBODY: Mapping[str, str] = MappingProxyType({})
_NAMED = re.compile(r"<(?:(?P<kind>@[!&]?|#)(?P<id>\d{1,25})|a?(?P<emoji>:\w{1,64}:)\d{1,25})>")
_PILL = re.compile(r"\[@?([^\]\n]{1,200})\]\(https://matrix\.to/#/(?:@|%40)[^)\s]{1,400}\)")
_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_BREAKS = re.compile(r"\r\n?|\u2028|\u2029")
_MANY = re.compile(r"\n{3,}")
VIDEO = re.compile(
    r"<?https?://(?:(?:www\.|m\.|music\.)?youtube\.com/(?:watch\?(?:[^\s<>#]{0,200}?&)?v=|shorts/|live/|embed/)|youtu\.be/)"
    r"([\w-]{11})(?![\w-])[^\s<>]{0,400}>?"
)
"""A link to a video on YouTube; its group is the id of the video."""


def worded(text: str, names: Mapping[str, str] = NOBODY, titles: Mapping[str, str] = NOBODY) -> str:
    """Return a message as the model sees it.

    `names` are those of people by their platform's ids, for `<@123>`, which becomes `@Ann`; whom it does not name is `@somebody`. A custom
    emoji becomes `:name:`, a link to a video whose title is among `titles` (by the ids of videos) `<youtube TITLE>`. Emoji of Unicode
    stay as they are.
    """
    text = _BREAKS.sub("\n", _MARKS.sub("", text))
    text = _PILL.sub(r"@\1", shown(text, names)) if "<" in text or "](" in text else text
    if titles and "youtu" in text:
        text = VIDEO.sub(lambda found: _video(titles.get(found[1], "")) or found[0], text)
    return _MANY.sub("\n\n", text).strip()


def shown(text: str, names: Mapping[str, str] = NOBODY, roles: Mapping[str, str] = NOBODY, channels: Mapping[str, str] = NOBODY) -> str:
    """Return a message of Discord with names in place of the ids in it; nothing else is changed."""

    def name(found: re.Match[str]) -> str:
        kind, number = found["kind"], found["id"]
        if kind is None:
            return found["emoji"]
        if kind == "#":
            return f"#{channels.get(number, 'channel')}"
        return f"@{roles.get(number, 'role') if kind == '@&' else names.get(number, 'somebody')}"

    return _NAMED.sub(name, text)


def _video(title: str) -> str:
    plain = " ".join(title.replace("<", "(").replace(">", ")").split())
    return f"<youtube {plain}>" if plain else ""
