"""Places of Discord: servers, channels, threads, forum posts and private messages as the core knows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ...commands.block import brief
from ...messages import Person, Place
from ..heard import Capabilities, Heard

if TYPE_CHECKING:
    import discord

PREFIX = "discord:"
LONGEST_NAME = 100
TYPING = 8.0
"""Seconds after which typing is told again; Discord shows it for ten."""
FEW = 100
"""Members of a server in which it is looked at whether somebody is alone with the bot."""


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom the bot itself is: its account and its application."""

    user: int
    application: int
    name: str


def number(name: str) -> int:
    """Return the id on Discord of a person or place of ours; 0 for what is of another platform, or none."""
    digits = name.removeprefix(PREFIX)
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 21 else 0


def person(user: Any) -> Person:
    """Return somebody with the name that is shown here, in one line."""
    return Person(f"{PREFIX}{user.id}", brief(user.display_name, LONGEST_NAME))


def place(channel: Any, guild: discord.Guild | None) -> Place:
    """Return a channel, a thread or private messages."""
    return Place(f"{PREFIX}{channel.id}", shared=guild is not None, title=_title(channel))


def around(channel: Any, guild: discord.Guild | None, user: Any, whom: Whom) -> Heard:
    """Return who and where, as something that was heard without an id or a word."""
    parent = getattr(channel, "parent", None) if _is_thread(channel) else None
    above = parent or channel
    category = getattr(above, "category", None)
    server = str(guild.id) if guild is not None else ""
    heard = Heard("", person(user), place(channel, guild), "", datetime.now(UTC), server)
    return replace(
        heard,
        category=str(getattr(above, "category_id", None) or ""),
        channel=str(getattr(channel, "parent_id", None) or channel.id),
        thread=str(channel.id) if _is_thread(channel) else "",
        names=tuple(filter(None, map(_title, (above, category)))),
        roles=roles(user, guild),
        is_bot=bool(user.bot),
        is_own=user.id == whom.user,
        direct=guild is None,
        alone=_alone(guild, channel, user),
        own_thread=_is_thread(channel) and channel.owner_id == whom.user,
    )


def roles(user: Any, guild: discord.Guild | None) -> tuple[str, ...]:
    """Return the ids of somebody's roles on a server, without the one that everybody has."""
    found = getattr(user, "roles", ()) if guild is not None else ()
    return tuple(str(each.id) for each in found if each.id != getattr(guild, "id", 0))


def capabilities(channel: Any, guild: discord.Guild | None) -> Capabilities:
    """Return what the bot may do in a place now."""
    if guild is None or guild.me is None:
        return Capabilities(threads=False, typing=TYPING)
    may = channel.permissions_for(guild.me)
    thread = _is_thread(channel)
    return Capabilities(
        reactions=may.add_reactions,
        threads=may.create_public_threads and not thread,
        names=may.manage_webhooks and hasattr(getattr(channel, "parent", None) if thread else channel, "create_webhook"),
        files=may.attach_files,
        typing=TYPING,
    )


def _title(channel: Any) -> str:
    """Return what a channel or category is called, in one line; '' for private messages, and for none."""
    return brief(getattr(channel, "name", None) or "", LONGEST_NAME)


def _is_thread(channel: Any) -> bool:
    return hasattr(channel, "parent_id") and hasattr(channel, "owner_id")


def _alone(guild: discord.Guild | None, channel: Any, user: Any) -> bool:
    """Return whether nobody else but bots sees a channel; False where that cannot be known."""
    if guild is None or not guild.chunked or (guild.member_count or FEW) >= FEW or user.bot:
        return False
    members = getattr(channel, "members", None)
    if not members or _is_thread(channel):
        return False
    return all(each.bot or each.id == user.id for each in members)
