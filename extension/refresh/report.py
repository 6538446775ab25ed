"""What became of the words on their way to a training set: counts only, and never the words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Share:
    """What somebody has in it."""

    id: str
    name: str
    """As the model is shown it."""
    lines: int
    """Messages that were kept."""
    learned: bool
    """Whether the model learns to say them; otherwise they are context."""
    because: str = ""
    """Why they are not learned: `no consent`, `masked`, `not among the authors`."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was dropped by reason, redacted by kind, and who is left."""

    lines: int
    """Messages there were."""
    kept: int
    turns: int
    """What they are after messages in a row were joined."""
    dropped: Mapping[str, int]
    redacted: Mapping[str, int]
    people: tuple[Share, ...]
    """Who has most first."""

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "lines": self.lines,
            "kept": self.kept,
            "turns": self.turns,
            "dropped": dict(Counter(self.dropped).most_common()),
            "redacted": dict(Counter(self.redacted).most_common()),
            "people": [
                {"id": each.id, "name": each.name, "lines": each.lines, "learned": each.learned, "because": each.because}
                for each in self.people
            ],
        }
