"""The other end of apart.py: reads conversations and questions from standard input as JSON lines, and answers on standard output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

Find = Callable[[str, str], Sequence[int]]
"""Returns the indexes of the turns of a conversation that are found for a question, best first."""


def answer(start: Callable[[dict[str, Any]], tuple[Find, str]]) -> None:
    """Start with what is told first, say what runs, and answer until there is nothing more.

    Whatever else the packages print goes to standard error.
    """
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        find, about = start(json.loads(sys.stdin.readline()))
        print(json.dumps(about), file=out, flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            print(json.dumps(list(find(asked["conversation"], asked["question"]))), file=out, flush=True)
