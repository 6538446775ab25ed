"""A call: a command that somebody gave, with everything it may use to do what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..messages import Person, Place
from ..permissions.authorizer import Asker
from ..permissions.level import Level

if TYPE_CHECKING:
    from ..app import App
    from .command import Command
    from .registry import Registry
    from .scene import Scene


@dataclass(frozen=True, slots=True)
class Call:
    """A command, the values of its arguments, and who gave it where. Nobody gets one for a command they may not use."""

    app: App
    registry: Registry
    command: Command
    scene: Scene
    level: Level
    """Of who gave it."""
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        """Return the value of an argument; None where it was left out."""
        return self.values.get(name)

    @property
    def asker(self) -> Asker:
        """Who gave it, with what their level follows from."""
        return self.scene.asker

    @property
    def person(self) -> Person:
        """Who gave it."""
        return self.scene.asker.person

    @property
    def place(self) -> Place:
        """Where it was given."""
        return self.scene.asker.place
