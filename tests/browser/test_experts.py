"""An expert in a real browser: made, talked to, changed in the middle of a chat, and removed."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import expect

from .server import Server
from .test_proof import RETAKE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TOLD = ["-m", "tests.browser.child", "told", "0.01"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("experts"), TOLD) as server:
        yield server


def fill(window, name, text):
    window.find(f"#expert-{name} textarea, #expert-{name} input").first.fill(text)


def note(window):
    return window.find("#expert-note")


def preview(window):
    return window.find("#expert-preview textarea")


def test_an_expert_is_made_talked_to_changed_and_removed(window, images):
    window.find("#expert > button").click()
    fill(window, "name", "Wren")
    fill(window, "expertise", "You know every bird.")
    fill(window, "greeting", "Tweet, I am {{char}}.")
    expect(preview(window)).to_have_value("You are Wren.\n\nYou know every bird.")
    window.find("#expert-base input").click()
    window.find("#expert-base [role=option]").filter(has_text="teacher").click()
    expect(preview(window)).to_have_value(re.compile("You are a patient teacher"))
    window.find("#expert-save").click()
    expect(note(window)).to_have_text("Saved. Wren goes by it from the next message on.")

    window.find("#companion input").click()
    window.find("#companion [role=option]").filter(has_text="Wren").click()
    expect(window.find("#title")).to_contain_text("with Wren")
    expect(window.replies.first).to_have_text("Tweet, I am Wren.")
    assert "You are Wren. You know every bird. You are a patient teacher" in " ".join(window.say("Who are you?").split())

    if os.environ.get(RETAKE):
        window.find("#expert").evaluate("element => element.scrollIntoView()")
        window.page.screenshot(path=images / "expert.png")
    fill(window, "expertise", "You know every bee.")
    window.find("#expert-save").click()
    expect(note(window)).to_contain_text("Saved.")
    told = " ".join(window.say("And now?").split())
    assert "You know every bee." in told and "bird" not in told

    window.find("#expert-remove").click()
    window.find("#expert-remove-yes").click()
    expect(note(window)).to_have_text("Wren is removed.")
    expect(window.find("#expert-name textarea, #expert-name input").first).to_have_value("")
    assert "a warm and attentive companion" in window.say("Are you still there?")


def test_an_example_is_filled_in_and_what_cannot_be_saved_is_said(window):
    window.find("#expert > button").click()
    window.find("#expert-example input").click()
    window.find("#expert-example [role=option]").filter(has_text="philosophy").click()
    expect(note(window)).to_have_text("Change what you like, then save it.")
    expect(preview(window)).to_have_value(re.compile("Your subject is philosophy"))
    fill(window, "temperature", "9")
    window.find("#expert-save").click()
    expect(note(window)).to_contain_text("input should be less than or equal to 5")
    fill(window, "temperature", "0.5")
    fill(window, "name", "../Sophie")
    window.find("#expert-save").click()
    expect(note(window)).to_contain_text("is no name for a companion")
    fill(window, "name", "Sophie")
    window.find("#expert-save").click()
    expect(note(window)).to_contain_text("Saved. Sophie")
