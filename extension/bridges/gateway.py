"""A connection to a platform as one account: what an adapter is to the program that runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from .heard import Handle


@dataclass(frozen=True, slots=True)
class Vital:
    """How a connection is."""

    connected: bool
    account: str = ""
    """As whom, as people see it; '' before the first login."""
    heartbeat: float | None = None
    """Seconds since the platform last answered a sign of life, None before the first."""
    heard: datetime | None = None
    """When the last message came in."""
    waits: int = 0
    """How often the platform asked for patience."""
    waited: float = 0.0
    """Seconds that this cost."""
    reconnects: int = 0
    trouble: str = ""
    """What a person has to mend, a sentence; '' for nothing."""


class Gateway(Protocol):
    """An account on a platform. It hears in threads and loops of its own and hands everything to a Room."""

    name: str
    """Of the platform, in lower case: the first part of the ids of its people and places."""

    def open(self) -> None:
        """Log in, and return once it hears. Raises BridgeUnreachable where trying again may help, and BridgeError with what to do where it
        will not, such as for a token that is not good. What was opened in vain needs no `close`.
        """

    def close(self) -> None:
        """Log out, and return once nothing is heard any more."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has ended; return whether it has. Then `vital().trouble` says what a person has to mend before it can go on, or
        nothing where opening another one may help.
        """

    def vital(self) -> Vital:
        """Return how it is, at once."""

    def handle(self, place_id: str) -> Handle | None:
        """Return how a place is answered, None where we are not (any more)."""

    def places(self, since: datetime, known: Sequence[str]) -> Sequence[str]:
        """Return the places where something may have been said since then that was not heard; `known` are those the diary knows."""
