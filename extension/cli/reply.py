"""A reply as it is shown while it comes: without the model's reasoning and without white space around it."""

from __future__ import annotations

from ..prompt import split_reasoning

_TAGS = ("think", "thinking", "reasoning")


class ReplyText:
    """Takes a reply piece by piece and returns what of it can be shown by then; joined, that is the stripped reply."""

    def __init__(self) -> None:
        self._held = ""
        self._reasoned = False
        self.begun = False
        """Whether anything was returned to be shown."""

    def feed(self, piece: str) -> str:
        """Return what can be shown beyond what was returned before."""
        self._held += piece
        if not self.begun and not self._begin():
            return ""
        shown = self._held.rstrip()
        self._held = self._held[len(shown) :]
        return shown

    def rest(self) -> str:
        """Return what is left to be shown at the end: the start of a tag that was none."""
        left = "" if self.begun or self._reasoned else split_reasoning(self._held)[1].strip()
        self.begun = self.begun or bool(left)
        return left

    def _begin(self) -> bool:
        """Drop reasoning and white space in front, and say whether the answer has begun."""
        if not self._reasoned:
            if _may_be_reasoning(self._held.lstrip()):
                return False
            reasoning, answer = split_reasoning(self._held)
            self._reasoned = bool(reasoning) or answer != self._held
            self._held = answer
        self._held = self._held.lstrip()
        self.begun = bool(self._held)
        return self.begun


def _may_be_reasoning(text: str) -> bool:
    """Whether a reply that begins like this may yet turn out to be reasoning, or still is."""
    tags = [f"<{tag}>" for tag in _TAGS]
    if any(tag.startswith(text) for tag in tags):
        return True
    return any(text.startswith(tag) and f"</{tag[1:]}" not in text for tag in tags)
