"""Commands in the standalone chat, in a real browser: typed, misspelt, said in plain language, agreed to and turned down."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import expect

from .server import Server
from .test_proof import RETAKE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ECHO = ["-m", "tests.browser.child", "echo", "0.01"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("commands"), ECHO, FAMILIAR_EMBEDDER="minilm") as server:
        yield server


def said(window, text):
    """Send a message once nothing is under way any more."""
    window.reply()
    window.send(text)


def answer(window, label):
    """Press a button below a question once nothing is under way any more."""
    window.reply()
    window.page.get_by_role("button", name=label).click()


def test_a_command_is_answered_in_a_block_and_is_no_part_of_the_conversation(window, images):
    window.say("The first word is heron.")
    said(window, "--set-config temperature 0.4")
    expect(window.replies.last.locator("code")).to_contain_text("temperature is 0.4 in this place now.")
    said(window, "—comands")
    assert "You said: —comands" in window.reply()
    said(window, "--comands")
    expect(window.replies.last).to_contain_text("Did you mean --commands?")
    said(window, "/input-messages")
    expect(window.replies.last).to_contain_text("The first word is heron.")
    expect(window.replies.last).not_to_contain_text("temperature")
    if os.environ.get(RETAKE):
        window.page.screenshot(path=images / "commands.png")


def test_a_plain_sentence_asks_first_and_is_done_or_said(window):
    window.say("Hello.")
    said(window, "turn the temperature down to 0.7")
    expect(window.replies.last).to_contain_text("temperature")
    answer(window, "Do it")
    expect(window.replies.last).to_contain_text("temperature is 0.7 in this place now.")
    said(window, "reset the chat")
    answer(window, "It was just words")
    expect(window.replies.last).to_contain_text("You said: reset the chat")
    said(window, "what models of cars do you like?")
    expect(window.replies.last).to_contain_text("You said: what models of cars")
