"""Personas: messages under another name, through one webhook of ours in a channel."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..heard import Post
from .places import Whom
from .sending import calling, file, view, words

if TYPE_CHECKING:
    import discord

log = logging.getLogger(__name__)

REMEMBERED = 2_000
"""Messages that are known to be of a webhook, and webhooks; others are found out."""
LONGEST = 80
UNKNOWN_WEBHOOK = 10015


@dataclass
class Personas:
    """The webhooks of ours. For the event loop alone. Raises what discord.py raises."""

    whom: Whom
    _webhooks: OrderedDict[int, discord.Webhook] = field(default_factory=OrderedDict)
    """By their channels."""
    _messages: OrderedDict[str, int] = field(default_factory=OrderedDict)
    """Messages of theirs, with the channels of the webhooks."""

    async def post(self, channel: Any, post: Post, held: bytes | None) -> str:
        """Send a message under the name of its speaker, and return its id; '' where Discord does not allow that."""
        import discord

        above = _above(channel)
        for again in (False, True):
            try:
                webhook = await self._webhook(above, anew=again)
                message = await webhook.send(**self._what(channel, post, held))
                self._messages[str(message.id)] = above.id
                while len(self._messages) > REMEMBERED:
                    self._messages.popitem(last=False)
                return str(message.id)
            except discord.HTTPException as exc:
                if exc.code != UNKNOWN_WEBHOOK or again:
                    log.info("A message is sent under our own name: Discord refused another (error %s, code %s)", exc.status, exc.code)
                    return ""
        return ""

    def limit(self, message: str, channel: Any) -> str:
        """Return the id that the limit of a message's edits counts for: that of its webhook or channel."""
        webhook = self._webhooks.get(self._messages.get(message, 0))
        return str(webhook.id if webhook is not None else channel.id)

    def own(self, message: str) -> bool:
        """Return whether a message is known to be of a webhook of ours."""
        return message in self._messages

    async def edit(self, channel: Any, message: str, text: str, buttons: Any) -> None:
        """Put another text and other buttons in the place of those of a message."""
        webhook = await self._webhook(_above(channel))
        more: dict[str, Any] = {"view": view(buttons), "allowed_mentions": calling(()), **_thread(channel)}
        await webhook.edit_message(int(message), content=words(text), **more)
        self._messages[message] = _above(channel).id

    async def delete(self, channel: Any, message: str) -> None:
        """Remove a message."""
        webhook = await self._webhook(_above(channel))
        await webhook.delete_message(int(message), **_thread(channel))
        self._messages.pop(message, None)

    def _what(self, channel: Any, post: Post, held: bytes | None) -> dict[str, Any]:
        given: dict[str, Any] = {"username": post.speaker[:LONGEST], "allowed_mentions": calling(post.mentions), "wait": True}
        more = {"content": words(post.text), "view": view(post.buttons), "file": file(post, held)}
        return {**given, **_thread(channel), **{name: value for name, value in more.items() if value}}

    async def _webhook(self, channel: Any, *, anew: bool = False) -> discord.Webhook:
        known = self._webhooks.get(channel.id)
        if known is not None and not anew:
            return known
        there = await channel.webhooks()
        ours = next((each for each in there if each.token and each.user is not None and each.user.id == self.whom.user), None)
        made = ours or await channel.create_webhook(name=_allowed(self.whom.name))
        self._webhooks[channel.id] = made
        while len(self._webhooks) > REMEMBERED:
            self._webhooks.popitem(last=False)
        return made  # type: ignore[no-any-return]


def _above(channel: Any) -> Any:
    """Return the channel whose webhooks post in a place: of a thread, the one it lies in."""
    return getattr(channel, "parent", None) or channel


def _thread(channel: Any) -> dict[str, Any]:
    return {"thread": channel} if _above(channel) is not channel else {}


def _allowed(name: str) -> str:
    """Return a name that Discord lets a webhook have: not its own."""
    kept = name[:LONGEST].strip()
    return kept if kept and not any(word in kept.lower() for word in ("discord", "clyde")) else "Companion"
