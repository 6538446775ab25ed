"""The double and the real host call the same hooks with the same facts, and keep the same chats."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .browser import HostPage
from .double import HostDouble, Residence
from .server import HostServer, place
from .trace import API, PAGE, PROBE, RECORDED, Notes, compact, recorded, walk

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def double(tmp_path: Path, lives: Residence, monkeypatch: pytest.MonkeyPatch) -> HostDouble:
    monkeypatch.setenv("PROBE_NOTES", str(tmp_path / "notes"))
    return HostDouble(tmp_path / "webui", PROBE, name="probe", lives=lives)


@pytest.mark.parametrize("action", [name for name, _ in (*PAGE, *API)])
def test_every_action_was_recorded_on_the_real_host(action: str) -> None:
    assert action in recorded()["steps"]


def test_the_double_calls_hooks_and_keeps_chats_as_the_real_host_did(double: HostDouble, tmp_path: Path) -> None:
    expected = recorded()
    with double as host:
        page, page_keys = walk(host, Notes(tmp_path / "notes"), PAGE)
        api, api_keys = walk(host, Notes(tmp_path / "notes"), API)
    assert {**page, **api} == expected["steps"]
    for door, keys in {**page_keys, **api_keys}.items():
        assert set(keys) <= set(expected["keys"][door])


def test_the_double_loads_and_reloads_an_extension_as_the_real_host_did(double: HostDouble, lives: Residence, tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes")
    with double as host:
        started = [compact(*call) for call in notes.new() if call[0] == "setup"]
        host.restart()
        restarted = [compact(*call) for call in notes.new() if call[0] == "setup"]
        host.restart([])
        host.say("Are you still there?")
        unticked = [call[0] for call in notes.new() if call[0] not in ("css", "js", "keys", "length")]
    assert [started, restarted, unticked] == recorded()["starts"][lives]


@pytest.mark.host
@pytest.mark.timeout(900)
def test_the_real_host_calls_hooks_and_keeps_chats_as_recorded(
    lives: Residence, fresh_copy: Callable[..., Path], host_python: Path, browser: Browser, tmp_path: Path
) -> None:
    webui, notes = fresh_copy(), Notes(tmp_path / "notes")
    place(webui, PROBE, "probe", lives)
    with HostServer(webui, host_python, extensions=["probe"], PROBE_NOTES=str(notes.path)) as server:
        page = HostPage(browser, server)
        started = [compact(*call) for call in notes.new() if call[0] == "setup"]
        steps, keys = walk(page, notes, PAGE)
        api_steps, api_keys = walk(page, notes, API)
        page.restart()
        restarted = [compact(*call) for call in notes.new() if call[0] == "setup"]
        page.restart({"probe": False})
        page.say("Are you still there?")
        unticked = [call[0] for call in notes.new() if call[0] not in ("css", "js", "keys", "ui", "length")]
        page.close()
    found = {"steps": {**steps, **api_steps}, "keys": {**keys, **api_keys}, "starts": {lives: [started, restarted, unticked]}}
    if os.environ.get("WEBUI_RECORD"):
        _record(found)
    expected = recorded()
    assert found["steps"] == expected["steps"]
    assert found["keys"] == expected["keys"]
    assert found["starts"][lives] == expected["starts"][lives]


def _record(found: dict[str, dict[str, object]]) -> None:
    known = recorded() if RECORDED.exists() else {"starts": {}}
    found["starts"] = {**known["starts"], **found["starts"]}
    RECORDED.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
