"""The panel as components: built without touching anything, and never failing with more than a sentence."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import gradio as gr
import pytest

from extension.errors import SettingsError
from extension.panel.browser import PAGE, Browser
from extension.panel.controls import Controls
from extension.panel.door import Here
from extension.panel.panel import build_panel
from extension.panel.standalone import build_chat


def in_a_loop(build):
    """Call a function while an event loop runs: where none does, Gradio makes one and never closes it.

    In a thread, since the loop of a browser test may still be running in this one.
    """

    async def called():
        return build()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(called())).result()


@pytest.fixture
def blocks():
    blocks = in_a_loop(lambda: gr.Blocks(analytics_enabled=False).__enter__())
    yield blocks
    in_a_loop(blocks.__exit__)


def refused(*_, **__):
    raise SettingsError("The setting `host` is not usable. Mend it.")


def ids(blocks):
    return {each.elem_id for each in blocks.blocks.values() if getattr(each, "elem_id", None)}


def test_building_it_asks_the_door_nothing(blocks, door):
    build_panel(replace(door, app=refused, person=refused, here=refused, attention=refused, keep=refused))
    assert {"familiar", "familiar-why", "familiar-refresh", "familiar-search", "familiar-list", "familiar-enabled"} <= ids(blocks)


def test_building_the_page_opens_no_store(app):
    in_a_loop(lambda: build_chat(app))
    assert not app.settings.data_dir.exists()


def test_looking_again_fills_why_and_the_list(blocks, door, remember):
    remember("I like plums.")
    panel = build_panel(door)
    why, choices, *_ = panel.look_again["fn"]("", PAGE)
    assert "Nothing yet" in why
    assert [label.partition(" · ")[2] for label, _ in choices["choices"]] == ["I like plums."]


def test_looking_again_at_what_fails_is_a_sentence(blocks, door):
    panel = build_panel(replace(door, app=refused, here=refused))
    why, _, caption, *_ = panel.look_again["fn"]("", PAGE)
    assert "The setting `host` is not usable. Mend it." in why
    assert "The setting `host` is not usable. Mend it." in caption


def test_the_switches_show_what_is_in_effect(blocks, door):
    door.keep(enabled=False, scope="person", budget=9000, memories=50)
    enabled, scope, budget, memories, note = Controls(door).load()
    assert (enabled, scope, note) == (False, "person", "")
    assert (budget["value"], budget["maximum"], memories["value"], memories["maximum"]) == (9000, 9000, 50, 50)
    *_, note = Controls(replace(door, attention=refused)).load()
    assert "Mend it." in note


def test_what_is_switched_is_kept_or_refused_with_a_reason(blocks, door, app):
    controls = Controls(door)
    assert "Kept." in controls._keeper("budget")(350)
    assert app.attention.budget == 350
    assert "The setting `budget` (FAMILIAR_BUDGET) is not usable" in controls._keeper("budget")(-1)
    assert "not usable" in controls._keeper("memories")(None)
    assert app.attention.budget == 350
    assert (app.settings.data_dir / "settings.yaml").read_text() == "budget: 350\n"


def test_an_unforeseen_failure_is_a_sentence_too(blocks, door):
    def broken(*_, **__):
        raise ZeroDivisionError

    assert "ZeroDivisionError" in Controls(replace(door, keep=broken))._keeper("budget")(350)
    assert "ZeroDivisionError" in Browser(replace(door, person=broken)).find("", PAGE)[1]


def test_a_chosen_memory_is_shown_changed_and_forgotten(blocks, door, remember):
    number = str(remember("I like plums.", "Good."))
    browser = Browser(door)
    shown = browser._told(browser._show)(number)
    assert shown[0] == number
    assert (shown[1]["visible"], shown[3]["value"], shown[4]["value"], shown[5]["value"]) == (True, "I like plums.", "Good.", "Pin")
    saved = browser._told(browser._save)(number, "I like pears.", "Fine.")
    assert saved[3]["value"] == "I like pears." and "Saved." in saved[-1]
    assert browser._told(browser._pin)(number)[5]["value"] == "Unpin"
    visible, tick, _ = browser._ask(number)
    assert (visible["visible"], tick["visible"]) == (True, False)
    gone = browser._told(browser._forget)(number, False)
    assert gone[0] is None and "Forgotten." in gone[-1]
    assert "This memory is not there any more." in browser._told(browser._show)(number)[-1]


def test_without_a_choice_nothing_happens_and_it_says_so(blocks, door):
    browser = Browser(door)
    assert "Choose a memory first." in browser._told(browser._save)(None, "x", "y")[-1]
    assert "not there any more" in browser._ask("99")[-1]


def test_the_list_grows_a_page_at_a_time(blocks, door, remember):
    for number in range(PAGE + 2):
        remember(f"Entry {number}.")
    browser = Browser(replace(door, here=lambda: Here("Familiar")))
    choices, caption, more, count, _ = browser.find("", PAGE)
    assert (len(choices["choices"]), more["visible"], count) == (PAGE, True, PAGE)
    assert f"{PAGE} of {PAGE + 2}." in caption
    choices, _, more, count, _ = browser._more("", PAGE)
    assert (len(choices["choices"]), more["visible"], count) == (PAGE + 2, False, 2 * PAGE)
    assert browser._search("", *())[3] == PAGE
