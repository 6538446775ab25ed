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

from .stores import Files, Servers, Stores, empty_database

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


PAIRS = ("files", pytest.param("servers", marks=pytest.mark.postgres))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what stands on stores over both pairs of them, unless it is marked as being about one."""
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    if "stores" in metafunc.fixturenames and "embedded" not in marks:
        metafunc.parametrize("stores", PAIRS[1:] if "postgres" in marks else PAIRS, indirect=True)


@pytest.fixture(scope="session")
def empty_diary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty diary, made once: running the migrations takes longer than most tests."""
    path = tmp_path_factory.mktemp("empty") / "diary.sqlite"
    database = Database(f"sqlite:///{path}")
    with database.read():
        pass
    database.close()
    return path


@pytest.fixture(scope="session")
def empty_template(postgres: str, worker: str) -> str:
    """The name of an empty diary on the PostgreSQL server, for this worker."""
    return empty_database(postgres, f"empty_{worker}")


@pytest.fixture
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """The stores of this test: SQLite and the embedded Chroma, or PostgreSQL and a Chroma server."""
    made = stores_of(getattr(request, "param", "files"), request)
    yield made
    made.drop()


def stores_of(kind: str, request: pytest.FixtureRequest) -> Stores:
    """Return new stores of a kind."""
    if kind == "files":
        return Files(request.getfixturevalue("empty_diary"))
    return Servers(*(request.getfixturevalue(name) for name in ("postgres", "chroma", "empty_template")))


@pytest.fixture
def data_dir(tmp_path: Path, stores: Stores) -> Path:
    """A data directory with an empty diary."""
    stores.make(tmp_path)
    return tmp_path


@pytest.fixture
def database(data_dir: Path, stores: Stores) -> Iterator[Database]:
    """An empty diary that waits for a lock only a moment."""
    opened = Database(stores.url(data_dir), lock_timeout=5)
    yield opened
    opened.close()


@pytest.fixture
def diary(database: Database) -> Diary:
    """An empty diary."""
    return Diary(database)


@pytest.fixture
def open_memories(data_dir: Path, stores: Stores) -> Iterator[Open]:
    """Open memories in the data directory of this test, as another process would; closed at the end, the newest first."""
    here = data_dir
    opened: list[Memories] = []

    def open_(data_dir: Path = here, embedder: object = None, lock_timeout: float = 5.0, patience: float = 20.0, url: str = "") -> Memories:
        database = Database(url or stores.url(data_dir), lock_timeout)
        opened.append(Memories(database, embedder or Hashing(), data_dir, patience, stores.server))
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
