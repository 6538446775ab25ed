"""Sessions: what was said between two silences. No turn is left out, and the order stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from ..turns import Turn

Turns = tuple[Turn, ...]
NO_TIME = timedelta(0)


def silence(before: Turn, after: Turn) -> timedelta:
    """Return the time between the beginnings of two turns; none where a time is missing, or runs backwards."""
    if before.at is None or after.at is None:
        return NO_TIME
    return max(NO_TIME, after.at - before.at)


def sessions(turns: Sequence[Turn], hours: float, least: int = 1) -> list[Turns]:
    """Return the turns of a chat cut where nobody spoke for more than some hours; turns without times are never parted.

    A session of fewer than `least` turns is joined to the neighbour that is nearer in time, to the later of two equally near.
    """
    return joined(_cut(turns, timedelta(hours=min(hours, 1e6))), least)


def joined(parts: Sequence[Turns], least: int) -> list[Turns]:
    """Return parts with those of fewer than `least` turns joined to a neighbour. One pass: every step leaves one part fewer to look at."""
    done: list[list[Turn]] = []
    for number, part in enumerate(parts):
        current = list(part)
        if done and len(done[-1]) < least:  # it was nearer to what follows it
            current = [*done.pop(), *current]
        following = parts[number + 1] if number + 1 < len(parts) else None
        earlier = done and (following is None or silence(done[-1][-1], current[0]) < silence(current[-1], following[0]))
        if len(current) < least and earlier:
            done[-1] += current
        else:
            done.append(current)
    return [tuple(part) for part in done]


def _cut(turns: Sequence[Turn], longest: timedelta) -> list[Turns]:
    starts = [0, *(number for number, (one, other) in enumerate(pairwise(turns), 1) if silence(one, other) > longest)]
    return [tuple(turns[start:end]) for start, end in pairwise([*starts, len(turns)])] if turns else []
