"""`familiar mcp --http`: the SDK's own client over real HTTP on loopback, and who is not let in."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from extension.__main__ import app as program
from extension.app import App
from tests.loops import run

from .conftest import ANN, Server, answer_of, environ, tell

HELLO: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}},
}
ACCEPT = {"Accept": "application/json, text/event-stream"}


def post(server: Server, body: Any = HELLO, **headers: str) -> httpx.Response:
    given = {**ACCEPT, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.post(server.url, json=body, headers=given, timeout=240, trust_env=False)


def test_several_clients_at_once_beside_a_running_webui_lose_nothing(data_dir: Path, app: App) -> None:
    tell(app, "My cat is called Miso.")
    app.memories.settle()

    async def client(server: Server, name: str) -> list[int]:
        async with server.client() as session:
            calls = [session.call_tool("remember", {"text": f"The {name} tree number {number} is a walnut."}) for number in range(5)]
            return [answer_of(result)["id"] for result in await asyncio.gather(*calls)]

    async def clients(server: Server) -> list[list[int]]:
        return await asyncio.gather(*(client(server, name) for name in ("first", "second", "third")))

    async def seen(server: Server) -> list[str]:
        async with server.client() as session:
            found = answer_of(await session.call_tool("search", {"query": "cat Miso walnut tree", "limit": 50}))["memories"]
            return [entry["said"] for entry in found]

    with Server(data_dir, "--person", "ann") as server:
        numbers = [number for each in run(clients(server)) for number in each]
        tell(app, "My dog is called Biscuit.")
        found = run(seen(server))
    assert len(set(numbers)) == 15
    walnuts = {f"The {name} tree number {number} is a walnut." for name in ("first", "second", "third") for number in range(5)}
    assert set(found) == {"My cat is called Miso.", "My dog is called Biscuit."} | walnuts
    assert {memory.exchange.said for memory in app.memories.search("tree walnut", ANN, "Robin")} >= walnuts


def test_a_page_of_another_origin_or_name_is_not_answered(data_dir: Path) -> None:
    with Server(data_dir) as server:
        assert post(server).status_code == 200
        assert post(server, Origin="http://127.0.0.1:8000").status_code == 200
        assert post(server, Origin="http://evil.example").status_code == 403
        assert post(server, Host="evil.example").status_code == 421
        assert post(server, Host="127.0.0.1.evil.example:7862").status_code == 421


def test_malformed_and_huge_requests_are_refused_and_the_next_one_is_served(data_dir: Path) -> None:
    with Server(data_dir) as server:
        headers = {**ACCEPT, "Content-Type": "application/json"}
        assert httpx.post(server.url, content=b"{no json", headers=headers, trust_env=False).status_code == 400
        assert httpx.post(server.url, content=b" " * 1_000_001, headers=headers, trust_env=False).status_code == 413
        assert post(server, {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": {}}}).status_code in (200, 400)
        assert post(server).json()["result"]["serverInfo"]["name"] == "familiar"


def test_with_a_token_nobody_else_comes_in(data_dir: Path) -> None:
    async def found(server: Server, token: str) -> Any:
        async with server.client(token) as session:
            return answer_of(await session.call_tool("search", {"query": "anything"}))["memories"]

    with Server(data_dir, "--listen", "0.0.0.0", FAMILIAR_MCP_TOKEN="s3cret") as server:
        server.url = server.url.replace("0.0.0.0", "127.0.0.1")
        assert post(server).status_code == post(server, Authorization="Bearer s3cre").status_code == 401
        assert post(server, Authorization="Bearer s3cret").status_code == 200
        assert run(found(server, "s3cret")) == []
    assert "s3cret" not in (data_dir / "familiar.log").read_text(encoding="utf-8") + server.said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--http", "--listen", "0.0.0.0"], "Set FAMILIAR_MCP_TOKEN, or leave --listen at 127.0.0.1."),
        (["--http", "--listen", "::"], "Set FAMILIAR_MCP_TOKEN"),
        (["--scope", "everything"], "it is companion or person."),
        (["--person", ""], "FAMILIAR_PERSON"),
    ],
)
def test_what_would_not_be_right_is_said_before_anything_starts(data_dir: Path, arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(program, ["mcp", *arguments], env=environ(data_dir))
    assert done.exit_code in (1, 2)
    assert message in done.stderr
    assert not data_dir.exists()


def test_a_taken_port_is_a_sentence(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = CliRunner().invoke(program, ["mcp", "--http", "--port", str(port)], env=environ(data_dir))
    assert done.exit_code == 1
    assert f"127.0.0.1:{port} cannot be listened on" in done.stderr
    assert "--port 0 takes a free one" in done.stderr
