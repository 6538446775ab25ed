"""How many messages a server lets one account send: a leaky bucket, as Synapse has it, whose size is learned from its answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

BURST, RATE = 10.0, 0.2
"""What Synapse allows where nobody changed it (`rc_message`): ten messages at once, and one more every five seconds."""
RESERVE = 2.0
"""Messages that passing edits leave over: the final text of a reply, and one answer in another room."""
BEYOND = 3.0
"""Messages that a server takes beyond what was thought possible, until it is thought to allow more."""
FASTEST = 50.0
"""Messages a second that are never exceeded in what is thought possible."""


@dataclass
class Allowance:
    """What may be sent without being asked for patience, as far as is known. Safe to use from several threads."""

    clock: Callable[[], float] = monotonic
    _burst: float = BURST
    _rate: float = RATE
    _left: float = BURST
    _at: float = field(default=0.0)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._at = self.clock()

    def patience(self) -> float:
        """Return the seconds until a message can be sent that leaves the reserve untouched; 0 for now."""
        with self._lock:
            return max(0.0, (RESERVE + 1 - self._refill()) / self._rate)

    def sent(self) -> None:
        """Count a message that the server took. It takes more than was thought: then it allows more."""
        with self._lock:
            self._left = self._refill() - 1
            if self._left <= -BEYOND:
                self._burst, self._rate = self._burst * 2, min(self._rate * 4, FASTEST)
                self._left = self._burst

    def refused(self) -> None:
        """Take notice that the server asked for patience: nothing is left, and no more than usual is allowed."""
        with self._lock:
            self._burst, self._rate, self._left, self._at = BURST, RATE, 0.0, self.clock()

    def _refill(self) -> float:
        now = self.clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        return self._left
