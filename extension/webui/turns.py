"""Turns under way: what the prompt hook learned about a turn, kept for the output hook that ends it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from ..messages import Briefing, Turn

MOST = 256
"""Turns that are kept at once; one whose output hook never comes (a dropped connection) is pushed out."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A turn whose reply is being generated."""

    turn: Turn
    briefing: Briefing


class Turns:
    """Pending turns by the mark their state carries, and the newest of each place for hooks that see no mark."""

    def __init__(self) -> None:
        self._by_mark: OrderedDict[str, Pending] = OrderedDict()
        self._by_place: OrderedDict[str, Pending] = OrderedDict()
        self._lock = Lock()

    def begin(self, mark: str, pending: Pending) -> None:
        """Keep a turn until its output comes."""
        with self._lock:
            for held, key in ((self._by_mark, mark), (self._by_place, pending.turn.place.id)):
                held[key] = pending
                held.move_to_end(key)
                while len(held) > MOST:
                    held.popitem(last=False)

    def of_place(self, place_id: str) -> Pending | None:
        """Return the newest turn of a place."""
        with self._lock:
            return self._by_place.get(place_id)

    def end(self, mark: str) -> Pending | None:
        """Return the turn of a mark and let go of the mark; the place keeps its newest turn for a second look."""
        with self._lock:
            return self._by_mark.pop(mark, None)
