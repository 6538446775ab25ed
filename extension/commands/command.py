"""What a command is: declared once with its arguments, and the same at every door."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CommandRefused
from ..options.kinds import Kind
from ..permissions.level import Level
from .plain.examples import examples

if TYPE_CHECKING:
    from .call import Call


REASON = "reason"
"""The name of an argument that is kept in the record."""


@dataclass(frozen=True, slots=True)
class Argument:
    """What a command is told. `rest` takes everything that is left, spaces and lines included."""

    name: str
    """As in `set-config NAME VALUE`, in lower case."""
    kind: Kind
    help: str
    required: bool = True
    rest: bool = False
    choices: Callable[[Call], Sequence[str]] | None = None
    """What may be said here, by this person; for completion, the best first."""

    @property
    def shown(self) -> str:
        """The argument as it stands in the help."""
        return self.name.upper() if self.required else f"[{self.name.upper()}]"


@dataclass(frozen=True, slots=True)
class File:
    """A file that comes with an answer: its content, or where it lies."""

    name: str
    content: bytes = b""
    path: Path | None = None

    def read(self) -> bytes:
        """Return its content. Raises OSError."""
        return self.path.read_bytes() if self.path else self.content


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to. None of it ever becomes part of a conversation."""

    text: str = ""
    """Shown in a code block."""
    files: tuple[File, ...] = ()
    private: bool = False
    """Whether only who asked may see it."""
    link: str = ""
    """An address, shown below the text so that it can be followed."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command. `run` does what it says and returns what to show; it may raise any FamiliarError, whose text is shown then."""

    name: str
    """Words with hyphens, `set-config`; a second word names what one of several does, `permissions set`."""
    help: str
    run: Callable[[Call], Outcome]
    arguments: tuple[Argument, ...] = ()
    level: Level = Level.VISIBLE
    """Of those who may use it."""
    changes: bool = False
    """Whether it changes or destroys something, so that plain language asks first."""
    asks: bool = False
    """Whether it asks first however it was given."""
    aliases: tuple[str, ...] = ()
    on_message: bool = False
    """Whether it acts on one message, and is offered where one is chosen."""
    spends: bool = False
    """Whether it keeps the machine busy, so that it counts against what a person may spend."""

    @property
    def usage(self) -> str:
        """How it is written: `set-config NAME VALUE`."""
        return " ".join((self.name, *(argument.shown for argument in self.arguments)))

    @property
    def examples(self) -> tuple[str, ...]:
        """Plain sentences that mean it; none for a command that plain language never reaches."""
        return examples(self.name)

    def read(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Return the values of its arguments; None for what was left out. Raises CommandRefused that names the argument."""
        values: dict[str, Any] = {}
        for argument in self.arguments:
            text = texts.get(argument.name, "")
            if not text.strip():
                if argument.required:
                    raise CommandRefused(f"{argument.name.upper()} is missing. Write it so: {self.usage}")
                values[argument.name] = None
                continue
            try:
                values[argument.name] = argument.kind.read(text)
            except CommandRefused as exc:
                raise CommandRefused(f"{argument.name.upper()}: {exc}") from None
        if unknown := sorted(set(texts) - values.keys()):
            what = f"There is no argument {unknown[0]}." if unknown[0] else "That is more than it takes."
            raise CommandRefused(f"{what} Write it so: {self.usage}")
        return values
