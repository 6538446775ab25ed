"""What every test stands on: no network, no settings from outside, and the real webui only where it was named."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--webui", type=Path, help="folder of a real text-generation-webui, for the tests marked `host`")


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
