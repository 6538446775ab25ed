"""Presence: the bot shows which model answers, and follows when it is exchanged for another."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from ...errors import FamiliarError

if TYPE_CHECKING:
    import discord

    from ...app import App

log = logging.getLogger(__name__)

EVERY = 15.0
"""Seconds between two looks at the model."""
LONGEST = 128


class Presence:
    """Of one client. For the event loop alone."""

    def __init__(self, client: discord.Client, app: App) -> None:
        self._client, self._app = client, app
        self._shown = ""

    def forget(self) -> None:
        """Show it again: a new session shows nothing."""
        self._shown = ""

    async def keep(self) -> None:
        """Show the model's name for as long as this runs."""
        while True:
            if self._client.is_ready() and (name := await asyncio.to_thread(self._model)) and name != self._shown:
                await self._show(name)
            await asyncio.sleep(EVERY)

    async def _show(self, name: str) -> None:
        import discord

        try:
            await self._client.change_presence(activity=discord.CustomActivity(name=name[:LONGEST]))
            self._shown = name
        except (discord.DiscordException, OSError, RuntimeError) as exc:
            log.info("The model's name is not shown now: %s", type(exc).__name__)

    def _model(self) -> str:
        try:
            return self._app.host.model
        except FamiliarError:
            return ""
