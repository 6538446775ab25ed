"""Interactions: slash commands, completion, menus on messages, buttons and forms, on their way to the core."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...commands.command import Command
from ...commands.running import NOT_YOURS, Given
from ...errors import BridgeError, FamiliarError, NotFound
from ...permissions.level import Level
from ...texts import tr
from ..heard import Heard, Post, Pressed
from ..lanes import Lanes
from .account import Account
from .answering import Answering, Progress
from .places import around, capabilities

if TYPE_CHECKING:
    import discord
    from discord import app_commands

    from ..room import Room

log = logging.getLogger(__name__)

SOON = 2.5
"""Seconds in which a completion must be found: Discord waits for three."""
EDIT = "familiar:edit:"
LONGEST_FORM = 4_000


@dataclass(frozen=True)
class Interactions:
    """Takes up the interactions of an account. Its coroutines are for the event loop, and never wait for the core."""

    room: Room
    account: Account
    lanes: Lanes

    async def give(self, interaction: discord.Interaction, command: Command, texts: dict[str, str]) -> None:
        """Take up a slash command."""
        if (handle := await self._begun(interaction)) is not None:
            self._put(interaction, lambda: self._run(interaction, handle, command, texts))

    async def give_on(self, interaction: discord.Interaction, command: Command, message: discord.Message) -> None:
        """Take up a command that was chosen on a message."""
        if (handle := await self._begun(interaction)) is not None:
            self._put(interaction, lambda: self._run(interaction, handle, command, {}, str(message.id)))

    async def complete(self, interaction: discord.Interaction, command: Command, argument: str, begun: str) -> list[str]:
        """Return what may be said for an argument; nothing where it does not come in time."""
        if not hasattr(interaction.channel, "send"):
            return []
        said = {name: str(value) for name, value in interaction.namespace if value is not None and name != argument}
        handle = self._handle(interaction)
        by = self._by(interaction)

        def found() -> list[str]:
            return self.room.running.complete(command, argument, begun, self.room.stage(by, handle), said)

        try:
            return await asyncio.wait_for(asyncio.to_thread(found), SOON)
        except TimeoutError:
            return []

    async def pressed(self, interaction: discord.Interaction) -> None:
        """Take up a button that was pressed, or a form that was sent. Whose it is and whether it is a real one is for the core to see."""
        import discord

        form = interaction.type is discord.InteractionType.modal_submit
        handle = await self._begun(interaction, thinking=form)
        if handle is None:
            return
        data: Any = interaction.data or {}
        message = str(interaction.message.id) if interaction.message is not None else ""
        values = dict(_values(data.get("components"))) if form else {}
        pressed = Pressed(str(data.get("custom_id", "")), message, self._by(interaction), values)
        self._put(interaction, lambda: self._press(pressed, handle))

    async def form(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Show a form with the words of a reply, to be changed."""
        import discord

        by, handle = self._by(interaction), self._handle(interaction)
        try:
            number, reply = await asyncio.to_thread(self._reply, by, str(message.id))
        except FamiliarError as exc:
            await interaction.response.send_message(str(exc), ephemeral=True, allowed_mentions=discord.AllowedMentions.none())
            handle.progress.over = True
            return
        box: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="text", style=discord.TextStyle.paragraph, default=reply, max_length=LONGEST_FORM
        )
        modal = discord.ui.Modal(title=tr("Edit the reply"), custom_id=f"{EDIT}{number}")
        modal.add_item(discord.ui.Label(text=tr("Reply"), component=box))
        modal.stop()
        await interaction.response.send_modal(modal)

    async def failed(self, interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        """Say that a command did not get through, such as one that Discord still shows and that is not there any more."""
        import discord

        log.info("A command of Discord did not get through: %s", type(error).__name__)
        if not interaction.response.is_done():
            with suppress(discord.DiscordException):
                await interaction.response.send_message(tr("This command is not there any more, or is another one now."), ephemeral=True)

    async def _begun(self, interaction: discord.Interaction, *, thinking: bool = True) -> Answering | None:
        """Tell Discord at once that an answer comes, to that person alone; None where there will be none."""
        import discord

        if interaction.response.is_done():
            return None
        button = interaction.type is discord.InteractionType.component
        try:
            if not hasattr(interaction.channel, "send"):
                await interaction.response.send_message(tr("I cannot talk in this place."), ephemeral=True)
                return None
            await interaction.response.defer(**({} if button else {"ephemeral": True, "thinking": True}))
        except discord.HTTPException as exc:  # too late, or given to another process of ours
            log.info("An interaction was not taken up: error %s, code %s", exc.status, exc.code)
            return None
        handle = self._handle(interaction)
        handle.progress.thinking = thinking
        return handle

    def _handle(self, interaction: discord.Interaction) -> Answering:
        can = replace(capabilities(interaction.channel, interaction.guild), private=True)
        return Answering(self.account, interaction.channel, can, interaction, Progress())

    def _by(self, interaction: discord.Interaction) -> Heard:
        return around(interaction.channel, interaction.guild, interaction.user, self.account.whom)

    def _put(self, interaction: discord.Interaction, call: Any) -> None:
        """Have something done in the order in which this person asked for it in this place."""
        self.lanes.put(f"{interaction.channel_id}/{interaction.user.id}", call)

    def _run(self, interaction: discord.Interaction, handle: Answering, command: Command, texts: dict[str, str], message: str = "") -> None:
        by = self._by(interaction)
        try:
            exchange = self._exchange(by, message) if message else None
            stage = self.room.stage(by, handle, exchange)
            if self.room.commanding.run(Given(command, texts), stage) is None:
                handle.post(Post(tr(NOT_YOURS), private=True))
        except FamiliarError as exc:
            with suppress(BridgeError):
                handle.post(Post(str(exc), private=True))
        finally:
            with suppress(BridgeError):
                handle.finish()

    def _press(self, pressed: Pressed, handle: Answering) -> None:
        try:
            self.room.pressed(pressed, handle)
        finally:
            with suppress(BridgeError):
                handle.finish()

    def _exchange(self, by: Heard, message: str) -> int:
        """Return the exchange of a message. Raises NotFound, StoreError, and Denied to who is ignored."""
        self.room.app.authorizer.require(by.asker, Level.VISIBLE, "This")
        link = self.room.app.memories.links.of(by.place.id, [message]).get(message)
        if link is None or not link.exchange:
            raise NotFound(tr("This message is no reply of the companion, nor a question to it."))
        return link.exchange

    def _reply(self, by: Heard, message: str) -> tuple[int, str]:
        number = self._exchange(by, message)
        reply = self.room.app.memories.diary.one(number).reply
        if len(reply) > LONGEST_FORM:
            raise NotFound(tr("This reply is longer than a form of Discord holds ({most} characters).", most=LONGEST_FORM))
        return number, reply


def _values(components: Any) -> Iterator[tuple[str, str]]:
    """Yield what was typed into a form, by the ids of its fields, however they lie in each other."""
    for each in components if isinstance(components, list) else [components]:
        if isinstance(each, dict):
            if isinstance(each.get("value"), str):
                yield str(each.get("custom_id", "")), each["value"]
            yield from _values(each.get("components") or each.get("component") or [])
