"""Facts and summaries in a real browser: made by the idle work itself, with a script for a model."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import expect

from .test_proof import RETAKE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOVES = ["-m", "tests.browser.child", "note", "0", "moves"]

INSIDE = """(boxes) => boxes.flatMap((box) => [...box.querySelectorAll('*')]
    .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > box.getBoundingClientRect().right)
    .map((each) => each.outerHTML.slice(0, 120)))"""
"""A script that returns what stands out of some boxes."""


@pytest.fixture
def noted(open_window, start, tmp_path):
    """A window in which facts were noted and summaries made by pressing the button."""
    window = open_window(start(tmp_path, MOVES, FAMILIAR_FACTS="true").url, viewport={"width": 1280, "height": 1000}).open()
    expect(window.find("#familiar-thinking")).to_have_text("13 exchanges to look through for facts, while nobody is talking.")
    window.find("#familiar-think").click()
    expect(facts(window)).to_have_count(5, timeout=30_000)
    expect(window.find("#familiar-thinking")).to_have_text("")
    return window


def facts(window):
    return window.find("#familiar-facts label")


def summaries(window):
    return window.find("#familiar-summaries label")


def test_where_nothing_is_made_it_says_which_setting_makes_it(open_window, start, tmp_path):
    window = open_window(start(tmp_path, MOVES, FAMILIAR_SUMMARIES="off").url).open()
    expect(window.find("#familiar-facts-found")).to_contain_text("With FAMILIAR_FACTS=true")
    expect(window.find("#familiar-summaries-found")).to_contain_text("With FAMILIAR_SUMMARIES=extract")
    expect(window.find("#familiar-think")).to_be_hidden()


def test_facts_say_what_used_to_be_lead_to_their_memories_and_are_put_right_or_removed(noted):
    window = noted
    home = facts(window).filter(has_text="You, home: Porto")
    expect(home).to_contain_text("used to be Coimbra, Lisbon")
    expect(facts(window).filter(has_text="Mars")).to_have_count(0)
    expect(facts(window).filter(has_text="cliffs")).to_contain_text("said by Bea")
    home.click()
    entries = window.find("#familiar-fact .history li")
    expect(entries).to_have_count(3)
    expect(entries.first).to_contain_text("now")
    expect(entries.last).to_contain_text("used to be Lisbon")
    entries.last.locator("button").click()
    expect(window.find("#familiar-said textarea")).to_have_value(re.compile("^I live in Lisbon, in a flat"))
    expect(window.find("#familiar-memory")).to_be_in_viewport()
    window.find("#familiar-fact-value textarea, #familiar-fact-value input").fill("Matosinhos")
    window.find("#familiar-fact-save").click()
    expect(window.find("#familiar-fact-note")).to_have_text("Saved.")
    expect(facts(window).filter(has_text="You, home: Matosinhos")).to_have_count(1)
    window.find("#familiar-fact-remove").click()
    window.find("#familiar-fact-remove-yes").click()
    expect(window.find("#familiar-fact-note")).to_have_text("Removed.")
    expect(facts(window).filter(has_text="You, home: Coimbra")).to_have_count(1)
    facts(window).filter(has_text="cliffs").click()
    expect(window.find("#familiar-fact")).to_contain_text("Only Bea, who said this in a shared place")
    expect(window.find("#familiar-fact-save")).to_be_hidden()
    window.find("#familiar-fact-search textarea, #familiar-fact-search input").fill("clara")
    expect(facts(window)).to_have_count(1)
    window.find("#familiar-fact-search textarea, #familiar-fact-search input").fill("zebra")
    expect(window.find("#familiar-facts-found")).to_contain_text("No fact holds “zebra”.")


def test_summaries_are_read_lead_to_their_memories_and_are_made_anew_or_removed(noted):
    window = noted
    expect(summaries(window).first).to_contain_text(re.compile(r"You \(person\)"))
    expect(summaries(window).first).to_contain_text(re.compile(r"[\d,]+ tokens saved · 11 exchanges · 8 Mar 2025 – 12 May 2026"))
    summaries(window).first.click()
    expect(window.find("#familiar-summed")).to_contain_text("sentences chosen from what was said")
    window.find("#familiar-summed details summary").click()
    window.find("#familiar-summed .source").nth(1).click()
    expect(window.find("#familiar-said textarea")).to_have_value(re.compile("^I work as a nurse"))
    window.find("#familiar-summary-again").click()
    expect(window.find("#familiar-summary-note")).to_have_text("Made anew.")
    count = summaries(window).count()
    window.find("#familiar-summary-remove").click()
    window.find("#familiar-summary-remove-yes").click()
    expect(window.find("#familiar-summary-note")).to_have_text("Removed.")
    expect(summaries(window)).to_have_count(count - 1)


def test_forgetting_a_memory_takes_its_facts_from_the_list_and_filters_narrow_it(noted):
    window = noted
    window.search("lemon trees")
    window.find("#familiar-filters > button").click()
    window.find("#familiar-place input").click()
    window.find("#familiar-place [role=option]").filter(has_text="Work").click()
    expect(facts(window)).to_have_count(1)
    expect(facts(window)).to_contain_text("You, job: midwife")
    window.find("#familiar-clear").click()
    expect(window.find("#familiar-place input")).to_have_value("Any")
    window.search("Biscuit")
    window.choose("My sister Clara has a dog")
    window.find("#familiar-forget").click()
    window.find("#familiar-forget-yes").click()
    expect(facts(window).filter(has_text="Biscuit")).to_have_count(0)
    expect(facts(window)).to_have_count(4)


@pytest.mark.parametrize("width", [1280, 400])
def test_hostile_words_stay_text_and_nothing_is_wider_than_the_page(noted, images, width):
    window = noted
    window.page.set_viewport_size({"width": width, "height": 1000})
    if width == 400:
        window.find("[data-side=memory]").click()
    facts(window).filter(has_text="teal").click()
    expect(window.find("#familiar-fact .source")).to_contain_text("<script>window.hacked = 1</script>")
    facts(window).filter(has_text="You, home: Porto").click()
    expect(window.find("#familiar-fact .history li")).to_have_count(3)
    summaries(window).first.click()
    expect(window.find("#familiar-summed .words")).to_be_visible()
    window.find("#familiar-summed details summary").click()
    assert window.page.evaluate("window.hacked") is None
    assert window.find("#familiar img, #familiar script").count() == 0
    assert window.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert window.find("#familiar .opened").evaluate_all(INSIDE) == []
    if os.environ.get(RETAKE) and width == 1280:
        take(window, images)


def take(window, images):
    """Take the pictures of the documentation, light and dark."""
    window.page.set_viewport_size({"width": 1280, "height": 2600})
    for ending in ("", "-dark"):
        window.page.wait_for_timeout(400)
        window.page.mouse.move(700, 300)
        box = window.find("#familiar > .gr-accordion:nth-of-type(4)").first.bounding_box()
        frame = {"x": box["x"] - 12, "y": box["y"] - 12, "width": box["width"] + 24, "height": box["height"] + 24}
        window.page.screenshot(path=images / f"noted{ending}.png", clip=frame)
        window.find("[data-light]").click()
