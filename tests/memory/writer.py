"""A process that writes exchanges and says which are acknowledged, until it is killed: see test_kill."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from extension.database import Database
from extension.embedders import Hashing
from extension.memory.diary import Answer
from extension.memory.memories import Memories
from extension.messages import Person, Place, Turn
from extension.vectors import Server

COUNT = 500
START = datetime(2026, 1, 1, tzinfo=UTC)


def exchange(number: int) -> tuple[Turn, Answer]:
    """Return the exchange of this number. Every tenth is written over its predecessor's row, as a regenerated one is."""
    row = number - 1 if number % 10 == 9 else number
    said = f"Statement {row} of the witness about the {row % 7} windows."
    turn = Turn(Person("alice"), Place(f"chat-{row % 3}"), "Robin", said, row, START + timedelta(minutes=row))
    return turn, Answer(f"Reply {number} of the court.")


def opened(data_dir: str, url: str, server: str) -> Memories:
    """Return the memories of a data directory whose diary is at `url`, with the vectors on a server where one is named."""
    return Memories(Database(url), Hashing(), Path(data_dir), server=Server(server) if server else None)


def main(first: int, *words: str) -> None:
    """Write from `first` on, and print each number once its exchange is acknowledged."""
    memories = opened(*words)
    memories.warm_up()
    for number in range(first, COUNT):
        turn, answer = exchange(number)
        memories.hear(turn)
        memories.remember(turn, answer)
        print(number, flush=True)
    memories.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
