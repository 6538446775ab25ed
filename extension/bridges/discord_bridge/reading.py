"""Reading messages of Discord: their words as people see them, what they reply to, and their files."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...commands.block import brief
from ...refresh.wording import shown
from ..heard import Attached, Heard
from .places import LONGEST_NAME, PREFIX, Whom, around, person

if TYPE_CHECKING:
    import discord

Fetch = Callable[[Coroutine[Any, Any, bytes]], bytes]
"""Has a file fetched, from another thread; raises BridgeError."""
_MENTION = re.compile(r"<@!?(\d{1,20})>")
_COMMAND = re.compile(r"\s*(?:--|[—–―/])")


@dataclass(frozen=True)
class Reading:
    """Makes of messages what the core hears. For the event loop alone; the files are read from other threads."""

    whom: Whom
    fetch: Fetch

    def heard(self, message: discord.Message, channel: Any = None) -> Heard | None:
        """Return a message as the core hears it; None for what nobody said, such as that somebody joined."""
        import discord

        if message.is_system() or message.type is discord.MessageType.thread_starter_message:
            return None
        ours = message.author.id == self.whom.user or (bool(message.webhook_id) and message.application_id == self.whom.application)
        where = around(channel or message.channel, message.guild, message.author, self.whom)
        return replace(
            where,
            id=str(message.id),
            person=replace(person(message.author), id=f"{PREFIX}{self.whom.user}") if ours else where.person,
            text=self._text(message),
            when=message.created_at,
            is_bot=where.is_bot or message.webhook_id is not None,
            is_own=ours,
            mentioned=self._mentions_us(message),
            reply_to=_replied(message),
            attachments=tuple(self._attached(each) for each in _files(message)),
        )

    def _text(self, message: discord.Message) -> str:
        """Return what a message says, without a mention of us before it, and with names for the ids of people, roles and channels."""
        said = message.content
        if not said and message.message_snapshots:
            said = message.message_snapshots[0].content
        said = re.sub(rf"\A\s*(?:{'|'.join(self._ours(message))})[\s,:]*", "", said)
        names = {str(each.id): brief(each.display_name, LONGEST_NAME) for each in message.mentions}
        roles = {str(each.id): brief(each.name, LONGEST_NAME) for each in message.role_mentions}
        channels = {str(each.id): brief(getattr(each, "name", "") or "", LONGEST_NAME) for each in message.channel_mentions}
        if _COMMAND.match(said):
            said = _MENTION.sub(lambda found: f"{PREFIX}{found[1]}", said)
        return shown(said, names, roles, channels)

    def _ours(self, message: discord.Message) -> list[str]:
        """Return patterns of what names us: the account, and the role that Discord makes for a bot and offers beside it."""
        role = message.guild.self_role if message.guild is not None else None
        return [rf"<@!?{self.whom.user}>", *([rf"<@&{role.id}>"] if role is not None else [])]

    def _mentions_us(self, message: discord.Message) -> bool:
        return any(re.search(each, message.content) for each in self._ours(message))

    def _attached(self, file: discord.Attachment) -> Attached:
        return Attached(file.filename, file.size, lambda: self.fetch(file.read()))


def _files(message: discord.Message) -> list[discord.Attachment]:
    found = list(message.attachments)
    return found or [file for each in message.message_snapshots for file in each.attachments]


def _replied(message: discord.Message) -> str:
    """Return the id of the message that one replies to in the same place, '' for none."""
    import discord

    reference = message.reference
    if reference is None or message.type is not discord.MessageType.reply or reference.channel_id != message.channel.id:
        return ""
    return str(reference.message_id or "")
