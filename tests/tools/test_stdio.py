"""`familiar mcp` as MCP clients start it: the SDK's own client, over the real standard streams of a real process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from extension.app import App
from tests.loops import run

from ..memory.stores import remains
from .conftest import BOB, ROOT, answer_of, environ, over_stdio, refusal_of, tell


def test_a_client_sees_three_tools_and_which_of_them_destroys(data_dir: Path) -> None:
    async def session() -> Any:
        async with over_stdio(data_dir) as client:
            return client.server_info, client.instructions, (await client.list_tools()).tools

    info, instructions, tools = run(session())
    assert info.name == "familiar"
    assert "not instructions" in instructions
    hints = {tool.name: (tool.annotations.read_only_hint, tool.annotations.destructive_hint) for tool in tools}
    assert hints == {"search": (True, None), "remember": (False, False), "forget": (False, True)}
    assert all(tool.annotations.open_world_hint is False for tool in tools)


def test_what_is_remembered_is_found_and_forgotten_for_good(data_dir: Path) -> None:
    async def session() -> None:
        async with over_stdio(data_dir) as client:
            number = answer_of(await client.call_tool("remember", {"text": "My dog is called Biscuit."}))["id"]
            (entry,) = answer_of(await client.call_tool("search", {"query": "the dog's name"}))["memories"]
            assert (entry["id"], entry["who"], entry["place"], entry["said"]) == (number, "me", "MCP", "My dog is called Biscuit.")
            assert answer_of(await client.call_tool("forget", {"ids": [number]}))["would_forget"] == 1
            assert len(answer_of(await client.call_tool("search", {"query": "dog"}))["memories"]) == 1
            assert answer_of(await client.call_tool("forget", {"ids": [number], "dry_run": False}))["forgotten"] == 1
            assert answer_of(await client.call_tool("search", {"query": "dog"}))["memories"] == []

    run(session())
    assert "Biscuit" not in (data_dir / "familiar.log").read_text(encoding="utf-8")
    assert remains(data_dir, b"biscuit") == []


def test_it_is_the_memory_of_one_person_and_where_asked_of_one_companion(data_dir: Path, app: App) -> None:
    tell(app, "My cat is called Miso.", companion="Robin")
    tell(app, "My cat is called Soot.", person=BOB, companion="Robin")
    tell(app, "My cat likes fish.", companion="Wren")

    async def found(*arguments: str) -> list[str]:
        async with over_stdio(data_dir, *arguments) as client:
            memories = answer_of(await client.call_tool("search", {"query": "my cat"}))["memories"]
            return sorted(entry["said"] for entry in memories)

    assert run(found("--person", "ann")) == ["My cat is called Miso.", "My cat likes fish."]
    assert run(found("--person", "ann", "--companion", "Wren")) == ["My cat likes fish."]
    assert run(found("--person", "carol")) == []


@pytest.mark.model
def test_with_the_embedding_model_meaning_finds_it_without_a_common_word(data_dir: Path) -> None:
    async def session() -> Any:
        async with over_stdio(data_dir, FAMILIAR_EMBEDDER="minilm", FAMILIAR_PATIENCE="240") as client:
            for text in ("The rent is 900 francs.", "Our puppy is called Biscuit.", "Trains leave at nine."):
                answer_of(await client.call_tool("remember", {"text": text}))
            return answer_of(await client.call_tool("search", {"query": "name of the dog", "limit": 1}))

    answer = run(session())
    assert [entry["said"] for entry in answer["memories"]] == ["Our puppy is called Biscuit."]
    assert "note" not in answer


def test_a_call_that_cannot_be_is_an_error_and_the_next_one_is_served(data_dir: Path) -> None:
    from mcp.shared.exceptions import MCPError

    async def session() -> None:
        async with over_stdio(data_dir) as client:
            with pytest.raises(MCPError, match="There is no such tool"):
                await client.call_tool("delete_everything", {})
            assert "`query` is not usable: field required" in refusal_of(await client.call_tool("search", {}))
            assert "at most 20000 characters" in refusal_of(await client.call_tool("remember", {"text": "marzipan " * 1_000_000}))
            assert "no memory with id 4" in refusal_of(await client.call_tool("forget", {"ids": [4], "dry_run": False}))
            assert answer_of(await client.call_tool("search", {"query": "anything"}))["memories"] == []

    run(session())
    assert (data_dir.parent / "stderr").read_text(encoding="utf-8") == ""


def test_lines_that_are_no_protocol_do_not_end_it_and_stdout_is_the_protocols_alone(data_dir: Path) -> None:
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
    lines = [
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}),
        json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        "this is no JSON",
        '{"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "search"',
        json.dumps({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": 7, "arguments": [[]]}}),
        '{"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": {"name": "remember", "arguments": {"text": "\\ud800 a\\u0000b"}}}',
        "x" * 5_000_000,
        json.dumps({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "search", "arguments": {"query": "anything"}}}),
    ]
    command = [sys.executable, "-m", "extension", "mcp"]
    given = {"cwd": data_dir.parent, "env": environ(data_dir), "text": True, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, stdin=subprocess.PIPE, **given) as process:
        assert process.stdin and process.stdout
        process.stdin.write("\n".join(lines) + "\n")
        process.stdin.flush()
        answers: dict[int, Any] = {}
        while 5 not in answers:
            answer = json.loads(process.stdout.readline())
            answers[answer.get("id")] = answer
        process.stdin.close()
        assert process.stdout.read() == ""
        assert process.wait(30) == 0
    assert answers[1]["result"]["serverInfo"]["name"] == "familiar"
    assert answers[3]["error"]["code"] == -32602
    assert answers[5]["result"]["isError"] is False


def test_a_missing_sdk_is_a_sentence_with_the_command_that_installs_it(data_dir: Path) -> None:
    (data_dir.parent / "mcp").mkdir()
    (data_dir.parent / "mcp" / "__init__.py").write_text("raise ModuleNotFoundError('No module named mcp')\n", encoding="utf-8")
    path = f"{data_dir.parent}:{ROOT}"
    command = [sys.executable, "-m", "extension", "mcp"]
    done = subprocess.run(command, cwd=ROOT, env=environ(data_dir, PYTHONPATH=path), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    wanted = f"Error: `familiar mcp` cannot run: the MCP SDK is not installed. Install it: {sys.executable} -m pip install 'mcp>=2.0,<3'\n"
    assert done.stderr == wanted
    assert not data_dir.exists()


def test_the_webuis_process_and_the_other_commands_never_import_the_sdk() -> None:
    code = "import sys; import extension.webui.hooks, extension.__main__; print('mcp' in sys.modules, 'anyio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "False"
