"""The registry: every command there is, by its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from ..errors import NotFound
from ..permissions.level import Level
from .command import Command


class Registry:
    """Commands by their names and aliases. Two of the same name are a mistake of ours, and raise ValueError."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self._by_name: dict[str, Command] = {}
        self._commands: list[Command] = []
        for command in commands:
            self._commands.append(command)
            for name in (command.name, *command.aliases):
                if name in self._by_name:
                    raise ValueError(f"two commands are called {name}")
                self._by_name[name] = command

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands)

    def __len__(self) -> int:
        return len(self._commands)

    @property
    def names(self) -> list[str]:
        """All names and aliases."""
        return list(self._by_name)

    def find(self, name: str) -> Command | None:
        """Return the command of a name, written with hyphens, underscores or capitals; None where there is none."""
        return self._by_name.get(plain(name))

    def get(self, name: str) -> Command:
        """Return the command of a name. Raises NotFound with the one that may be meant."""
        found = self.find(name)
        if found is None:
            meant = self.close_to(name)
            raise NotFound(f"There is no command {name[:60]}." + (f" Did you mean {meant}?" if meant else " `commands` lists them."))
        return found

    def close_to(self, name: str) -> str:
        """Return the name that may be meant by a misspelt one, '' for none."""
        close = get_close_matches(plain(name)[:60], self._by_name, n=1, cutoff=0.8)
        return close[0] if close else ""

    def up_to(self, level: Level) -> list[Command]:
        """Return the commands that somebody of a level may use, in order of their names."""
        return sorted((command for command in self._commands if command.level <= level), key=lambda command: command.name)


def plain(name: str) -> str:
    """Return a name as the registry has it: `Set_Config` is `set-config`."""
    return " ".join(name.strip().lower().replace("_", "-").split())
