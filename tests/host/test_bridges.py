"""A bridge that is switched on in the real webui's panel: it answers through the webui's API, is there once, and nothing is kept twice."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from extension.service.claim import holders
from extension.service.supervision import stop

from ..service.loop import People, until
from . import environment
from .conftest import SHOTS
from .scene import EXTENSION, entries, real_scene
from .server import HostServer, place

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.host, pytest.mark.timeout(900)]
LOOPS = f"""#!/bin/sh
shift 2
exec {sys.executable} -m tests.service.child "$@"
"""
"""Stands for our own Python: runs the same program with platforms in memory."""


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "data").mkdir()
    yield tmp_path / "data"
    stop(tmp_path / "data")


def test_a_bridge_is_switched_on_in_the_panel_and_answers_through_the_webui_once(
    fresh_copy: Callable[..., Path], host_python: Path, browser: Browser, data_dir: Path, tmp_path: Path
) -> None:
    webui, python = fresh_copy(), tmp_path / "python"
    environment.install(webui, host_python)
    place(webui, EXTENSION, "familiar", "user")
    python.write_text(LOOPS)
    python.chmod(0o755)
    ours = {"DATA_DIR": str(data_dir), "DISCORD_TOKEN": "abc.def", "BRIDGE_PYTHON": str(python), "BURST_PAUSE": "0", "MAX_NEW_TOKENS": "24"}
    environ = {f"FAMILIAR_{name}": value for name, value in ours.items()}
    people = People(data_dir)
    with (
        HostServer(webui, host_python, FAMILIAR_PERMISSIONS="{levels: {'loopback:ada': visible}}", **environ) as server,
        real_scene(browser, server, data_dir, SHOTS / "bridges") as scene,
    ):
        page = scene.host.page
        page.locator("#familiar-bridges > button").click()
        page.locator("#familiar-bridge-discord input").check()
        page.locator("#familiar-bridge-discord-state", has_text="Here as Familiar on discord").wait_for()
        scene.host.shoot(SHOTS / "bridges-on.png")
        (first,) = holders(data_dir)
        people.say("Ada", "My ferry is called Gannet.")
        until(lambda: len(people.ours) == 1, within=120)
        scene.restart()
        page.locator("#familiar-bridge-discord-state", has_text="last message").wait_for(state="attached")
        people.say("Ada", "What is the name of my ferry?")
        until(lambda: len(people.ours) == 2, within=120)
        until(lambda: len([entry for entry in entries(data_dir) if entry["reply"]]) == 2)
        told, asked = entries(data_dir)
        assert [(each["place"], each["person"], each["companion"]) for each in (told, asked)] == [
            ("loopback:dm:loopback:ada", "loopback:ada", "Familiar")
        ] * 2
        assert (told["said"], told["reply"], asked["reply"]) == ("My ferry is called Gannet.", people.ours[0], people.ours[1])
        assert list(holders(data_dir)) == [first], "the restarted page found the one that runs"
        assert "Traceback" not in server.log
