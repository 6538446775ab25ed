"""The same message over and over."""

from __future__ import annotations

MOST = 2
"""How often in a row somebody may say the same; more is spam."""


class Repeats:
    """What everybody said last in a chat."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[str, int]] = {}

    def again(self, author: str, text: str) -> bool:
        """Take note of a message, and return whether its author says the same once too often in a row."""
        key = " ".join(text.casefold().split())
        before, times = self._last.get(author, ("", 0))
        times = times + 1 if key == before else 1
        self._last[author] = (key, times)
        return times > MOST
