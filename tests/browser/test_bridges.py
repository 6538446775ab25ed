"""Bridges in the panel, in a real browser: switched on and off beside the chat, on a wide page and on a phone, in light and dark."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from extension.service.claim import holders
from extension.service.supervision import stop
from tests.service.loop import People, until

from .test_proof import RETAKE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ENVIRON = {
    "TEST_BRIDGES": "1",
    "FAMILIAR_BURST_PAUSE": "0",
    "FAMILIAR_DISCORD_TOKEN": "abc.def",
    "FAMILIAR_PERMISSIONS": "{levels: {'loopback:ada': visible}}",
}


@pytest.fixture
def data_dir(tmp_path: Path):
    (tmp_path / "data").mkdir()
    yield tmp_path / "data"
    stop(tmp_path / "data")


@pytest.fixture
def server(start, data_dir):
    return start(data_dir, **ENVIRON)


def test_a_bridge_is_switched_on_answers_is_there_after_a_reload_and_is_switched_off(open_window, server, data_dir, images):
    window = open_window(server.url).open()
    discord, state = window.find("#familiar-bridge-discord input"), window.find("#familiar-bridge-discord-state")
    window.find("#familiar-bridges > button").click()
    expect(window.find("#familiar-bridge-matrix input")).to_be_disabled()
    expect(window.find("#familiar-bridge-matrix-state")).to_contain_text("start it again: FAMILIAR_MATRIX_USER, ")
    expect(state).to_have_text("Set up, and does not run.")
    discord.check()
    expect(state).to_contain_text("Here as Familiar on discord · since")
    people = People(data_dir)
    people.say("Ada", "Hello there.")
    until(lambda: people.ours == ["You said: Hello there."])
    window.find("#familiar-bridge-ends input").check()
    expect(window.find("#familiar-bridges-note")).to_have_text("Kept.")

    window = window.again()
    window.find("#familiar-bridges > button").click()
    expect(window.find("#familiar-bridge-discord input")).to_be_checked()
    expect(window.find("#familiar-bridge-ends input")).to_be_checked()
    told = re.compile("Here as Familiar on discord · since .* · last message")
    expect(window.find("#familiar-bridge-discord-state")).to_contain_text(told)
    if os.environ.get(RETAKE):
        window.find("#familiar-bridges").scroll_into_view_if_needed()
        window.find("#familiar-bridges").screenshot(path=images / "bridges.png")
    (holder,) = holders(data_dir)
    window.find("#familiar-bridge-discord input").uncheck()
    expect(window.find("#familiar-bridges-note")).to_have_text("Switched off.")
    assert (list(holders(data_dir)), holder.watched) == ([], True)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_it_fits_the_page_in_light_and_dark(open_window, start, data_dir, tmp_path, width, dark):
    server = start(
        data_dir,
        **ENVIRON,
        TEST_BAD="matrix",
        FAMILIAR_BRIDGES="discord matrix",
        **{f"FAMILIAR_MATRIX_{name}": "@familiar:example.org" for name in ("HOMESERVER", "USER", "PASSWORD")},
    )
    scheme = "dark" if dark else "light"
    window = open_window(server.url, viewport={"width": width, "height": 900}, color_scheme=scheme).open()
    if width < 700:
        window.find("[data-side=memory]").click()
    window.find("#familiar-bridges > button").click()
    until(lambda: len(list(holders(data_dir))) == 2)
    window.page.wait_for_timeout(1000)
    window.find("#familiar-refresh").click()
    expect(window.find("#familiar-bridge-matrix-state")).to_contain_text("Given up")
    expect(window.find("#familiar-bridge-matrix-state")).to_contain_text("The token is not good.")
    expect(window.find("#familiar-bridge-discord-state")).to_contain_text("Here as")
    window.find("#familiar-bridges").scroll_into_view_if_needed()
    box = window.find("#familiar-bridges").bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
    assert window.page.evaluate("document.documentElement.scrollWidth") <= width
    if shots := os.environ.get("TEST_SHOTS"):
        window.page.screenshot(path=Path(shots) / f"bridges-{width}-{scheme}.png")
