"""The tools of `make install` on the real webui: ticked on its page, loaded, called and answered by its own code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from . import environment
from .browser import HostPage
from .conftest import SHOTS
from .double import Residence
from .scene import EXTENSION, RealScene, real_scene
from .server import HostServer, place

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CALLER = Path(__file__).with_name("caller")


def call(host: HostPage, name: str, **arguments: Any) -> Any:
    """Let the model call a tool in a turn of its own, and return what the tool answered."""
    host.say(f"Please call {name} {json.dumps(arguments)}")
    saved = host.saved()
    assert saved, "an incognito chat is not on disk"
    (_, answer) = saved["metadata"][f"assistant_{len(saved['internal']) - 1}"]["tool_sequence"]
    return json.loads(answer["content"])


@pytest.mark.host
@pytest.mark.timeout(900)
def test_the_model_of_the_real_webui_searches_and_adds_to_memory(
    fresh_copy: Callable[..., Path], host_python: Path, lives: Residence, browser: Browser, tmp_path: Path
) -> None:
    webui = fresh_copy()
    assert "remember_this and search_memory" in environment.install(webui, host_python)
    place(webui, EXTENSION, "familiar", lives)
    place(webui, CALLER, "caller", lives)
    shots = SHOTS / f"{lives}-tools"
    with HostServer(webui, host_python, extensions=("familiar", "caller"), FAMILIAR_DATA_DIR=str(tmp_path)) as server:
        with real_scene(browser, server, tmp_path, shots) as scene:
            _use(scene)
        assert "Traceback" not in server.log


def _use(scene: RealScene) -> None:
    host = scene.host
    for tool in ("search_memory", "remember_this"):
        host.use_tool(tool)
    host.new_chat()
    host.say("My dog is called Biscuit.")
    host.new_chat()
    found = call(host, "search_memory", query="the dog's name")
    assert [entry["said"] for entry in found["memories"]] == ["My dog is called Biscuit."]
    noted = call(host, "remember_this", text="Their boat is called Pelican.")
    assert scene.diary()[-1]["place"].endswith(f"/{host.chat}")
    assert {entry["id"]: entry["said"] for entry in scene.diary()}[noted["id"]] == "Their boat is called Pelican."
    host.new_chat()
    assert "Their boat is called Pelican." in [entry["said"] for entry in call(host, "search_memory", query="boat")["memories"]]
    before = scene.diary()
    host.incognito()
    host.say('Please call remember_this {"text": "The code of the safe is 7731."}')
    assert "it is incognito" in (host.page.text_content("#chat") or "")
    assert scene.diary() == before
