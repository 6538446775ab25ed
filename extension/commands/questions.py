"""Questions whether a sentence was meant as a command, where there are no buttons: `--yes` answers, and saying it again says it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from ..permissions.authorizer import Asker

if TYPE_CHECKING:
    from .running import Given

KEPT = 600.0
"""Seconds in which a question can be answered."""
MOST = 1000
YES = frozenset({"--yes", "—yes", "–yes", "/yes"})


class Questions:
    """The last question put to each person in each place. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._asked: OrderedDict[tuple[str, str], tuple[float, str, Given]] = OrderedDict()
        self._clock = clock
        self._lock = Lock()

    def put(self, asker: Asker, said: str, question: Given) -> None:
        """Keep what is to be done when the person says yes."""
        with self._lock:
            self._asked[_key(asker)] = (self._clock(), said.strip(), question)
            self._asked.move_to_end(_key(asker))
            while len(self._asked) > MOST:
                self._asked.popitem(last=False)

    def answered(self, asker: Asker, said: str) -> Given | None:
        """Return what is to be done now that a person says something; None where it is no yes, or there is no question."""
        if said.strip().lower() not in YES:
            return None
        found = self._taken(asker)
        return found[2] if found else None

    def insisted(self, asker: Asker, said: str) -> bool:
        """Return whether a person says again what they were asked about: then it was just words."""
        with self._lock:
            held = self._asked.get(_key(asker))
        if held is None or held[1] != said.strip():
            return False
        return self._taken(asker) is not None

    def _taken(self, asker: Asker) -> tuple[float, str, Given] | None:
        with self._lock:
            found = self._asked.pop(_key(asker), None)
        return found if found and self._clock() - found[0] <= KEPT else None


def _key(asker: Asker) -> tuple[str, str]:
    return asker.person.id, asker.place.id
