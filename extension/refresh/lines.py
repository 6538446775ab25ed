"""What every chat is read into, whichever program it comes from: lines, one for a message, in the order they were sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a chat."""

    id: str
    """The platform's own id of the message, as text. Where it has none, a digest of the conversation, the time, the author and the text,
    numbered among its equals: the same export read twice gives the same ids."""
    conversation: str
    """The chat, channel or thread it was sent in, as `discord:1234`: unique among all platforms."""
    author: str
    """Who sent it, as people are named in the diary: `discord:8123`, `matrix:@ann:example.org`, `whatsapp:Ann Smith`."""
    name: str
    """What the author was called then."""
    text: str
    at: datetime | None
    """When it was sent (UTC); None where the export does not say. Lines without times keep the order of their file."""
    bot: bool = False
    reply_to: str = ""
    """The id of the message it answers."""
    reactions: tuple[tuple[str, int], ...] = ()
    """Emoji and how many people reacted with it."""
    attachments: tuple[str, ...] = ()
    """Names or addresses of what was attached."""
