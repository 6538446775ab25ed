"""The bot's account: the client of discord.py and what is known through it. For the event loop alone, but for `line` and counts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...messages import Person
from .line import Line
from .patience import Patience
from .personas import Personas
from .places import Whom, person
from .reading import Reading

if TYPE_CHECKING:
    import discord

ACQUAINTED = 500
"""People of one server, or of private messages, whose names are remembered because they spoke."""
SERVERS = 1_000


@dataclass
class Account:
    """A client that has logged in, and what answers through it share."""

    client: discord.Client
    line: Line
    patience: Patience
    whom: Whom
    personas: Personas
    reading: Reading
    _people: OrderedDict[int, OrderedDict[str, Person]] = field(default_factory=OrderedDict)

    @classmethod
    def of(cls, client: discord.Client, line: Line, patience: Patience) -> Account:
        """Return the account that a client has logged in to."""
        user = client.user
        if user is None:
            raise RuntimeError("the client has not logged in")
        whom = Whom(user.id, client.application_id or user.id, user.display_name)
        reading = Reading(whom, lambda work: line.call(work, "fetching a file"))
        return cls(client, line, patience, whom, Personas(whom), reading)

    def cached(self, message: int) -> discord.Message | None:
        """Return a message that events keep up to date, None for one that is not remembered."""
        if not message:
            return None
        return next((each for each in reversed(self.client.cached_messages) if each.id == message), None)

    def acquaint(self, channel: Any, user: Any) -> None:
        """Remember the name of somebody who spoke."""
        server = _server(channel)
        people = self._people.setdefault(server, OrderedDict())
        self._people.move_to_end(server)
        found = person(user)
        people[found.id] = found
        people.move_to_end(found.id)
        if len(people) > ACQUAINTED:
            people.popitem(last=False)
        if len(self._people) > SERVERS:
            self._people.popitem(last=False)

    def acquainted(self, channel: Any) -> list[Person]:
        """Return those who spoke on the server of a channel, or in private messages."""
        return list(reversed(self._people.get(_server(channel), OrderedDict()).values()))

    async def channel(self, number: int) -> Any | None:
        """Return a channel that messages can be sent in, None where there is none (any more) that we see."""
        import discord

        found: Any = self.client.get_channel(number)
        if found is None and number:
            try:
                found = await self.client.fetch_channel(number)
            except (discord.NotFound, discord.Forbidden, discord.InvalidData):
                return None
        return found if hasattr(found, "send") else None

    async def places(self, since: datetime, known: Iterable[int]) -> list[int]:
        """Return channels and threads in which something was said since then, and those known places of which that is not seen.

        Of private messages Discord tells nothing by itself, so all that are known may have been written in.
        """
        from discord.utils import snowflake_time

        there = {each.id: each for guild in self.client.guilds for each in (*guild.channels, *guild.threads)}
        last = {number: getattr(each, "last_message_id", None) for number, each in there.items() if self._reads(each)}
        written = [number for number, message in last.items() if message and snowflake_time(message) >= since]
        return [*written, *(number for number in known if number not in there)]

    @staticmethod
    def _reads(channel: Any) -> bool:
        may = channel.permissions_for(channel.guild.me)
        return hasattr(channel, "send") and bool(may.view_channel and may.read_message_history)

    async def member(self, guild: discord.Guild | None, user: int) -> discord.Member | None:
        """Return somebody as a member of a server, None for who is none."""
        import discord

        if guild is None or not user:
            return None
        try:
            return guild.get_member(user) or await guild.fetch_member(user)
        except discord.NotFound:
            return None

    async def user(self, number: int) -> discord.User | None:
        """Return somebody by their id, None for nobody."""
        import discord

        try:
            return self.client.get_user(number) or (await self.client.fetch_user(number) if number else None)
        except discord.NotFound:
            return None


def _server(channel: Any) -> int:
    guild = getattr(channel, "guild", None)
    return int(guild.id) if guild is not None else int(channel.id)
