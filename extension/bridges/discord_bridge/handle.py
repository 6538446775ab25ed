"""How the core answers in a place of Discord. Its methods wait, and are called from threads."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import Throttled
from ...messages import Person
from ..heard import Button, Capabilities, Heard, Post
from .places import capabilities, number, person, roles
from .sending import calling, content, file, nonce, view, words
from .trying import tried

if TYPE_CHECKING:
    import discord

    from .account import Account

T = TypeVar("T")
NOT_OUR_MESSAGE, MAY_NOT = 50005, 50013
"""What Discord answers where a message is to be edited or removed that is somebody else's, as those of our webhooks are."""
LONGEST_TITLE = 100
LATER = 1.0
"""Seconds after which an edit that may be left out is tried again where the network failed."""


@dataclass(frozen=True)
class DiscordHandle:
    """A channel, a thread, or private messages."""

    account: Account
    channel: Any
    capabilities: Capabilities

    @classmethod
    def of(cls, account: Account, channel: Any) -> DiscordHandle:
        """Return how a channel is answered, with what may be done there now. On the event loop alone."""
        return cls(account, channel, capabilities(channel, getattr(channel, "guild", None)))

    def post(self, post: Post) -> str:
        """As Handle says. A post under a key that was sent some minutes ago is that one, with the text it had then (`sending.nonce`)."""
        held = content(post)
        sending = "Send Messages in Threads" if hasattr(self.channel, "parent_id") else "Send Messages"
        mark = nonce(post.key)
        return self._call(lambda: self._post(post, held, mark), "sending a message", "Attach Files" if held is not None else sending)

    def edit(self, message: str, text: str, buttons: Sequence[Button] = (), *, passing: bool = False) -> None:
        """As Handle says."""
        if passing:
            self.account.line.call(self._pass(message, text, buttons), "editing a message", "Send Messages")
        else:
            self._call(lambda: self._edit(message, text, buttons), "editing a message", "Send Messages")

    def delete(self, message: str) -> None:
        """As Handle says."""
        self._call(lambda: self._delete(message), "removing a message", "Manage Webhooks")

    def react(self, message: str, emoji: str) -> None:
        """As Handle says."""
        partial = self.channel.get_partial_message(int(message))
        self._call(lambda: partial.add_reaction(emoji), "reacting to a message", "Add Reactions")

    def typing(self, on: bool) -> None:
        """As Handle says: Discord ends it by itself."""
        if on:
            self._call(self._typing, "showing that it types", "Send Messages")

    def seen(self, message: str) -> None:
        """As Handle says: Discord shows nobody that a bot has read something."""

    def make_thread(self, name: str, message: str = "") -> str:
        """As Handle says."""
        return self.account.line.call(self._make_thread(name, message), "making a thread", "Create Public Threads")

    def history(self, before: str, limit: int) -> Sequence[Heard]:
        """As Handle says."""
        return self._call(lambda: self._history(before, limit), "reading what was said before", "Read Message History")

    def message(self, message: str) -> Heard | None:
        """As Handle says."""
        return self._call(lambda: self._message(self.channel, number(message)), "reading a message", "Read Message History")

    def starter(self) -> Heard | None:
        """As Handle says. A forum post has none: what opened it stands in it."""
        above = getattr(self.channel, "parent", None)
        if above is None or not hasattr(above, "fetch_message"):
            return None
        return self._call(lambda: self._message(above, self.channel.id), "reading a message", "Read Message History")

    def people(self) -> Sequence[Person]:
        """As Handle says: those who are known by now, which is everybody where the bot may see members."""
        return self._call(self._people, "looking at who is here")

    def roles(self, person: Person) -> tuple[str, ...]:
        """As Handle says."""
        return self._call(lambda: self._roles(number(person.id)), "looking at somebody's roles", "View Channel")

    def direct(self, person: Person) -> DiscordHandle | None:
        """As Handle says."""
        return self._call(lambda: self._direct(number(person.id)), "opening private messages")

    def _call(self, work: Callable[[], Coroutine[Any, Any, T]], doing: str, needs: str = "") -> T:
        return self.account.line.call(tried(work), doing, needs)

    async def _post(self, post: Post, held: bytes | None, mark: str) -> str:
        if post.speaker and self.capabilities.names and (sent := await self.account.personas.post(self.channel, post, held)):
            return sent
        message = await self.channel.send(
            words(post.text) or None,
            file=file(post, held),
            view=view(post.buttons),
            nonce=mark,
            reference=self._reference(post.reply_to),
            allowed_mentions=calling(post.mentions, self._author(post.reply_to)),
        )
        return str(message.id)

    def _reference(self, message: str) -> discord.MessageReference | None:
        import discord

        if not (found := number(message)):
            return None
        guild = getattr(self.channel, "guild", None)
        return discord.MessageReference(
            message_id=found, channel_id=self.channel.id, guild_id=guild.id if guild else None, fail_if_not_exists=False
        )

    def _author(self, message: str) -> int:
        """Return who wrote a message as far as that is known here, 0 where it is not."""
        found = self.account.cached(number(message))
        return found.author.id if found is not None else 0

    async def _pass(self, message: str, text: str, buttons: Sequence[Button]) -> None:
        """Edit a message that is edited again soon, once: where the network fails, the next edit says it all."""
        import aiohttp

        limit = self.account.personas.limit(message, self.channel)
        try:
            await self.account.patience.passing(message, limit, self._put(message, text, buttons))
        except (aiohttp.ClientError, OSError):
            raise Throttled(LATER) from None

    async def _edit(self, message: str, text: str, buttons: Sequence[Button]) -> None:
        await self.account.patience.landed(message)
        await self._put(message, text, buttons)

    async def _put(self, message: str, text: str, buttons: Sequence[Button]) -> None:
        import discord

        personas = self.account.personas
        if not personas.own(message):
            partial = self.channel.get_partial_message(int(message))
            try:
                await partial.edit(content=words(text), view=view(buttons), allowed_mentions=calling(()))
                return
            except discord.Forbidden as exc:
                if exc.code != NOT_OUR_MESSAGE or not self.capabilities.names:
                    raise
        await personas.edit(self.channel, message, text, buttons)

    async def _delete(self, message: str) -> None:
        import discord

        await self.account.patience.landed(message)
        personas = self.account.personas
        if not personas.own(message):
            try:
                await self.channel.get_partial_message(int(message)).delete()
                return
            except discord.Forbidden as exc:
                if exc.code != MAY_NOT or not self.capabilities.names:
                    raise
        await personas.delete(self.channel, message)

    async def _typing(self) -> None:
        await self.channel.typing()

    async def _make_thread(self, name: str, message: str) -> str:
        import discord

        title = " ".join(name.split())[:LONGEST_TITLE] or "…"
        if message:
            made = await self.channel.create_thread(name=title, message=discord.Object(int(message)))
        else:
            made = await self.channel.create_thread(name=title, type=discord.ChannelType.public_thread)
        return str(made.mention)

    async def _history(self, before: str, limit: int) -> list[Heard]:
        import discord

        earlier = discord.Object(found) if (found := number(before)) else None
        messages = [each async for each in self.channel.history(limit=limit, before=earlier)]
        heard = (self.account.reading.heard(each, self.channel) for each in messages)
        return [each for each in heard if each is not None]

    async def _message(self, channel: Any, message: int) -> Heard | None:
        """Return a message: as events keep it up to date, or as Discord has it."""
        import discord

        found = self.account.cached(message)
        if found is None or found.channel.id != channel.id:
            try:
                found = await channel.fetch_message(message) if message else None
            except discord.NotFound:
                found = None
        return self.account.reading.heard(found, channel) if found is not None else None

    async def _people(self) -> list[Person]:
        guild = getattr(self.channel, "guild", None)
        if guild is None:
            found = [person(each) for each in [getattr(self.channel, "recipient", None)] if each is not None]
        else:
            found = [person(each) for each in guild.members]
        known = {each.id: each for each in (*self.account.acquainted(self.channel), *found)}
        return list(known.values())

    async def _roles(self, user: int) -> tuple[str, ...]:
        guild = getattr(self.channel, "guild", None)
        member = await self.account.member(guild, user)
        return roles(member, guild)

    async def _direct(self, user: int) -> DiscordHandle | None:
        found = await self.account.user(user)
        return DiscordHandle.of(self.account, found.dm_channel or await found.create_dm()) if found is not None else None
