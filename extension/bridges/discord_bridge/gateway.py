"""The gateway to Discord: one bot, kept connected through whatever the network does, in a loop and thread of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from threading import Event
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any

from ...errors import BridgeError, BridgeUnreachable
from ..gateway import Vital
from ..lanes import Lanes
from .account import Account
from .connecting import Connecting, log_in, make_client
from .events import Events
from .handle import DiscordHandle
from .interactions import Interactions
from .line import Line
from .patience import Patience
from .places import PREFIX, number
from .presence import Presence
from .refusals import NO_TOKEN
from .slash import Doing, plant
from .syncing import sync
from .trying import tried

if TYPE_CHECKING:
    import discord
    from discord import app_commands

    from ...settings import Settings
    from ..room import Room

log = logging.getLogger(__name__)

HEARS = 90.0
"""Seconds in which the bot must be connected when it is opened."""
LEAVES = 20.0


class Discord:
    """A bot on Discord, for a room. Opened and closed once."""

    name = "discord"

    def __init__(self, room: Room, account: Settings | None = None, **options: Any) -> None:
        """`account` are the settings that say whose it is, where they are not those of the program; `options` are discord.Client's."""
        self.room = room
        self.settings = account or room.app.settings
        self._options = options
        self._line, self._patience = Line(), Patience()
        self._lanes, self._errands = Lanes(), Lanes()
        self._ended, self._hears = Event(), Event()
        self._trouble = ""
        self._account: Account | None = None
        self._events: Events | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """As Gateway says."""
        token = self.settings.discord_token.get_secret_value()
        if not token:
            raise BridgeError(NO_TOKEN)
        self._line.open()
        try:
            self._line.call(self._open(token), "logging in")
            until = monotonic() + HEARS
            while not self._hears.wait(0.05) and not self._ended.is_set():
                if monotonic() > until:
                    raise BridgeUnreachable("Discord was not reached in time. Look at the network.")
            if self._trouble:
                raise BridgeError(self._trouble)
        except BridgeError:
            self.close()
            raise

    def adopt(self, client: discord.Client) -> app_commands.CommandTree[discord.Client]:
        """Use a client that somebody else logged in and keeps connected, on this loop, and return its commands, not synced."""
        self._line.adopt(asyncio.get_running_loop())
        return self._attend(client)

    def close(self) -> None:
        """As Gateway says."""
        if self._account is not None:
            with suppress(BridgeError):
                self._line.call(self._leave(), "logging out", timeout=LEAVES)
        self._lanes.close()
        self._errands.close()
        self._line.close()
        self._ended.set()

    def wait(self, timeout: float | None = None) -> bool:
        """As Gateway says."""
        return self._ended.wait(timeout)

    def vital(self) -> Vital:
        """As Gateway says."""
        events, account = self._events, self._account
        if events is None or account is None:
            return Vital(False, trouble=self._trouble)
        return Vital(
            events.up and not self._ended.is_set(),
            account.whom.name,
            _heartbeat(account.client),
            events.last,
            self._patience.waits,
            self._patience.waited,
            max(events.logins - 1, 0),
            self._trouble,
        )

    def handle(self, place_id: str) -> DiscordHandle | None:
        """As Gateway says. Raises BridgeError where Discord cannot be asked."""
        found, account = number(place_id), self._account
        if found == 0 or account is None:
            return None
        return self._line.call(tried(lambda: self._handle(account, found)), "looking at a channel", "View Channel")

    def places(self, since: datetime, known: Sequence[str]) -> Sequence[str]:
        """As Gateway says. Raises BridgeError where Discord cannot be asked."""
        account = self._account
        if account is None:
            return ()
        numbers = [found for found in map(number, known) if found]
        found = self._line.call(tried(lambda: account.places(since, numbers)), "looking for what was missed", "View Channel")
        return [f"{PREFIX}{each}" for each in found]

    def settle(self, timeout: float | None = None) -> bool:
        """Wait until what was heard is taken up; return whether that is so."""
        return self._lanes.settle(timeout) and self._errands.settle(timeout)

    async def _handle(self, account: Account, found: int) -> DiscordHandle | None:
        channel = await account.channel(found)
        return None if channel is None else DiscordHandle.of(account, channel)

    async def _open(self, token: str) -> None:
        client = await make_client(token, self._patience.trace(), self._options)
        try:
            await log_in(client, token)
        except BridgeError:
            await client.close()
            raise
        tree = self._attend(client)
        await sync(tree, self.settings.data_dir, number(self.settings.discord_guild))
        self._keep(self._stay(client, token))
        self._keep(self._presence.keep())

    def _attend(self, client: discord.Client) -> app_commands.CommandTree[discord.Client]:
        """Listen to a client that has logged in, and return its commands."""
        from discord import app_commands

        self._account = account = Account.of(client, self._line, self._patience)
        interactions = Interactions(self.room, account, self._errands)
        self._events = Events(self.room, account, self._lanes, interactions, self._arrived)
        self._presence = Presence(client, self.room.app)
        self._events.listen()
        guild = number(self.settings.discord_guild)
        tree = app_commands.CommandTree(client)
        if not guild:
            tree.allowed_contexts = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False)
            tree.allowed_installs = app_commands.AppInstallationType(guild=True, user=False)
        tree.error(interactions.failed)
        doing = Doing(interactions.give, interactions.give_on, interactions.complete, interactions.form)
        plant(tree, self.room.running.registry, doing, guild)
        return tree

    def _arrived(self) -> None:
        self._hears.set()
        self._presence.forget()
        self._lanes.put("", lambda: self.room.connected(self))

    def _keep(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stay(self, client: discord.Client, token: str) -> None:
        """Keep the client connected until it cannot be or is closed."""
        self._trouble = await Connecting(client).stay()
        if self._trouble:
            log.error("Discord: %s", self._trouble)
        self._ended.set()

    async def _leave(self) -> None:
        if self._account is not None and self._events is not None:
            self._events.leave()
            await self._account.client.close()
        for task in (left := list(self._tasks)):
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await asyncio.sleep(0)  # what discord.py told meanwhile is begun, and so ended


def _heartbeat(client: discord.Client) -> float | None:
    """Return the seconds since Discord last answered a heartbeat."""
    kept = getattr(getattr(client, "ws", None), "_keep_alive", None)
    return None if kept is None else perf_counter() - float(kept._last_ack)
