"""What is too long for a sample: sessions are cut at the longest silence, single turns between sentences."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from ..turns import Turn
from .sessions import Turns, silence

_PIECES = (
    re.compile(r".*?(?:[.!?…。！？]+[\"'»”’)\]]*\s+|\n\s*|\Z)", re.DOTALL),
    re.compile(r"\S*\s+|\S+\Z"),
)
"""Sentences and lines, then words; each with the space behind it, so that nothing is lost."""
Measure = Callable[[Turn], int]
"""Returns how many tokens a turn takes in a sample, at most."""


def cut(turns: Turns, costs: Sequence[int], room: int, least: int = 1) -> list[Turns]:
    """Return a session cut until no part takes more than `room` tokens, or is a single turn.

    Each cut is at the longest silence that leaves `least` turns on both sides, at any where none does; of equal ones at the most central.
    """
    total = [0, *accumulate(costs)]
    silences: _Silences | None = None
    waiting, done = [(0, len(turns))], []
    while waiting:
        start, end = waiting.pop()
        if total[end] - total[start] <= room or end - start < 2:
            done.append(turns[start:end])
            continue
        low, high = start + least, end - least
        if low > high:
            low, high = start + 1, end - 1
        silences = silences or _Silences(turns)
        at = silences.longest(low, high + 1, (start + end) / 2)
        waiting += [(at, end), (start, at)]
    return done


class _Silences:
    """The silences before each turn of a session, the longest of any stretch of which is found at once (a sparse table)."""

    def __init__(self, turns: Turns) -> None:
        values = [0.0, *(silence(before, after).total_seconds() for before, after in pairwise(turns))]
        self._levels = [values]
        self._places: dict[float, list[int]] = {}
        for place, value in enumerate(values):
            self._places.setdefault(value, []).append(place)
        while (step := 1 << (len(self._levels) - 1)) * 2 <= len(values):
            last = self._levels[-1]
            self._levels.append([max(pair) for pair in zip(last, last[step:], strict=False)])

    def longest(self, low: int, high: int, middle: float) -> int:
        """Return before which of the turns from `low` to `high` (not included) the longest is, of equal ones the nearest to `middle`."""
        level = (high - low).bit_length() - 1
        places = self._places[max(self._levels[level][low], self._levels[level][high - (1 << level)])]
        at = bisect_left(places, middle)
        return min((place for place in places[max(0, at - 1) : at + 1] if low <= place < high), key=lambda place: abs(place - middle))


def filled(parts: Sequence[Turns], costs: Sequence[int], room: int) -> list[Turns]:
    """Return parts that follow each other joined as long as they take no more than `room` tokens."""
    made: list[list[Turn]] = []
    taken = 0
    for part, cost in zip(parts, costs, strict=True):
        if made and taken + cost <= room:
            made[-1] += part
            taken += cost
        else:
            made.append([*part])
            taken = cost
    return [tuple(part) for part in made]


def split(turn: Turn, measure: Measure, room: int) -> list[Turn]:
    """Return a turn as several of the same speaker, none of which takes more than `room` tokens where that can be.

    It is cut between sentences, where one is too long between words, and within a word at last. Their texts in a row are the turn's text.
    """
    if measure(turn) <= room:
        return [turn]
    texts = _fitting(turn.text, lambda text: measure(replace(turn, text=text)) <= room)
    return [replace(turn, text=text) for text in texts]


def _fitting(text: str, fits: Callable[[str], bool], level: int = 0) -> list[str]:
    """Return a text in as few pieces as fit, cut at boundaries of this level, or of the next where one piece does not."""
    if fits(text) or len(text) < 2:
        return [text]
    pieces = _PIECES[level].findall(text) if level < len(_PIECES) else _halves(text)
    pieces = [piece for piece in pieces if piece]
    made: list[str] = []
    start = 0
    while start < len(pieces):
        end = _most(pieces, start, fits)
        if end > start:
            made.append("".join(pieces[start:end]))
            start = end
        else:
            made += _fitting(pieces[start], fits, min(level + 1, len(_PIECES)))
            start += 1
    return made


def _most(pieces: Sequence[str], start: int, fits: Callable[[str], bool]) -> int:
    """Return up to where pieces fit together. It is searched for by doubling: a text of many sentences is not measured for each."""
    low, step = start, 1
    while low < len(pieces):
        if fits("".join(pieces[start : min(low + step, len(pieces))])):
            low = min(low + step, len(pieces))
            step *= 2
        elif step == 1:
            break
        else:
            step //= 2
    return low


def _halves(text: str) -> list[str]:
    return [text[: len(text) // 2], text[len(text) // 2 :]]
