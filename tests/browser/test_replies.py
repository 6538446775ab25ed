"""Replies in a real browser: stopped, reasoned, failed, slow, and still there after a restart."""

from __future__ import annotations

import re
import socket

import pytest
from playwright.sync_api import expect

from .server import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SLOW = ["-m", "tests.browser.child", "echo", "0.15"]


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("slow"), SLOW) as server:
        yield server


def test_a_stopped_reply_keeps_what_was_said_so_far(open_window, slow):
    window = open_window(slow.url).open()
    window.send("one two three four five " * 8)
    expect(window.replies.last).to_contain_text("two three")
    window.find("#box .stop-button").click()
    reply = window.reply(5)
    assert reply.startswith("You said: one two three") and reply.count("five") < 8
    other = open_window(slow.url).open()
    other.chats.filter(has_text="one two three").click()
    expect(other.replies).to_have_text([reply])


def test_a_reply_goes_on_when_its_chat_is_left_and_is_whole_on_return(open_window, slow):
    window = open_window(slow.url).open()
    window.send("alpha beta gamma delta " * 5)
    expect(window.replies.last).to_contain_text("alpha beta")
    window.new_chat()
    expect(window.find("#box .submit-button")).to_be_visible()
    window.chats.filter(has_text="alpha beta").click()
    expect(window.replies).to_have_text([re.compile("(delta.*){5}")], timeout=60_000)
    expect(window.said).to_have_count(1)


def test_a_reply_goes_on_when_the_window_is_closed(open_window, slow):
    first = open_window(slow.url).open()
    first.send("red green blue " * 4)
    expect(first.replies.last).to_contain_text("red green")
    first.page.close()
    second = open_window(slow.url).open()
    second.chats.filter(has_text="red green blue").click()
    expect(second.replies).to_have_text([re.compile("(blue.*){4}")], timeout=60_000)


def test_reasoning_is_shown_collapsed_and_is_no_part_of_the_reply(open_window, start, tmp_path):
    server = start(tmp_path, ["-m", "tests.browser.child", "think", "0.01"])
    window = open_window(server.url).open()
    window.send("What do you think of kites?")
    expect(window.replies.last).to_contain_text("Here is one.")
    window.reply()
    thoughts = window.find("#chatbot").get_by_text("The person wants an answer.")
    expect(thoughts).to_be_hidden()
    window.find("#chatbot").get_by_text("Thoughts").click()
    expect(thoughts).to_be_visible()
    window.search("kites")
    window.choose("What do you think of kites?")
    expect(window.find("#familiar-reply textarea")).to_have_value("Here is one.")


def test_a_server_that_is_down_is_a_sentence_and_the_message_is_kept(open_window, start, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = start(tmp_path, FAMILIAR_HOST=f"http://127.0.0.1:{port}")
    window = open_window(server.url).open()
    window.send("Are you there?")
    expect(window.replies.last).to_contain_text("Nothing answers at")
    assert "Traceback" not in window.find("body").inner_text()
    expect(window.said).to_have_text(["Are you there?"])
    window.find("#model > button").click()
    window.find("#backend label").filter(has_text="A script").click()
    window.find("#backend-use").click()
    expect(window.find("#backend-note")).to_have_text("From now on: scripted.")
    window.press("Retry")
    expect(window.replies).to_have_text([re.compile("I am a script")])


def test_chats_are_still_there_after_a_restart_and_say_what_was_recalled(open_window, start, tmp_path):
    server = start(tmp_path)
    window = open_window(server.url).open()
    window.say("The gate code is a walrus.")
    window.new_chat()
    window.say("What is the gate code?")
    window.page.close()
    server.stop()
    server = start(tmp_path)
    window = open_window(server.url).open()
    expect(window.chats).to_have_text(["What is the gate code?", "The gate code is a walrus."])
    window.chats.first.click()
    expect(window.said).to_have_text(["What is the gate code?"])
    expect(window.why).to_contain_text("The gate code is a walrus.")


def test_a_password_is_asked_for_where_one_is_set(browser, start, tmp_path):
    server = start(tmp_path, FAMILIAR_PASSWORD="open sesame")
    page = browser.new_page()
    page.goto(server.url)
    expect(page.locator("#box")).to_have_count(0)
    page.get_by_label("username").fill("me")
    page.get_by_label("password").fill("open sesame")
    page.get_by_role("button", name="Login").click()
    expect(page.locator("#box textarea")).to_be_visible(timeout=60_000)
    page.close()
