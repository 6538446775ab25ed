"""Lurking: how likely it is that the companion would be the next to speak, as the model itself finds by the name tags of who talks."""

from __future__ import annotations

from collections.abc import Sequence

from ..commands.speakers import lines_of, speakers
from ..messages import Exchange
from ..ports import Host
from .heard import Heard


def likelihood(host: Host, rows: Sequence[Exchange], heard: Heard, companion: str) -> float | None:
    """Return how likely a companion speaks next, among all who talk, from 0 to 1; None where the host cannot tell. Raises HostError."""
    found = speakers(host, [*lines_of(rows), (heard.person.shown, heard.text)], companion)
    return None if found is None else next(iter(found.values()))
