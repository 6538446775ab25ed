"""The levels of people: what somebody may do follows from theirs, and from nothing else."""

from __future__ import annotations

from enum import IntEnum

from ..options.kinds import one_of


class Level(IntEnum):
    """How much somebody may do; each may do what those below may."""

    IGNORED = 0
    VISIBLE = 1
    MOD = 2
    ADMIN = 3
    OWNER = 4

    @property
    def shown(self) -> str:
        """Its name, in lower case."""
        return self.name.lower()


NAMES = tuple(level.shown for level in Level)
DEFAULT = "default"
"""The word that takes a saved level back."""


def level_named(text: str) -> Level:
    """Return the level of a name or a number. Raises CommandRefused."""
    found = text.strip()
    if found in {str(level.value) for level in Level}:
        return Level(int(found))
    return Level[one_of(found, NAMES, "level").upper()]


def may_change(own: Level, present: Level, wanted: Level, *, oneself: bool) -> bool:
    """Return whether somebody may change a level: both what it is and what it would be lie below theirs, and it is not their own."""
    return not oneself and present < own and wanted < own


def grantable(own: Level, present: Level, *, oneself: bool) -> list[Level]:
    """Return the levels that somebody may give to a person of a level."""
    return [level for level in Level if may_change(own, present, level, oneself=oneself)]
