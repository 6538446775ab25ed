"""A call: a command that somebody gave, with everything it may use to do what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..messages import Person, Place
from ..permissions.level import Level

if TYPE_CHECKING:
    from ..app import App
    from .command import Command
    from .registry import Registry

Door = Literal["terminal", "chat", "panel", "webui", "discord", "matrix", "memory"]


@dataclass(frozen=True, slots=True)
class Call:
    """A command, the values of its arguments, and who gave it where. Nobody gets one for a command they may not use."""

    app: App
    registry: Registry
    command: Command
    person: Person
    place: Place
    level: Level
    """Of the person."""
    door: Door
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        """Return the value of an argument; None where it was left out."""
        return self.values.get(name)
