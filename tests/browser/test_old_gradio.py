"""The panel under the Gradio that the webui pins, which has other components than ours.

Needs a Python with Gradio 4.37 and the packages of extension/requirements.txt, named by HOST_PYTHON; the tests against
the real webui (`make host-test`) build such a one.
"""

from __future__ import annotations

import os
import re
import socket

import docx
import pytest
from playwright.sync_api import expect

from .server import Server
from .window import Window

PYTHON = os.environ.get("HOST_PYTHON", "")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON, reason="HOST_PYTHON names no Python with the webui's Gradio 4.37"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    environ = {"TEST_PORT": str(port), "FAMILIAR_FACTS": "true"}
    with Server(tmp_path_factory.mktemp("old"), ["-m", "tests.browser.old_child"], python=PYTHON, **environ) as server:
        assert "Gradio 4." in server.output
        yield server


@pytest.fixture
def window(browser, server):
    page = browser.new_page(viewport={"width": 900, "height": 1200})
    page.goto(server.url)
    window = Window(page, server.url)
    expect(window.memories).to_have_count(25, timeout=90_000)
    yield window
    page.close()


def test_it_is_headed_with_its_name(window):
    expect(window.find("#familiar-title")).to_have_text("Familiar")


def test_it_shows_why_and_hostile_words_stay_text(window):
    expect(window.why).to_contain_text("<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'> **My parrot**")
    expect(window.why.locator(".scores").first).to_be_visible()
    assert window.page.evaluate("window.hacked") is None
    assert window.find("#familiar img").count() == 0


def test_the_list_grows_and_is_searched(window):
    window.find("#familiar-more").click()
    expect(window.memories).to_have_count(32)
    window.search("parrot")
    expect(window.memories.first).to_contain_text("My parrot")


def test_a_memory_is_mended_pinned_and_forgotten(window):
    window.search("Entry 7 ")
    window.choose("Entry 7 is about the weather.")
    window.find("#familiar-said textarea").fill("Entry 7 is about the tide.")
    window.find("#familiar-save").click()
    expect(window.find("#familiar-list-note")).to_have_text("Saved.")
    window.find("#familiar-pin").click()
    expect(window.find("#familiar-pin")).to_have_text("Unpin")
    expect(window.memories.filter(has_text="★")).to_have_count(1)
    window.find("#familiar-forget").click()
    window.find("#familiar-forget-yes").click()
    expect(window.find("#familiar-list-note")).to_have_text("Forgotten.")
    window.search("tide")
    expect(window.memories.filter(has_text="tide")).to_have_count(0)
    window.find("#familiar-undo").click()
    expect(window.find("#familiar-list-note")).to_have_text("It is back.")
    expect(window.memories.filter(has_text="tide")).to_have_count(1)


def test_filters_narrow_the_list_and_are_cleared(window):
    window.find("#familiar-filters > .label-wrap").click()
    window.find("#familiar-place input").click()
    window.find("#familiar-place [role=option]").filter(has_text="Kites · 1").click()
    expect(window.find("#familiar-found")).to_contain_text("1 found with these filters")
    expect(window.memories).to_have_count(1)
    expect(window.find("#familiar-filters > .label-wrap")).to_contain_text("Filters (1)")
    window.find("#familiar-until textarea, #familiar-until input").fill("2001")
    expect(window.find("#familiar-found")).to_contain_text("No memory matches these filters.")
    expect(window.find("#familiar-timeline")).to_contain_text("No memory matches these filters.")
    window.find("#familiar-clear").click()
    expect(window.memories).to_have_count(25)


def test_the_timeline_and_the_map_are_drawn_and_can_be_picked_from(window):
    window.find("#familiar-filters > .label-wrap").click()
    window.find("#familiar-timeline g").last.click()
    expect(window.find("#familiar-since textarea, #familiar-since input")).to_have_value(re.compile(r"\d{4}-\d\d-\d\d"))
    window.find("#familiar-draw").click()
    kite = window.find("#familiar-map figure > svg g").filter(has_text="My kite is red.")
    for _ in range(2):
        kite.locator("path").dispatch_event("click")
        expect(window.find("#familiar-said textarea")).to_have_value("My kite is red.")
        window.memories.filter(has_text="My parrot").click()
        expect(window.find("#familiar-said textarea")).to_have_value(re.compile("My parrot"))
    expect(window.find("#familiar-map")).to_contain_text("what is alike in meaning lies close together")
    assert window.page.evaluate("window.hacked") is None


def test_the_last_reply_is_saved_as_a_document(window):
    window.find("#familiar-saving > .label-wrap").click()
    window.find("#familiar-save-title input, #familiar-save-title textarea").fill("Nice")
    with window.page.expect_download() as found:
        window.find("#familiar-save-document").click()
        window.find("#familiar-save-note a[download]").click()
    assert [each.text for each in docx.Document(found.value.path()).paragraphs] == ["Nice", "<b>Nice</b>"]


def test_settings_are_kept(window):
    window.find("#familiar-scope label").filter(has_text="Everything of mine").click()
    expect(window.find("#familiar-settings-note")).to_have_text("Kept.")
    window.find("#familiar-budget input[type=number]").fill("450")
    window.find("#familiar-enabled input").click()
    window.page.wait_for_timeout(1000)
    window.page.reload()
    expect(window.find("#familiar-scope label.selected")).to_have_text("Everything of mine", timeout=60_000)
    expect(window.find("#familiar-budget input[type=number]")).to_have_value("450")
    expect(window.find("#familiar-enabled input")).not_to_be_checked()


def test_the_refresh_button_looks_again(window):
    window.find("#familiar-refresh").click()
    expect(window.why).to_contain_text("the model was given")


def test_facts_are_noted_put_right_and_lead_to_their_memories(window):
    window.find("#familiar-think").click()
    fact = window.find("#familiar-facts label")
    expect(fact).to_have_text(re.compile("kite, colour: red"), timeout=30_000)
    fact.click()
    window.find("#familiar-fact .source").click()
    expect(window.find("#familiar-said textarea")).to_have_value("My kite is red.")
    window.find("#familiar-fact-value textarea, #familiar-fact-value input").fill("crimson")
    window.find("#familiar-fact-save").click()
    expect(window.find("#familiar-fact-note")).to_have_text("Saved.")
    expect(fact).to_have_text(re.compile("kite, colour: crimson"))


def test_summaries_are_read_and_removed(window):
    window.find("#familiar-think").click()
    summaries = window.find("#familiar-summaries label")
    expect(summaries.first).to_contain_text("tokens saved", timeout=30_000)
    count = summaries.count()
    summaries.first.click()
    expect(window.find("#familiar-summed")).to_contain_text("Made of")
    window.find("#familiar-summary-remove").click()
    window.find("#familiar-summary-remove-yes").click()
    expect(window.find("#familiar-summary-note")).to_have_text("Removed.")
    expect(summaries).to_have_count(count - 1)
