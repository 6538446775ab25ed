"""Who would speak next: how likely the model finds each of those who talk, by their name tags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp

from ..messages import Exchange
from ..ports import Host, Scoring
from ..prompt import quoted

LONGEST_NAME = 60
LONGEST_LINE = 500
"""Characters of a message that are looked at."""


def lines_of(rows: Iterable[Exchange]) -> list[tuple[str, str]]:
    """Return what was said as lines of a name and words, without empty ones."""
    both = (line for each in rows for line in ((each.person.shown, each.said), (each.companion, each.reply)))
    return [line for line in both if line[1].strip()]


def speakers(host: Host, lines: Sequence[tuple[str, str]], companion: str) -> dict[str, float] | None:
    """Return how likely each of those who talk speaks next, from 0 to 1, the companion first; None where the host cannot tell.

    The model sees the talk as lines that begin with names; what is compared is how likely each name is to begin the next line.
    Raises HostError.
    """
    if not isinstance(host, Scoring):
        return None
    names = list(dict.fromkeys([companion, *(quoted(name, LONGEST_NAME) for name, _ in lines)]))
    text = "".join(f"{quoted(name, LONGEST_NAME)}: {quoted(said, LONGEST_LINE)}\n" for name, said in lines)
    found = host.scores(text, [f"{name}:" for name in names])
    weights = [exp(each - max(found)) for each in found]
    return {name: weight / sum(weights) for name, weight in zip(names, weights, strict=True)}
