"""Lurking: how likely it is that the companion would be the next to speak, as the model itself finds by the name tags of who talks."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from ..messages import Exchange
from ..ports import Host, Scoring
from ..prompt import quoted
from .heard import Heard

LONGEST_NAME = 60
LONGEST_LINE = 500
"""Characters of a message that are looked at."""


def likelihood(host: Host, rows: Sequence[Exchange], heard: Heard, companion: str) -> float | None:
    """Return how likely a companion speaks next, among all who talk, from 0 to 1; None where the host cannot tell. Raises HostError.

    The model sees the talk as lines that begin with names; what is compared is how likely each name is to begin the next line.
    """
    if not isinstance(host, Scoring):
        return None
    lines = [line for each in rows for line in ((each.person.shown, each.said), (each.companion, each.reply)) if line[1]]
    lines.append((heard.person.shown, heard.text))
    names = list(dict.fromkeys([companion, *(quoted(name, LONGEST_NAME) for name, _ in lines)]))
    text = "".join(f"{quoted(name, LONGEST_NAME)}: {quoted(said, LONGEST_LINE)}\n" for name, said in lines)
    found = host.scores(text, [f"{name}:" for name in names])
    most = max(found)
    weights = [exp(each - most) for each in found]
    return weights[0] / sum(weights)
