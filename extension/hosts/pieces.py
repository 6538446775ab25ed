"""The pieces a reply comes in: nothing past a stop string on the way back."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing


def until(pieces: Generator[str, None, None], stops: Sequence[str]) -> Generator[str, None, None]:
    """Yield the pieces up to the first stop string, which is left out; what may be the beginning of one is held back.

    The source is closed at a stop string, at its end, and when this generator is closed.
    """
    stops = [stop for stop in stops if stop]
    held = ""
    with closing(pieces):
        for piece in pieces:
            held += piece
            if found := [at for stop in stops if (at := held.find(stop)) >= 0]:
                held = held[: min(found)]
                break
            keep = _beginning(held, stops)
            if ready := held[: len(held) - keep]:
                yield ready
            held = held[len(held) - keep :]
        if held:
            yield held


def _beginning(text: str, stops: Sequence[str]) -> int:
    """Return how many characters at the end of the text may be the beginning of a stop string."""
    longest = max((len(stop) for stop in stops), default=1) - 1
    return next((size for size in range(min(longest, len(text)), 0, -1) if any(stop.startswith(text[-size:]) for stop in stops)), 0)
