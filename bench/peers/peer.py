"""A peer: how it is asked, what is known about it, and how to let go of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.conversations import Conversation, Labelled

DEPTH = 50
"""How many turns a question is answered with, at most."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Something that finds turns for questions."""

    ask: Callable[[Conversation, Labelled], Sequence[int]]
    """Returns the indexes of the turns found for a question, best first, at most DEPTH."""
    about: str = ""
    """What ran: versions, and settings that are not its own."""
    close: Callable[[], object] = lambda: None


def texts(conversation: Conversation) -> list[str]:
    """Return the turns as they are told to a peer, each with who spoke."""
    return [f"{turn.speaker}: {turn.said} {turn.reply}".strip() for turn in conversation.turns]
