"""What the bridges have done since they started: answers, failures, and how fast the model writes. Numbers only."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from threading import Lock
from time import monotonic

from ..errors import FamiliarError
from ..hosts.stoppable import Stoppable
from ..hosts.window import estimate
from ..messages import Generation, Message

LATELY = 20
"""Replies that the speed is reckoned over."""


class Tally:
    """Counts. Safe to use from several threads."""

    def __init__(self) -> None:
        self.answers = self.failures = self.tokens = 0
        self.seconds = 0.0
        """Spent on generating, the model's first thoughts included."""
        self._lately: deque[tuple[int, float]] = deque(maxlen=LATELY)
        self._lock = Lock()

    @property
    def speed(self) -> float:
        """Tokens in a second, over the last replies; 0 before the first."""
        with self._lock:
            seconds = sum(each[1] for each in self._lately)
            return sum(each[0] for each in self._lately) / seconds if seconds else 0.0

    def ended(self, *, well: bool) -> None:
        """Count a turn."""
        with self._lock:
            self.answers += well
            self.failures += not well

    def generated(self, tokens: int, seconds: float) -> None:
        """Count what a model wrote."""
        with self._lock:
            self.tokens += tokens
            self.seconds += seconds
            self._lately.append((tokens, seconds))


class Timed(Stoppable):
    """A host that can be stopped, and whose reply is counted."""

    tally: Tally

    def generate(self, messages: Sequence[Message], options: Generation) -> Iterator[str]:
        """As Stoppable says."""
        said, began = "", monotonic()
        try:
            for piece in super().generate(messages, options):
                said += piece
                yield piece
        finally:
            seconds, tokens = monotonic() - began, estimate(said)
            with suppress(FamiliarError):
                tokens = self.count(said)
            self.tally.generated(tokens, seconds)
