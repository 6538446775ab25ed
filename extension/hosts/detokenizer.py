"""The way back from token ids to text while they still arrive: a character of several tokens is shown when it is whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence

UNFINISHED = "\ufffd"


class Detokenizer:
    """Turns one id after another into the text it adds; joined, the additions are the text of all ids."""

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._shown = 0

    def add(self, token: int) -> str:
        """Return the text that this id adds, '' while its character is incomplete."""
        self._ids.append(token)
        text = self._added()
        if text and not text.endswith(UNFINISHED):
            self._ids, self._shown = self._ids[self._shown :], len(self._ids) - self._shown
            return text
        return ""

    def rest(self) -> str:
        """Return what was held back when no more ids come."""
        text = self._added()
        self._shown = len(self._ids)
        return text

    def _added(self) -> str:
        """Decode with the ids shown last in front: some tokenizers write a word differently at the beginning."""
        return self._decode(self._ids)[len(self._decode(self._ids[: self._shown])) :]
