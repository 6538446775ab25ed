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

COUNT = 500
START = datetime(2026, 1, 1, tzinfo=UTC)


def exchange(number: int) -> tuple[Turn, Answer]:
    """Return the exchange of this number. Every tenth is written over its predecessor's row, as a regenerated one is."""
    row = number - 1 if number % 10 == 9 else number
    said = f"Statement {row} of the witness about the {row % 7} windows."
    turn = Turn(Person("alice"), Place(f"chat-{row % 3}"), "Robin", said, row, START + timedelta(minutes=row))
    return turn, Answer(f"Reply {number} of the court.")


def main(data_dir: Path, first: int) -> None:
    """Write from `first` on, and print each number once its exchange is acknowledged."""
    memories = Memories(Database(f"sqlite:///{data_dir / 'diary.sqlite'}"), Hashing(), data_dir)
    memories.warm_up()
    for number in range(first, COUNT):
        turn, answer = exchange(number)
        memories.hear(turn)
        memories.remember(turn, answer)
        print(number, flush=True)
    memories.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
