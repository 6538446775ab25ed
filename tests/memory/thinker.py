"""A process that notes facts and sums up, and says after each step what it did, until it is killed: see test_thinking."""

from __future__ import annotations

import re
import sys

from extension.hosts.scripted import Scripted
from extension.memory.summarising import Sizes

from .writer import opened

NOTE = re.compile(r"number (\d+)")
SIZES = Sizes(200, 60)


def noting(messages) -> str:
    """Note the number in the last message, or sum up."""
    found = NOTE.search(messages[-1].content)
    return f"Alice | number | {found[1]}" if found else "NONE"


def main(*words: str) -> None:
    """Work, and print a line after each step."""
    memories = opened(*words)
    while memories.fact_finding.step(Scripted(noting), lambda: False) or memories.summarising.step(
        Scripted(), SIZES, "extract", lambda: False
    ):
        print("done", flush=True)
    memories.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
