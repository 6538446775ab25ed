"""Commands about the program itself: what there is, how it is, and its end."""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter

from ... import __version__
from ...errors import FamiliarError
from ...options.kinds import Found, Words
from ...permissions.level import Level
from ..call import Call
from ..command import REASON, Argument, Command, Outcome

_STARTED = datetime.now(UTC)
_PACKAGES = ("gradio", "transformers", "torch", "chromadb", "sentence-transformers", "sqlalchemy", "discord.py", "matrix-nio")


def _usable(call: Call) -> list[str]:
    return [command.name for command in call.registry.up_to(call.level)]


def commands(call: Call) -> Outcome:
    """List the commands, or explain one."""
    if call["command"]:
        return Outcome(_explained(call.registry.get(call["command"])))
    usable = call.registry.up_to(call.level)
    width = max(len(command.usage) for command in usable)
    lines = [f"{command.usage:<{width}}  {command.help}" if width <= 40 else f"{command.usage}\n    {command.help}" for command in usable]
    return Outcome("\n".join([*lines, "", f"Your level here is {call.level.shown}."]))


def _explained(command: Command) -> str:
    lines = [command.usage, f"  {command.help}"]
    for argument in command.arguments:
        lines.append(f"  {argument.shown}: {argument.help.rstrip('.')}. Takes {argument.kind.takes}.")
    lines += [f"  Also called: {', '.join(command.aliases)}."] if command.aliases else []
    lines += [f"  In plain words: “{command.examples[0]}”"] if command.examples else []
    return "\n".join([*lines, f"  For {command.level.shown} and above."])


def ping(call: Call) -> Outcome:
    """Say that it hears."""
    started = perf_counter()
    call.app.authorizer.standing(call.asker)
    return Outcome(f"Pong. (Looking up your level took {(perf_counter() - started) * 1000:.1f} ms.)")


def status(call: Call) -> Outcome:
    """Say how it is: model, memory, queue, and the level of who asks."""
    standing = call.app.authorizer.standing(call.asker)
    lines = [
        f"Familiar {__version__}, up for {_ago(datetime.now(UTC) - _STARTED)}",
        f"Companion: {call.scene.companion}",
        *_model(call),
        *_memory(call),
        f"Your level: {standing.level.shown} ({standing.why})",
    ]
    waiting = call.scene.queue()
    return Outcome("\n".join([*lines, *([waiting] if waiting else [])]))


def _model(call: Call) -> list[str]:
    try:
        host = call.app.host
        adapter = f", adapter {host.adapter}" if host.adapter else ""
        return [f"Model: {host.model}{adapter}"]
    except FamiliarError as exc:
        return [f"Model: none ({exc})"]


def _memory(call: Call) -> list[str]:
    try:
        counts = call.app.memories.stats()
        return [f"Memory: {counts.exchanges:,} exchanges of {counts.people:,} people in {counts.places:,} places"]
    except FamiliarError as exc:
        return [f"Memory: not available ({exc})"]


def debug(call: Call) -> Outcome:
    """Say what a report of a fault should hold: versions and sizes, nothing of what was said."""
    lines = [f"Familiar {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"]
    for package in _PACKAGES:
        try:
            lines.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            lines.append(f"{package} is not installed")
    lines += [f"door {call.scene.door}, place {'shared' if call.place.shared else 'private'}", *_model(call), *_memory(call)]
    return Outcome("\n".join([*lines, f"modules loaded: {len(sys.modules):,}"]), private=True)


def restart(call: Call) -> Outcome:
    """Start the program anew."""
    call.scene.restart()
    return Outcome("Starting anew, with the code as it is now.")


def shutdown(call: Call) -> Outcome:
    """End the program."""
    call.scene.shut_down()
    return Outcome("Shutting down.")


_REASON = Argument(REASON, Words(200), "why, for the record", required=False, rest=True)


def _ago(span: object) -> str:
    return str(span).partition(".")[0]


GROUP = (
    Command(
        "commands",
        "List the commands you may use here, or explain one.",
        commands,
        (Argument("command", Found("the name of a command"), "which one", required=False, choices=_usable),),
        aliases=("help",),
    ),
    Command("ping", "Say that it hears.", ping),
    Command("status", "Say how it is: model, memory, queue, and your level.", status),
    Command("asdf", "Say what a report of a fault should hold.", debug, level=Level.MOD, aliases=("debug",)),
    Command(
        "restart", "Start the program anew, with the code as it is on disk.", restart, (_REASON,), Level.OWNER, changes=True, asks=True
    ),
    Command("shutdown", "End the program.", shutdown, (_REASON,), Level.OWNER, changes=True, asks=True),
)
