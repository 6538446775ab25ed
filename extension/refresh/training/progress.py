"""How a training goes on, in two files of its run folder: `log.jsonl`, a line for each logged step, and `progress.json`, the last word."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from ...settings import replace_text

State = Literal["waiting", "starting", "training", "done", "stopped", "failed", "killed"]
"""`stopped` was asked to; `failed` says why in `trouble`; `killed` ended without a word. All three can be resumed."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training has come."""

    state: State = "waiting"
    step: int = 0
    steps: int = 0
    loss: float | None = None
    """Of the last logged steps, on the tokens that are learned, in nats."""
    eval_loss: float | None = None
    learning_rate: float | None = None
    tokens_per_second: float | None = None
    """Data, without padding."""
    memory: int = 0
    """Peak so far in bytes: of the graphics card, or of the process where there is none."""
    eta: float | None = None
    """Seconds left."""
    trouble: str = ""
    """What went wrong, and what to do next."""
    pid: int = 0
    updated: str = ""
    """ISO 8601, UTC."""

    def write(self, path: Path) -> None:
        """Write it whole. Raises StoreError."""
        stamped = asdict(self) | {"pid": os.getpid(), "updated": datetime.now(UTC).isoformat(timespec="seconds")}
        replace_text(path, json.dumps(stamped))


def read(path: Path) -> Progress:
    """Return the last word of a training; that it waits where it said none, or nothing that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Progress(**{name: value for name, value in found.items() if name in Progress.__slots__})
    except (OSError, ValueError, TypeError, AttributeError):
        return Progress()


class Log:
    """The lines of `log.jsonl`: `step`, and `loss`, `learning_rate`, `tokens_per_second`, `memory`, `eta`, or `eval_loss`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, line: Mapping[str, Any]) -> None:
        """Write a line, to the disk. Raises OSError."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines in order. Half a line, which a kill leaves, is none."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except OSError:
            return []
        return [line for raw in text.splitlines() if (line := _line(raw)) is not None]

    def cut(self, step: int) -> None:
        """Forget what was logged after a step, which is trained again. Raises StoreError."""
        kept = [line for line in self.lines() if line["step"] <= step]
        replace_text(self._path, "".join(json.dumps(line) + "\n" for line in kept))

    def losses(self, name: str = "loss") -> list[tuple[int, float]]:
        """Return the steps and their losses, or `eval_loss`."""
        return [(line["step"], float(line[name])) for line in self.lines() if isinstance(line.get(name), int | float)]


def _line(raw: str) -> dict[str, Any] | None:
    try:
        found = json.loads(raw)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("step"), int) else None


BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: list[float], width: int = 40) -> str:
    """Return numbers as a line of bars, the means of equal parts where there are more than fit."""
    if not values:
        return ""
    width = min(width, len(values))
    cuts = [round(part * len(values) / width) for part in range(width + 1)]
    means = [sum(values[begin:end]) / (end - begin) for begin, end in pairwise(cuts)]
    low, span = min(means), max(means) - min(means)
    return "".join(BARS[round((each - low) / span * (len(BARS) - 1)) if span else 0] for each in means)
