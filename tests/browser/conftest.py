"""Chromium, a server of the chat, and windows that must neither complain nor ask anybody else for anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from .server import Server
from .window import Window

expect.set_options(timeout=60_000)
Opener = Callable[..., Window]


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    """Starts servers, and stops them once all windows are closed."""
    servers: list[Server] = []

    def started(data_dir: Path, command: list[str] | None = None, **environ: str) -> Server:
        servers.append(Server(data_dir, command, **environ))
        return servers[-1].start()

    yield started
    for server in servers:
        server.stop()


@pytest.fixture
def open_window(browser: Browser, start: object) -> Iterator[Opener]:
    """Opens windows; at the end none of them may have complained, or asked another machine for anything."""
    complaints: list[str] = []
    contexts = []

    def opened(url: str, **options: object) -> Window:
        context = browser.new_context(**{"viewport": {"width": 1400, "height": 900}, "locale": "en-GB", **options})  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(60_000)
        context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("request", lambda request: complaints.append(request.url) if outside(request.url, url) else None)
        context.on("response", lambda response: complaints.append(f"{response.status} {response.url}") if response.status >= 400 else None)
        return Window(context.new_page(), url)

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def window(open_window: Opener, server: Server) -> Window:
    return open_window(server.url).open()


@pytest.fixture
def images(root: Path) -> Path:
    return root / "docs" / "images"


def outside(asked: str, url: str) -> bool:
    return not asked.startswith((url, "data:", "blob:"))
