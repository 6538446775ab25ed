"""Commands that are written out: `--set-config temperature 0.4`, `/reset`, and what phones make of two hyphens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .command import Command
from .registry import Registry

_OPENING = re.compile(r"\s*(?P<mark>--|[—–―]|/)(?P<name>[A-Za-z][\w-]{0,60})(?!\S*[/.:])(?=\s|$)")
_NAMED = re.compile(r"(?:^|\s)(?P<name>[a-z]{1,20})=(?P<value>\S{1,200})\s*\Z")
_QUOTES = {'"': '"', "'": "'", "“": "”", "„": "“", "«": "»"}
LONGEST = 40_000
"""Characters of a written command."""


@dataclass(frozen=True, slots=True)
class Written:
    """A command with the texts of its arguments, as somebody wrote them."""

    command: Command
    texts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Misspelt:
    """What looks like a command that there is none of: how it was written, and those that may be meant."""

    name: str
    meant: tuple[str, ...]


def written(text: str, registry: Registry, *, slash: bool = True) -> Written | Misspelt | None:
    """Return the command that a message is, None for a message that is none.

    It is one when it begins with two hyphens, or the dash that stands for them, and the name of a command right after it; with
    `slash` a slash counts too. What is only close to a name counts as misspelt after two hyphens or a slash: after a dash, people
    write words.
    """
    found = _OPENING.match(text[:200])
    if found is None or (found["mark"] == "/" and not slash):
        return None
    name, rest = found["name"], text[found.end() : LONGEST].strip()
    second, _, after = rest.partition(" ")
    command = registry.find(f"{name} {second}") if second else None
    if command is not None:
        return Written(command, _texts(command, after.strip()))
    command = registry.find(name)
    if command is not None:
        return Written(command, _texts(command, rest))
    if found["mark"] in "—–―":
        return None
    if group := [each for each in registry.names if each.startswith(f"{name.lower()} ")]:
        return Misspelt(name, tuple(group))
    meant = registry.close_to(f"{name} {second}".strip()) or registry.close_to(name)
    return Misspelt(name, (meant,)) if meant else None


def _texts(command: Command, rest: str) -> dict[str, str]:
    """Return the texts of the arguments: one word each, or what stands in quotes; the last takes what is left.

    What is left when all have theirs is returned under the name '', so that reading the values refuses it.
    """
    texts, rest = _named(command, rest)
    left = [argument for argument in command.arguments if argument.name not in texts]
    for number, argument in enumerate(left):
        if not rest:
            break
        if argument.rest or number == len(left) - 1:
            texts[argument.name], rest = _unquoted(rest), ""
        else:
            texts[argument.name], rest = _word(rest)
    if rest:
        texts[""] = rest
    return texts


def _named(command: Command, rest: str) -> tuple[dict[str, str], str]:
    """Return the optional arguments that are named at the end, as `where=server`, and what stands before them."""
    optional = {argument.name for argument in command.arguments if not argument.required}
    texts: dict[str, str] = {}
    while found := _NAMED.search(rest):
        if found["name"] not in optional - texts.keys():
            break
        texts[found["name"]], rest = found["value"], rest[: found.start()]
    return texts, rest


def _word(rest: str) -> tuple[str, str]:
    end = _QUOTES.get(rest[0])
    if end and (close := rest.find(end, 1)) > 0:
        return rest[1:close], rest[close + 1 :].strip()
    word, _, after = rest.partition(" ")
    return word, after.strip()


def _unquoted(rest: str) -> str:
    """Return a text without the quotes that stand around all of it."""
    end = _QUOTES.get(rest[0])
    return rest[1:-1] if end and len(rest) > 1 and rest.endswith(end) and end not in rest[1:-1] else rest
