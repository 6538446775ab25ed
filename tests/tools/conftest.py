"""What the tests of the tools share: a memory of several people, and the server as a process with the SDK's own client."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from extension.app import App, build
from extension.memory.diary import Answer
from extension.messages import Person, Place, Turn
from extension.settings import load

ROOT = Path(__file__).resolve().parent.parent.parent
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
ANN, BOB = Person("ann", "Ann"), Person("bob", "Bob")
SOFA, CHANNEL = Place("sofa", title="On the sofa"), Place("channel", shared=True, title="#garden")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def app(data_dir: Path) -> Iterator[App]:
    """An application of its own over the data directory, as a running webui holds one."""
    opened = build(load({}, data_dir=data_dir, embedder="hashing", lock_timeout=5))
    yield opened
    opened.close()


def tell(app: App, said: str, reply: str = "", *, person: Person = ANN, place: Place = SOFA, companion: str = "Robin") -> int:
    """Write an exchange and return its id."""
    row = app.memories.next_row(place.id)
    number = app.memories.remember(Turn(person, place, companion, said, row, NOON + timedelta(days=row)), Answer(reply))
    assert number is not None
    return number


def environ(data_dir: Path, **further: str) -> dict[str, str]:
    """The environment of a server over a data directory."""
    ours = {"FAMILIAR_DATA_DIR": str(data_dir), "FAMILIAR_EMBEDDER": "hashing", "FAMILIAR_LOCK_TIMEOUT": "30", "PYTHONPATH": str(ROOT)}
    return {**os.environ, **ours, **further}


@asynccontextmanager
async def over_stdio(data_dir: Path, *arguments: str, **further: str) -> AsyncIterator[Any]:
    """Yield the SDK's client of `familiar mcp`, started as MCP clients do."""
    from mcp.client.client import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client

    command = ["-m", "extension", "mcp", *arguments]
    with (data_dir.parent / "stderr").open("w", encoding="utf-8") as stderr:
        server = StdioServerParameters(command=sys.executable, args=command, env=environ(data_dir, **further), cwd=data_dir.parent)
        async with Client(stdio_client(server, errlog=stderr)) as client:
            yield client


class Server:
    """`familiar mcp --http` as a process, at a port of its own."""

    def __init__(self, data_dir: Path, *arguments: str, **further: str) -> None:
        command = [sys.executable, "-m", "extension", "mcp", "--http", "--port", "0", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(command, cwd=data_dir.parent, env=environ(data_dir, **further), text=True, **pipes)
        assert self.process.stderr
        self.said = self.process.stderr.readline()
        self.url = self.said.split(" is at ")[1].split()[0] if " is at " in self.said else ""
        assert self.url, self.said + self.process.stderr.read()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=240)
        assert out == "", "standard output is for nothing else"

    @asynccontextmanager
    async def client(self, token: str = "") -> AsyncIterator[Any]:
        """Yield the SDK's client of this server."""
        import httpx2
        from mcp.client.client import Client
        from mcp.client.streamable_http import streamable_http_client

        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=240, trust_env=False) as http,
            Client(streamable_http_client(self.url, http_client=http)) as client,
        ):
            yield client


def answer_of(result: Any) -> Any:
    """Return what a tool answered, which stands twice in the result: as a value and as text."""
    assert not result.is_error, result.content
    (text,) = result.content
    assert json.loads(text.text) == result.structured_content
    return result.structured_content


def refusal_of(result: Any) -> str:
    """Return why a tool refused."""
    assert result.is_error
    assert result.structured_content is None
    return str(result.content[0].text)
