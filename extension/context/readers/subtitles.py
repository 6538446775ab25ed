"""Subtitles (SubRip and WebVTT): what is said, with the time it is said at."""

from __future__ import annotations

from collections.abc import Iterator

import pysubs2

from ...errors import UnreadableDocument
from ..blocks import Block, Found, Source
from .charset import text


def read(source: Source) -> Iterator[Found]:
    """Yield a block for each subtitle: `[0:01:07] Hello.` Raises UnreadableDocument."""
    if source.size > source.limits.whole:
        raise UnreadableDocument(f"The subtitles are longer than {source.limits.whole // 1_000_000} MB. Cut them into parts.")
    with text(source) as opened:
        written = opened.read().removeprefix("\ufeff")
    found = pysubs2.SSAFile.from_string(written, format_="vtt" if written.startswith("WEBVTT") else "srt")
    for event in found:
        if words := " ".join(event.plaintext.split()):
            yield Block(f"[{_clock(event.start)}] {words}", "table")


def _clock(milliseconds: int) -> str:
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
