"""What the tests against the real host share: one environment, and one private copy of the checkout to start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..models import smollm2_folder
from . import environment
from .browser import chromium as opened_chromium
from .double import ECHO, Residence
from .server import copy_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SHOTS = environment.ROOT / ".cache" / "host-shots"
"""Pictures of the page at the moment a test failed."""


@pytest.fixture(scope="session")
def host_python(webui: Path) -> Path:
    """A Python that runs the host."""
    return environment.python_for(webui)


@pytest.fixture(scope="session")
def fresh_copy(webui: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes private copies of the checkout, with the model and a tool in, and settings by keyword."""

    def make(**settings: Any) -> Path:
        copy = copy_of(webui, tmp_path_factory.mktemp("host") / "webui", smollm2_folder(), **settings)
        (copy / "user_data" / "tools").mkdir(parents=True, exist_ok=True)
        (copy / "user_data" / "tools" / "echo.py").write_text(ECHO, encoding="utf-8")
        return copy

    return make


@pytest.fixture(scope="session")
def browser(webui: Path) -> Iterator[Browser]:
    """Debian's Chromium, open for all tests of the real host."""
    with opened_chromium() as opened:
        yield opened


@pytest.fixture(scope="module", params=["user", "bundled"])
def lives(request: pytest.FixtureRequest) -> Residence:
    """Where the extension lives: in user_data/extensions, or in extensions."""
    chosen: Residence = request.param
    return chosen
