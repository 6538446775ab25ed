"""The whole of it with a real model: told in one chat, known in another, forgotten for good."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import expect

from tests.models import smollm2_folder

from .server import Server

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.slow]

RETAKE = "TEST_RETAKE_IMAGES"
"""Environment variable: when it is set, the pictures of the documentation are taken anew."""
MINUTES = 300.0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    environ = {
        "FAMILIAR_HOST": "embedded",
        "FAMILIAR_MODEL": str(smollm2_folder()),
        "FAMILIAR_EMBEDDER": "minilm",
        "FAMILIAR_MAX_NEW_TOKENS": "60",
        "FAMILIAR_TEMPERATURE": "0",
    }
    with Server(tmp_path_factory.mktemp("proof"), ["-m", "extension", "serve"], **environ) as server:
        yield server


def test_a_fact_told_in_one_chat_is_known_in_another_until_it_is_forgotten(open_window, server, images):
    window = open_window(server.url).open()
    window.say("My cat is called Miso and she loves to sleep in the laundry basket.", within=MINUTES)
    window.say("On Sunday I bake rye bread with my daughter.", within=MINUTES)

    window.new_chat()
    assert window.say("What is the name of my cat?", within=MINUTES)
    expect(window.why).to_contain_text("My cat is called Miso")
    expect(window.why.locator(".scores").first).to_contain_text("meaning")
    if os.environ.get(RETAKE):
        take(window, images)

    window.search("Miso")
    window.choose("My cat is called Miso")
    window.find("#familiar-forget").click()
    window.find("#familiar-forget-given input").check()  # the reply just given may repeat it
    window.find("#familiar-forget-yes").click()
    expect(window.find("#familiar-list-note")).to_contain_text("Forgotten")
    expect(window.why).not_to_contain_text("Miso")

    window.new_chat()
    assert window.say("What is the name of my cat?", within=MINUTES)
    expect(window.why).not_to_contain_text("Miso")
    window.search("laundry basket")
    expect(window.memories.filter(has_text="laundry basket")).to_have_count(0)
    window.search("rye bread")
    expect(window.memories.filter(has_text="rye bread")).not_to_have_count(0)


def take(window, images):
    """Take the pictures of the documentation, light and dark."""
    images.mkdir(parents=True, exist_ok=True)
    window.page.mouse.move(700, 300)
    window.page.screenshot(path=images / "chat.png")
    window.find("[data-light]").click()
    window.page.wait_for_timeout(400)
    window.page.screenshot(path=images / "chat-dark.png")
    window.find("[data-light]").click()
