"""Messages of one author in a row, made into one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from .turns import Turn


def merged(turns: Iterable[Turn], minutes: float) -> Iterator[Turn]:
    """Yield the turns of a chat, those of one speaker joined that follow each other within so many minutes; 0 joins none.

    The time that counts is the one since the message before, and where a message has no time, none has passed.
    """
    held: Turn | None = None
    last: datetime | None = None
    for turn in turns:
        if held is not None and minutes > 0 and held.speaker.id == turn.speaker.id and _soon(last, turn.at, minutes):
            held = replace(held, text=f"{held.text}\n{turn.text}", lines=held.lines + turn.lines)
        else:
            if held is not None:
                yield held
            held = turn
        last = turn.at
    if held is not None:
        yield held


def _soon(before: datetime | None, after: datetime | None, minutes: float) -> bool:
    return before is None or after is None or after - before < timedelta(minutes=minutes)
