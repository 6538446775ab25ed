"""Why it answered so: the newest briefing of each chat, for the panel to show."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from ..messages import Briefing, Turn

MOST = 500
"""Chats whose newest briefing is kept."""


@dataclass(frozen=True, slots=True)
class Why:
    """What was recalled for one turn."""

    when: datetime
    """When the question was asked."""
    briefing: Briefing


class Whys:
    """The newest briefing of each person and chat, in memory. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Why] = OrderedDict()
        self._lock = Lock()

    def keep(self, turn: Turn, briefing: Briefing) -> None:
        """Keep what was recalled for a turn."""
        key = (turn.person.id, turn.place.id)
        with self._lock:
            self._kept[key] = Why(turn.when, briefing)
            self._kept.move_to_end(key)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def last(self, person: str, place: str | None = None) -> Why | None:
        """Return the newest one of a person in a place (by their ids), or in any place."""
        with self._lock:
            if place is not None:
                return self._kept.get((person, place))
            return next((why for (who, _), why in reversed(self._kept.items()) if who == person), None)
