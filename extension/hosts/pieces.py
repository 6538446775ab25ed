"""The pieces a reply comes in: nothing past a stop string on the way back."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing


class Cut:
    """A text that is made piece by piece, up to its first stop string, which is left out."""

    def __init__(self, stops: Sequence[str]) -> None:
        self.over = False
        """Whether a stop string was found: nothing comes any more."""
        self._stops = [stop for stop in stops if stop]
        self._held = ""

    def add(self, piece: str) -> str:
        """Return what can be shown now that a piece has come; what may be the beginning of a stop string is held back."""
        if self.over:
            return ""
        self._held += piece
        if found := [at for stop in self._stops if (at := self._held.find(stop)) >= 0]:
            self.over = True
            return self._held[: min(found)]
        end = len(self._held) - _beginning(self._held, self._stops)
        ready, self._held = self._held[:end], self._held[end:]
        return ready

    def rest(self) -> str:
        """Return what was held back when no more pieces come."""
        return "" if self.over else self._held


def until(pieces: Generator[str, None, None], stops: Sequence[str]) -> Generator[str, None, None]:
    """Yield the pieces up to the first stop string, which is left out; what may be the beginning of one is held back.

    The source is closed at a stop string, at its end, and when this generator is closed.
    """
    cut = Cut(stops)
    with closing(pieces):
        for piece in pieces:
            if ready := cut.add(piece):
                yield ready
            if cut.over:
                return
        if rest := cut.rest():
            yield rest


def _beginning(text: str, stops: Sequence[str]) -> int:
    """Return how many characters at the end of the text may be the beginning of a stop string."""
    longest = max((len(stop) for stop in stops), default=1) - 1
    return next((size for size in range(min(longest, len(text)), 0, -1) if any(stop.startswith(text[-size:]) for stop in stops)), 0)
