"""What the bridges have done since they started: answers, failures, and how fast the model writes. Numbers only."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from contextlib import closing
from threading import Event, Lock
from time import monotonic

from ..hosts.stoppable import Stoppable
from ..hosts.window import estimate
from ..messages import Generation, Message
from ..ports import Host

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

    def __init__(self, host: Host, stopped: Event, tally: Tally) -> None:
        super().__init__(host, stopped)
        self._tally = tally

    def generate(self, messages: Sequence[Message], options: Generation) -> Generator[str, None, None]:
        """As Stoppable says."""
        said, began, whole = "", monotonic(), False
        try:
            with closing(super().generate(messages, options)) as pieces:
                for piece in pieces:
                    said += piece
                    yield piece
            whole = not self.stopped
        finally:
            seconds = monotonic() - began
            # Where it broke off, the host may not be there any more to count.
            self._tally.generated(self.count(said) if whole else estimate(said), seconds)
