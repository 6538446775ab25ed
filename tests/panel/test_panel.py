"""The panel as components: built without touching anything, and never failing with more than a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from extension.errors import SettingsError
from extension.memory.diary import Answer
from extension.messages import Person, Place
from extension.panel.browser import PAGE, Browser
from extension.panel.controls import Controls, keeper
from extension.panel.door import Here
from extension.panel.filters import Wanted
from extension.panel.opened import Opened
from extension.panel.panel import build_panel
from extension.panel.standalone import build_chat

from .conftest import NO_FILTERS, in_a_loop


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
    why, choices, *_, summary, places, companions, people, weeks = panel.look_again["fn"](Wanted(10), Wanted(PAGE))[:-7]
    assert "Nothing yet" in why
    assert [label.split("\n")[0] for label, _ in choices["choices"]] == ["I like plums."]
    assert "1 exchange in 1 chat" in summary and "1 memory, most of them (1)" in weeks
    assert places["choices"] == [("Any", ""), ("I like plums. · 1", "chat:old")]
    assert (companions["choices"], people["visible"]) == ([("Any", ""), ("Familiar", "Familiar")], False)


def test_looking_again_at_what_fails_is_a_sentence(blocks, door):
    panel = build_panel(replace(door, app=refused, here=refused))
    why, _, caption, *_ = panel.look_again["fn"](Wanted(10), Wanted(PAGE))
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
    assert "Kept." in keeper(door, "budget")(350)
    assert app.attention.budget == 350
    assert "The setting `budget` (FAMILIAR_BUDGET) is not usable" in keeper(door, "budget")(-1)
    assert "not usable" in keeper(door, "memories")(None)
    assert app.attention.budget == 350
    assert (app.settings.data_dir / "settings.yaml").read_text() == "budget: 350\n"


def test_an_unforeseen_failure_is_a_sentence_too(blocks, door):
    def broken(*_, **__):
        raise ZeroDivisionError

    assert "ZeroDivisionError" in keeper(replace(door, keep=broken), "budget")(350)
    assert "ZeroDivisionError" in Browser(replace(door, person=broken)).find(Wanted(PAGE))[1]


def test_a_chosen_memory_is_shown_changed_forgotten_and_brought_back(blocks, door, remember):
    number = str(remember("I like plums.", "Good."))
    opened = Opened(door)
    shown = opened.told(opened.show)(number)
    assert (shown[0], shown[1]["visible"], shown[5]["visible"]) == (number, True, True)
    assert (shown[3]["value"], shown[4]["value"], shown[6]["value"]) == ("I like plums.", "Good.", "Pin")
    saved = opened.told(opened._save)(number, "I like pears.", "Fine.")
    assert saved[3]["value"] == "I like pears." and "Saved." in saved[-1]
    assert opened.told(opened._pin)(number)[6]["value"] == "Unpin"
    visible, question, tick, _ = opened._ask(number)
    assert (visible["visible"], tick["visible"]) == (True, False)
    assert "Forget it for good? Neither search nor recall will find it again. You can undo this for 30 seconds." in question
    *gone, batch, undo = opened._forget(number, False)
    assert gone[0] is None and "Forgotten." in gone[-1] and undo["visible"] is False
    assert opened._offer(batch)["visible"] is True
    assert "This memory is not there any more." in opened.told(opened.show)(number)[-1]
    assert "It is back." in opened._undo(batch)[0]
    assert opened.told(opened.show)(number)[3]["value"] == "I like pears."
    assert "It is too late to bring this back" in opened._undo(batch)[0]


def test_what_goes_along_is_counted_before_it_is_forgotten(blocks, door, app, remember):
    number = remember("I like plums.")
    remember("I like plums.", place="chat:branched")
    for _ in range(2):
        app.companion.remember(app.turn("What do I like?", Place("chat:2")), Answer("Plums.", memories=(number,)))
    _, question, tick, _ = Opened(door)._ask(str(number))
    assert "Forget it and 1 copy of it for good?" in question
    assert tick["label"] == "Forget the 2 later exchanges whose replies were given this memory, too; it may be repeated there."


def test_what_somebody_else_said_is_shown_without_buttons(blocks, door, app, remember):
    room = Place("room", shared=True)
    theirs = app.companion.remember(app.turn("We meet at nine.", room, person=Person("bea", "<b>Bea</b>")), Answer("Fine."))
    app.companion.remember(app.turn("I will be there.", room, person=Person("me")), Answer("Good."))
    shown = Opened(door).show(str(theirs))
    assert (shown[3]["interactive"], shown[4]["interactive"], shown[5]["visible"]) == (False, False, False)
    assert "Only &lt;b&gt;Bea&lt;/b&gt; can change or forget it." in shown[2]


@pytest.mark.parametrize("chosen", ["", None])
def test_without_a_choice_nothing_happens_and_it_says_so(blocks, door, chosen):
    opened = Opened(door)
    assert "Choose a memory first." in opened.told(opened._save)(chosen, "x", "y")[-1]
    assert "Choose a memory first." in opened._forget(chosen, False)[8]


@pytest.mark.parametrize("chosen", ["99", "-1", "x", "²", "9" * 400, "1; DROP TABLE exchange"])
def test_a_choice_that_is_none_is_not_there(blocks, door, chosen):
    opened = Opened(door)
    assert "not there any more" in opened._ask(chosen)[-1]
    assert "not there any more" in opened.told(opened.show)(chosen)[-1]


def test_the_list_grows_a_page_at_a_time(blocks, door, remember):
    for number in range(PAGE + 2):
        remember(f"Entry {number}.")
    browser = Browser(replace(door, here=lambda: Here("Familiar")))
    choices, caption, more = browser.find(Wanted(PAGE))
    assert (len(choices["choices"]), more["visible"]) == (PAGE, True)
    assert f"{PAGE} of {PAGE + 2}, the newest first." in caption
    choices, _, more, wanted = browser._more(Wanted(PAGE, "entry"))
    assert (len(choices["choices"]), more["visible"], wanted) == (PAGE + 2, False, Wanted(2 * PAGE, "entry"))
    assert browser._search("entry", *NO_FILTERS)[3] == Wanted(PAGE, "entry")


def test_filters_narrow_the_list_and_say_what_is_wrong_with_them(blocks, door, remember):
    remember("In the kitchen.", place="chat:kitchen")
    remember("At work.", place="chat:work")
    browser = Browser(door)
    choices, caption, *_ = browser.find(Wanted(PAGE, "", ("chat:work", "", "", "", "")))
    assert [label.split("\n")[0] for label, _ in choices["choices"]] == ["At work."]
    assert "1 found with these filters, the newest first." in caption
    assert "“From” is no date: “soon”." in browser.find(Wanted(PAGE, "", ("", "", "", "soon", "")))[1]
    assert browser.filters.named("chat:work", "", "", "2026", "")["label"] == "Filters (2)"
    *values, frame = browser.filters.cleared()
    assert (values, frame["label"]) == (["", "", "", "", ""], "Filters")
