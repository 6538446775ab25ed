"""What the tests of memory share: real SQLite and real Chroma in a temporary folder, and people to talk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from extension.database import Database
from extension.embedders import Hashing
from extension.memory.diary import Answer, Diary
from extension.memory.memories import Memories
from extension.messages import Person, Place, Turn

from .stores import Stores

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
ALICE = Person("alice", "Alice")
BOB = Person("bob", "Bob")
KITCHEN = Place("kitchen")
"""A private place."""
CHANNEL = Place("channel", shared=True, title="#general")


def turn(said: str, row: int = 0, *, person: Person = ALICE, place: Place = KITCHEN, companion: str = "Robin", branch: str = "") -> Turn:
    """Return a turn; each row is a minute later than the one before it."""
    return Turn(person, place, companion, said, row, NOON + timedelta(minutes=row), branch)


Open = Callable[..., Memories]


@pytest.fixture
def open_memories(data_dir: Path, stores: Stores) -> Iterator[Open]:
    """Open memories in the data directory of this test, as another process would; closed at the end, the newest first."""
    here = data_dir
    opened: list[Memories] = []

    def open_(data_dir: Path = here, embedder: object = None, lock_timeout: float = 5.0, patience: float = 20.0, url: str = "") -> Memories:
        database = Database(url or stores.url(data_dir), lock_timeout)
        opened.append(Memories(database, embedder or Hashing(), data_dir, patience, server=stores.server))
        return opened[-1]

    yield open_
    for memories in reversed(opened):
        memories.close()


@pytest.fixture
def memories(open_memories: Open) -> Memories:
    """Empty memories."""
    return open_memories()


def told(where: Memories | Diary, *rows: tuple[str, str], **turn_of: object) -> list[int]:
    """Write rows of (said, reply) one after the other and return their ids."""
    write = where.remember if isinstance(where, Memories) else where.write
    return [write(turn(said, number, **turn_of), Answer(reply)) for number, (said, reply) in enumerate(rows)]
