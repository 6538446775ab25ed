"""Events: what Discord tells of messages, reactions and buttons, on its way into the room. The event loop never waits for the core."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ...messages import Place
from ..heard import Heard, Reacted
from ..lanes import Lanes
from .account import Account
from .handle import DiscordHandle
from .interactions import Interactions
from .places import PREFIX, around, place
from .trying import tried

if TYPE_CHECKING:
    import discord

    from ..room import Room

log = logging.getLogger(__name__)


@dataclass
class Events:
    """Listens to a client. Events that are told again are harmless: the room knows what it took up."""

    room: Room
    account: Account
    lanes: Lanes
    interactions: Interactions
    arrived: Callable[[], None]
    """Called after each login that may have missed something."""
    last: datetime | None = None
    """When the last message came in."""
    up: bool = False
    logins: int = 0
    """How often a connection began or was taken up again."""

    def listen(self) -> None:
        """Let the client tell of everything from now on."""
        for each in self._told():
            self.account.client.event(each)

    def leave(self) -> None:
        """Hear nothing any more: discord.py may go on telling while it is closed."""
        self.up = False
        for each in self._told():
            vars(self.account.client).pop(each.__name__, None)

    async def on_ready(self) -> None:
        """A new session: messages may have been missed."""
        self.up = True
        self.logins += 1
        self.arrived()

    async def on_resumed(self) -> None:
        """The session goes on: Discord tells of everything that was missed."""
        self.up = True
        self.logins += 1

    async def on_disconnect(self) -> None:
        """The connection is lost; discord.py makes another."""
        self.up = False

    async def on_error(self, event: str, *_: Any, **__: Any) -> None:
        """Something about an event was not as it should be. Nothing of what was said gets into the log."""
        log.exception("What Discord told could not be taken up (%s)", event)

    async def on_message(self, message: discord.Message) -> None:
        """Somebody said something."""
        heard = self.account.reading.heard(message)
        if heard is None or heard.is_own or not hasattr(message.channel, "send"):
            return
        self.last = datetime.now(UTC)
        if not heard.is_bot:
            self.account.acquaint(message.channel, message.author)
        handle = DiscordHandle.of(self.account, message.channel)
        self.lanes.put(heard.place.id, lambda: self.room.hear(heard, handle))

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        """A message is another now: its words, or what Discord shows below them."""
        message = event.message
        heard = self.account.reading.heard(message) if message.edited_at is not None else None
        if heard is None or heard.is_own or heard.is_bot or not hasattr(message.channel, "send"):
            return
        handle = DiscordHandle.of(self.account, message.channel)
        self.lanes.put(heard.place.id, lambda: self.room.edited(heard, handle))

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """A message was deleted."""
        self._deleted(event.channel_id, [event.message_id])

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """Messages were deleted at once."""
        self._deleted(event.channel_id, sorted(event.message_ids))

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        """Somebody reacted to a message."""
        self._reacted(event, added=True)

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        """Somebody took a reaction back."""
        self._reacted(event, added=False)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Somebody pressed a button or sent a form; commands come by the tree."""
        import discord

        if interaction.type in (discord.InteractionType.component, discord.InteractionType.modal_submit):
            await self.interactions.pressed(interaction)

    def _told(self) -> tuple[Callable[..., Coroutine[Any, Any, None]], ...]:
        return (
            self.on_ready,
            self.on_resumed,
            self.on_disconnect,
            self.on_message,
            self.on_raw_message_edit,
            self.on_raw_message_delete,
            self.on_raw_bulk_message_delete,
            self.on_raw_reaction_add,
            self.on_raw_reaction_remove,
            self.on_interaction,
            self.on_error,
        )

    def _deleted(self, channel: int, messages: list[int]) -> None:
        def taken_up() -> None:
            found = self.account.line.call(tried(lambda: self._place(channel)), "looking at a channel", "View Channel")
            if found is not None:
                for each in messages:
                    self.room.deleted(found[0], str(each), found[1])

        self.lanes.put(f"{PREFIX}{channel}", taken_up)

    def _reacted(self, event: discord.RawReactionActionEvent, *, added: bool) -> None:
        if event.user_id == self.account.whom.user:
            return

        def taken_up() -> None:
            found = self.account.line.call(tried(lambda: self._reactor(event)), "looking at a reaction", "View Channel")
            if found is not None:
                by, handle = found
                emoji = event.emoji.name if event.emoji.id is None else str(event.emoji)
                self.room.reacted(Reacted(str(event.message_id), emoji, by, added), handle)

        self.lanes.put(f"{PREFIX}{event.channel_id}", taken_up)

    async def _place(self, channel: int) -> tuple[Place, DiscordHandle] | None:
        found = await self.account.channel(channel)
        return None if found is None else (place(found, getattr(found, "guild", None)), DiscordHandle.of(self.account, found))

    async def _reactor(self, event: discord.RawReactionActionEvent) -> tuple[Heard, DiscordHandle] | None:
        """Return who reacted and where, with the roles they have now; None where that is not known any more."""
        channel = await self.account.channel(event.channel_id)
        guild = getattr(channel, "guild", None)
        who = event.member or (await self.account.member(guild, event.user_id) if guild else await self.account.user(event.user_id))
        if channel is None or who is None:
            return None
        by = around(channel, guild, who, self.account.whom)
        return replace(by, id=str(event.message_id)), DiscordHandle.of(self.account, channel)
