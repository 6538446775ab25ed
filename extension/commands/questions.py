"""Questions whether something is to be done: buttons answer, and `--yes` where there are none; saying it again was just words."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from ..errors import NotFound
from ..permissions.authorizer import Asker

if TYPE_CHECKING:
    from .running import Given

KEPT = 600.0
"""Seconds in which a question can be answered."""
MOST = 1000
YES = frozenset({"--yes", "—yes", "–yes", "/yes"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that waits for a yes."""

    key: tuple[str, str]
    """Who was asked, and where."""
    when: float
    said: str
    question: Given


class Questions:
    """What people were asked: by the token of the buttons, or the last one of each in a place. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._asked: OrderedDict[str, Asked] = OrderedDict()
        self._last: dict[tuple[str, str], str] = {}
        self._clock = clock
        self._lock = Lock()

    def put(self, asker: Asker, said: str, question: Given) -> str:
        """Keep what is to be done when the person says yes, and return a token for buttons."""
        token, key = token_hex(8), _key(asker)
        with self._lock:
            self._asked[token] = Asked(key, self._clock(), said.strip(), question)
            self._last[key] = token
            while len(self._asked) > MOST:
                self._drop(next(iter(self._asked)))
        return token

    def pressed(self, asker: Asker, token: str) -> Given | None:
        """Return what a button is about, and let go of it; None where somebody else was asked. Raises NotFound for what is long ago."""
        with self._lock:
            found = self._asked.get(token)
            if found is not None and found.key != _key(asker):
                return None
            found = self._drop(token)
        if found is None:
            raise NotFound("That was asked too long ago. Say it again.")
        return found.question

    def answered(self, asker: Asker, said: str) -> Given | None:
        """Return what is to be done now that a person says something; None where it is no yes, or there is no question."""
        if said.strip().lower() not in YES:
            return None
        with self._lock:
            found = self._drop(self._last.get(_key(asker), ""))
        return found.question if found else None

    def insisted(self, asker: Asker, said: str) -> bool:
        """Return whether a person says again what they were asked about: then it was just words."""
        with self._lock:
            token = self._last.get(_key(asker), "")
            held = self._asked.get(token)
            if held is None or held.said != said.strip():
                return False
            return self._drop(token) is not None

    def _drop(self, token: str) -> Asked | None:
        """Let go of a question, and return it if it can still be answered."""
        found = self._asked.pop(token, None)
        if found is None:
            return None
        if self._last.get(found.key) == token:
            del self._last[found.key]
        return found if self._clock() - found.when <= KEPT else None


def _key(asker: Asker) -> tuple[str, str]:
    return asker.person.id, asker.place.id
