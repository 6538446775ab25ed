"""Slash commands and menus on messages: our commands in the forms that Discord knows, as many as it takes."""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ...commands.block import brief
from ...commands.command import Argument, Command
from ...commands.registry import Registry
from ...options.kinds import OneOf, Switch, Whole
from ...texts import tr

if TYPE_CHECKING:
    import discord
    from discord import app_commands

log = logging.getLogger(__name__)

MOST, MOST_MENUS, MOST_OF_A_GROUP, MOST_OPTIONS, MOST_CHOICES = 100, 5, 25, 25, 25
LONGEST, LONGEST_CHOICE, LONGEST_MENU = 100, 100, 32
_NAME = re.compile(r"[a-z0-9_-]{1,32}")
_WHOLE = 2**53
"""The largest whole number that Discord's clients take."""

Give = Callable[["discord.Interaction", Command, dict[str, str]], Awaitable[None]]
GiveOn = Callable[["discord.Interaction", Command, "discord.Message"], Awaitable[None]]
Complete = Callable[["discord.Interaction", Command, str, str], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class Doing:
    """What is done when somebody uses a command, uses it on a message, begins to write an argument, or wants to change a reply."""

    give: Give
    give_on: GiveOn
    complete: Complete
    form: Callable[[discord.Interaction, discord.Message], Awaitable[None]]
    """Shows a reply in a form, to be changed."""


def plant(tree: app_commands.CommandTree[Any], registry: Registry, doing: Doing, guild: int = 0) -> list[str]:
    """Put the commands of a registry into a tree, for one server or for all, and return the names of those that do not fit.

    Those stay good written out. Two words of a name are a group and what is in it; further names are added while there is room.
    """
    import discord

    only = discord.Object(guild) if guild else None
    roots, left = _roots(registry, doing)
    for each in roots[:MOST]:
        tree.add_command(each, guild=only)
    left += [each.name for each in roots[MOST:]]
    on_messages = [command for command in registry if command.on_message]
    menus = [_menu(command.name.replace("-", " ").capitalize(), partial(_given_on, doing, command)) for command in on_messages]
    for menu in [_menu(tr("Edit reply"), doing.form), *menus][:MOST_MENUS]:
        tree.add_command(menu, guild=only)
    left += [f"{command.name} (on a message)" for command in on_messages[MOST_MENUS - 1 :]]
    if left:
        log.warning("Discord takes no more commands; these can only be written out: %s", ", ".join(left))
    return left


def _roots(registry: Registry, doing: Doing) -> tuple[list[Any], list[str]]:
    """Return commands and groups as Discord has them, those with aliases last, and the names of what cannot be one."""
    from discord import app_commands

    roots: dict[str, Any] = {}
    left: list[str] = []
    aliases: list[tuple[str, Command]] = []
    for command in registry:
        first, _, second = command.name.partition(" ")
        group = roots.get(first)
        if not all(_NAME.fullmatch(each) for each in filter(None, (first, second))) or len(command.arguments) > MOST_OPTIONS:
            left.append(command.name)
        elif not second:
            roots[first] = _command(first, command, doing)
            aliases += [(alias, command) for alias in command.aliases if _NAME.fullmatch(alias)]
        elif isinstance(group, app_commands.Group) and len(group.commands) >= MOST_OF_A_GROUP:
            left.append(command.name)
        else:
            group = roots.setdefault(first, app_commands.Group(name=first, description=_group_help(first, registry)))
            group.add_command(_command(second, command, doing))
    for alias, command in aliases:
        if alias not in roots and len(roots) < MOST:
            roots[alias] = _command(alias, command, doing)
    return list(roots.values()), left


def _group_help(name: str, registry: Iterable[Command]) -> str:
    return brief(", ".join(each.name.partition(" ")[2] for each in registry if each.name.startswith(f"{name} ")), LONGEST)


def _command(name: str, command: Command, doing: Doing) -> app_commands.Command[Any, ..., None]:
    from discord import app_commands

    arguments = {f"{each.name}_": each for each in command.arguments}  # some are called as Python calls its own

    async def callback(interaction: Any, **values: Any) -> None:
        said = {arguments[name].name: str(value) for name, value in values.items() if value is not None}
        await doing.give(interaction, command, said)

    callback.__signature__ = inspect.Signature(list(_parameters(arguments)))  # type: ignore[attr-defined]
    app_commands.rename(**{name: each.name for name, each in arguments.items()})(callback)
    app_commands.describe(**{name: brief(tr(each.help), LONGEST) or "…" for name, each in arguments.items()})(callback)
    fixed = {name: [app_commands.Choice(name=word, value=word) for word in _fixed(each)] for name, each in arguments.items()}
    app_commands.choices(**{name: words for name, words in fixed.items() if words})(callback)
    asked = {name: _completion(command, each, doing) for name, each in arguments.items() if each.choices and not fixed[name]}
    app_commands.autocomplete(**asked)(callback)  # type: ignore[arg-type]
    return app_commands.Command(name=name, description=brief(tr(command.help), LONGEST), callback=callback, auto_locale_strings=False)


def _parameters(arguments: Mapping[str, Argument]) -> Iterator[inspect.Parameter]:
    from discord import app_commands

    yield inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    for name, each in arguments.items():
        kind: Any = str
        if isinstance(each.kind, Whole):
            least, most = each.kind.least, each.kind.most
            kind = app_commands.Range[int, -_WHOLE if least is None else least, _WHOLE if most is None else min(most, _WHOLE)]
        default, taken = (inspect.Parameter.empty, kind) if each.required else (None, kind | None)
        yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=taken)


def _fixed(argument: Argument) -> tuple[str, ...]:
    """Return the few words that an argument may ever be, none where they depend."""
    words = ("on", "off") if isinstance(argument.kind, Switch) else argument.kind.words if isinstance(argument.kind, OneOf) else ()
    return words if argument.choices is None and len(words) <= MOST_CHOICES and all(len(word) <= LONGEST_CHOICE for word in words) else ()


def _completion(command: Command, argument: Argument, doing: Doing) -> Callable[..., Awaitable[list[Any]]]:
    from discord import app_commands

    async def complete(interaction: Any, begun: str) -> list[Any]:
        found = await doing.complete(interaction, command, argument.name, str(begun))
        return [app_commands.Choice(name=each, value=each) for each in found if 0 < len(each) <= LONGEST_CHOICE][:MOST_CHOICES]

    return complete


async def _given_on(doing: Doing, command: Command, interaction: discord.Interaction, message: discord.Message) -> None:
    await doing.give_on(interaction, command, message)


def _menu(name: str, act: Callable[[Any, Any], Awaitable[None]]) -> app_commands.ContextMenu:
    import discord
    from discord import app_commands

    async def callback(interaction: Any, message: Any) -> None:
        await act(interaction, message)

    usual = inspect.Parameter.POSITIONAL_OR_KEYWORD
    both = [inspect.Parameter("interaction", usual), inspect.Parameter("message", usual, annotation=discord.Message)]
    callback.__signature__ = inspect.Signature(both)  # type: ignore[attr-defined]
    return app_commands.ContextMenu(name=name[:LONGEST_MENU], callback=callback, auto_locale_strings=False)
