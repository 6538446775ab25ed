"""A process that forgets and kills itself on the way: see test_forgetting."""

from __future__ import annotations

import os
import signal
import sys

from extension.memory import forgetting

from .writer import opened

TRANSACTION = -1
"""The step in which the diary has taken the rows out and not yet said so."""


def die(*_: object) -> None:
    """End as if the power had gone."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(step: int, ids: str, *words: str) -> None:
    """Forget exchanges, and die before the step of erasing of this number; after the last one for a greater number."""
    memories = opened(*words)
    memories.settle()
    if step == TRANSACTION:
        remove = forgetting.remove
        forgetting.remove = lambda *given: die(remove(*given))
    steps = list(memories.forgetting._steps)
    steps.insert(max(step, 0), die)
    memories.forgetting._steps = tuple(steps)
    memories.forget([int(number) for number in ids.split(",")])


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
