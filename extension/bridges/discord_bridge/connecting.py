"""Connecting: logging in with what the application may hear, and staying connected."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import BridgeError
from .refusals import BAD_TOKEN, NO_INTENT, failures, refusal

if TYPE_CHECKING:
    import aiohttp
    import discord

log = logging.getLogger(__name__)

LONGEST_WAIT = 120.0
"""Seconds that discord.py waits for a limit at most; beyond that it is an error."""
PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""Seconds before a connection that broke for no known reason is made anew; doubled each time it breaks again."""
BEGINNING = frozenset({"READY", "RESUMED"})
"""Events without which there is no connection."""
QUIET = "discord"
"""discord.py's logger. Below INFO it would write what people say."""


async def make_client(token: str, trace: aiohttp.TraceConfig, options: dict[str, Any]) -> discord.Client:
    """Return a client that asks for what the application was allowed to hear.

    Raises BridgeError that says what to do for a token that is not good, and where it may not read messages.
    """
    import discord

    logger = logging.getLogger(QUIET)
    logger.setLevel(max(logger.level, logging.INFO))
    intents = discord.Intents(
        guilds=True, guild_messages=True, dm_messages=True, guild_reactions=True, dm_reactions=True, message_content=True
    )
    async with discord.Client(intents=discord.Intents(guilds=True)) as probe:
        await log_in(probe, token)
        flags = probe.application_flags
    if not (flags.gateway_message_content or flags.gateway_message_content_limited):
        raise BridgeError(NO_INTENT)
    intents.members = flags.gateway_guild_members or flags.gateway_guild_members_limited
    if not intents.members:
        log.info("The bot may not see who is on a server (Server Members Intent): it knows only those who have spoken.")
    client = discord.Client(
        intents=intents,
        allowed_mentions=discord.AllowedMentions.none(),
        max_ratelimit_timeout=LONGEST_WAIT,
        http_trace=trace,
        **options,
    )
    spare(client)
    return client


async def log_in(client: discord.Client, token: str) -> None:
    """Log in without connecting. Raises BridgeError with what to do where that fails; the token is in none of its words."""
    import discord

    try:
        await client.login(token)
    except discord.LoginFailure:
        raise BridgeError(BAD_TOKEN) from None
    except failures() as exc:
        raise refusal(exc, "logging in") from None


def spare(client: discord.Client) -> None:
    """Let an event that is not as it should be cost itself alone: discord.py would end the connection over it."""
    parsers: dict[str, Callable[[Any], None]] = client._connection.parsers
    for name in parsers.keys() - BEGINNING:
        parsers[name] = partial(_parsed, name, parsers[name])


def _parsed(name: str, parse: Callable[[Any], None], data: Any) -> None:
    try:
        parse(data)
    except (LookupError, TypeError, ValueError, AttributeError) as exc:
        log.warning("What Discord told is not as it should be and is passed over (%s: %s)", name, type(exc).__name__)


class Connecting:
    """Keeps a client connected. discord.py takes a lost connection up again by itself; what it gives up at is met here."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def stay(self) -> str:
        """Return once the client was closed: '', or what a person has to mend."""
        import discord

        pause = PAUSE
        while not self._client.is_closed():
            begun = asyncio.get_running_loop().time()
            try:
                await self._client.connect(reconnect=True)
            except discord.PrivilegedIntentsRequired:
                return NO_INTENT
            except discord.LoginFailure:
                return BAD_TOKEN
            except discord.ConnectionClosed as exc:
                return BAD_TOKEN if exc.code == 4004 else f"Discord ended the connection for good (code {exc.code}). Start again."
            except Exception as exc:  # noqa: BLE001 - whatever a broken event does to discord.py, the others are to be heard
                log.warning("The connection to Discord broke (%s) and is made anew", type(exc).__name__)
            await self._drop()
            if asyncio.get_running_loop().time() - begun > LONGEST_PAUSE:
                pause = PAUSE
            if not self._client.is_closed():
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        return ""

    async def _drop(self) -> None:
        """Let go of a connection that is still there."""
        socket = self._client.ws
        if socket is not None:
            with suppress(Exception):
                await socket.close(code=1000)
