"""What every test stands on: no network, no settings from outside, and the real webui only where it was named."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from extension.database import Database
from extension.memory.diary import Diary

from .memory.stores import Files, Servers, Stores, empty_database
from .servers import address, programs

ROOT = Path(__file__).resolve().parent.parent
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
QUIET = {
    "ANONYMIZED_TELEMETRY": "False",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_OFFLINE": "1",
}

PAIRS = ("files", pytest.param("servers", marks=pytest.mark.postgres))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--webui", type=Path, help="folder of a real text-generation-webui, for the tests marked `host`")
    parser.addoption("--rounds", type=int, default=0, help="rounds of tests in which everything goes wrong; 0: the few they usually have")
    parser.addoption("--seed", type=int, default=6, help="what these throw their dice by")


def pytest_configure(config: pytest.Config) -> None:
    webui = config.getoption("--webui")
    if webui and not (webui / "server.py").is_file():
        raise pytest.UsageError(f"--webui {webui}: there is no server.py in it.")
    for name in [name for name in os.environ if name.startswith("FAMILIAR_") or name == "OPENAI_API_KEY"]:
        del os.environ[name]
    os.environ.update(QUIET)
    with suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background starts with SIGINT ignored
    home = tempfile.mkdtemp(prefix="familiar-tests-")
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    os.environ["XDG_DATA_HOME"] = home


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--webui"):
        return
    reason = "no text-generation-webui was named: make host-test WEBUI=/path/to/text-generation-webui"
    for item in items:
        if item.get_closest_marker("host"):
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what stands on stores over both pairs of them, unless it is marked as being about one."""
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    if "stores" in metafunc.fixturenames and "embedded" not in marks:
        metafunc.parametrize("stores", PAIRS[1:] if "postgres" in marks else PAIRS, indirect=True)


@pytest.fixture(scope="session")
def webui(request: pytest.FixtureRequest) -> Path:
    """The folder of the real webui that was named with --webui."""
    named: Path = request.config.getoption("--webui")
    return named.resolve()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium that Playwright can drive."""
    found = next((path for path in map(shutil.which, CHROMIUMS) if path), None)
    if not found:
        pytest.fail("There is no Chromium: run `make chromium`, or leave these tests out with -m 'not browser'.")
    return found


@pytest.fixture(scope="session")
def postgres() -> str:
    """The URL of this run's PostgreSQL; its user may make databases."""
    if programs() is None:
        pytest.fail("There is no PostgreSQL: run `make postgresql`, or leave these tests out with -m 'not postgres'.")
    return address("postgres")


@pytest.fixture(scope="session")
def chroma() -> str:
    """The URL of this run's Chroma server."""
    return address("chroma")


@pytest.fixture(scope="session")
def worker() -> str:
    """The name of this process among those that share the tests."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture
def root() -> Path:
    """The folder of the repository."""
    return ROOT


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
