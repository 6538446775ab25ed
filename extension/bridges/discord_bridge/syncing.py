"""Syncing: Discord is told of the commands when they changed, and only then."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import StoreError
from ...settings import replace_text
from .refusals import failures

if TYPE_CHECKING:
    from discord import app_commands

log = logging.getLogger(__name__)

FILE = "discord-commands.json"


@dataclass(frozen=True, slots=True)
class Told:
    """What Discord was told last: for which application and server (0 for all), and the commands as a digest."""

    application: int
    guild: int
    digest: str


async def sync(tree: app_commands.CommandTree[Any], folder: Path, guild: int) -> bool:
    """Tell Discord of the commands of a tree where they are others than it knows, and return whether it was told.

    Those of the server that they were for before are taken back. What fails is logged: commands written out work without.
    """
    import discord

    only = discord.Object(guild) if guild else None
    commands = [each.to_dict(tree) for each in tree.get_commands(guild=only)]
    digest = sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()
    failed: tuple[type[BaseException], ...] = (*failures(), StoreError)
    now, before = Told(tree.client.application_id or 0, guild, digest), _known(folder / FILE)
    if now == before:
        return False
    try:
        if before is not None and before.application == now.application and before.guild != guild:
            elsewhere = discord.Object(before.guild) if before.guild else None
            tree.clear_commands(guild=elsewhere)
            await tree.sync(guild=elsewhere)
        await tree.sync(guild=only)
        replace_text(folder / FILE, json.dumps(asdict(now)))
    except discord.Forbidden:
        log.warning("Discord takes no slash commands there: invite the bot with the scope applications.commands (docs/discord.md).")
    except failed as exc:
        log.warning("Discord could not be told of the commands (%s); they work written out.", type(exc).__name__)
    return True


def _known(path: Path) -> Told | None:
    try:
        return Told(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
