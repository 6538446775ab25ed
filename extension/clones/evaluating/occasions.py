"""Occasions: moments of real conversations in which somebody spoke, for clones to speak in their place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...messages import digest
from ...refresh.turns import Conversation, Speaker
from ..context import Said

CONTEXT = 12
"""Turns before it that are shown at most."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """A moment, and what was really said in it."""

    said: tuple[Said, ...]
    speaker: Speaker
    text: str

    @property
    def key(self) -> str:
        """Of its place in an evaluation."""
        return digest(self.speaker.id, self.text, *(each for line in self.said for each in line))


def occasions(conversations: Iterable[Conversation], people: Sequence[Speaker], most: int) -> list[Occasion]:
    """Return moments in which these people spoke, as many of each as there are and spread over all conversations, `most` in all."""
    wanted = {each.id for each in people}
    found: dict[str, list[Occasion]] = {each.id: [] for each in people}
    for conversation in conversations:
        turns = conversation.turns
        for number, turn in enumerate(turns):
            if number and turn.learned and turn.speaker.id in wanted and turn.text.strip():
                before = tuple((each.speaker.id, each.text) for each in turns[max(number - CONTEXT, 0) : number])
                found[turn.speaker.id].append(Occasion(before, turn.speaker, turn.text))
    share = -(-most // max(sum(bool(some) for some in found.values()), 1))
    chosen = [_spread(some, share) for some in found.values() if some]
    mixed = [each for row in range(share) for some in chosen for each in some[row : row + 1]]
    return mixed[:most]


def texts(conversations: Iterable[Conversation]) -> dict[str, list[str]]:
    """Return what everybody said whose words are learned, by their ids, in order."""
    found: dict[str, list[str]] = {}
    for conversation in conversations:
        for turn in conversation.turns:
            if turn.learned and turn.text.strip():
                found.setdefault(turn.speaker.id, []).append(turn.text)
    return found


def _spread(some: Sequence[Occasion], most: int) -> list[Occasion]:
    step = max(len(some) / most, 1.0)
    return [some[int(number * step)] for number in range(min(len(some), most))]
