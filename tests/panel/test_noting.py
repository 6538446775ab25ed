"""Facts and summaries in the panel: seen only where their memories are, and changed only by who said them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from extension.errors import HostUnreachable, NotFound, SettingsError
from extension.hosts.scripted import Scripted
from extension.memory.diary import EVERYTHING, Answer, Filter
from extension.memory.summarising import Sizes
from extension.messages import Person, Place, Turn
from extension.panel import noting as module
from extension.panel.fact_list import FactList
from extension.panel.filters import Filters, Wanted
from extension.panel.noted import FACTS_NONE, FACTS_OFF, MOST_SOURCES, SUMMARIES_NONE, SUMMARIES_OFF, Noted
from extension.panel.noting import Noting
from extension.panel.summary_list import SummaryList

from .conftest import NO_FILTERS

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
ROOM = Place("room", shared=True, title="Walks")
CHAT, ME = Place("chat:old"), Person("me")
BEA = Person("bea", "<b>Bea</b>")
LONG = "The lighthouse keeper counted {0} white gulls before his long breakfast on the rocks of the outer island. " * 2


def changed(app, **values):
    """Return the settings with other values."""
    return app.settings.model_copy(update=values)


def notes(messages):
    """Note where somebody lives."""
    said = messages[-1].content.partition("said on")[2]
    return "I | home | " + said.partition("live in ")[2].split(".")[0].split(" ")[0] if "live in " in said else "NONE"


@pytest.fixture
def live(app):
    """Writes what was said, an hour after the one before, and has it thought about."""
    rows: dict[str, int] = {}

    def lived(*said: str, place: Place = CHAT, person: Person = ME, companion: str = "Familiar") -> None:
        for each in said:
            row = rows[place.id] = rows.get(place.id, -1) + 1
            app.companion.remember(
                Turn(person, place, companion, each, row, NOON + timedelta(minutes=sum(rows.values()))), Answer("I see.")
            )
        app.use(changed(app, facts=True), Scripted(notes))
        while app.think(lambda: False):
            continue

    return lived


@pytest.fixture
def noted(app):
    return Noted(app, ME)


def looked(noting, text="", values=NO_FILTERS):
    status, now, facts, caption, _, summaries, saved = noting.look(Wanted(10, text), *values)
    return status, now["visible"], [label for label, _ in facts["choices"]], caption, [label for label, _ in summaries["choices"]], saved


def test_where_nothing_was_made_yet_it_says_which_setting_and_what_to_do(blocks, door, app, live, remember):
    noting = Noting(door, Filters())
    remember("I like plums.")
    assert looked(noting)[1:4:2] == (True, f'<p class="note quiet" role="status">{FACTS_OFF}</p>')
    assert SUMMARIES_NONE[:30] in looked(noting)[5]
    app.use(changed(app, facts=True))
    status, _, _, caption, *_ = looked(noting)
    assert ("1 exchange to look through for facts" in status, FACTS_NONE[:20] in caption) == (True, True)
    app.use(changed(app, facts=False, summaries="off"))
    assert (looked(noting)[1], SUMMARIES_OFF[:30] in looked(noting)[5]) == (False, True)
    live("I live in Porto.")
    assert "No memory matches these filters." in looked(noting, values=("chat:nowhere", "", "", "", ""))[3]
    assert "No fact holds “zebra”." in looked(noting, "zebra")[3]
    app.use(changed(app, facts=False))
    assert "1 fact, the newest first. No further ones are noted" in looked(noting)[3]


def test_facts_say_what_holds_now_and_what_used_to_be(blocks, door, live):
    noting = Noting(door, Filters())
    live("I live in Lisbon.", "I live in Rome.", "I live in Porto.")
    _, _, facts, caption, *_ = looked(noting)
    assert facts == ["You, home: Porto\n14 Mar 2026 · used to be Rome, Lisbon"]
    assert "1 fact, the newest first." in caption
    assert looked(noting, "PORT hom")[2] == facts
    [number] = [value for _, value in noting.look(Wanted(10), *NO_FILTERS)[2]["choices"]]
    shown = noting.facts._told(noting.facts.show)(number)
    assert shown[2].index("Porto") < shown[2].index("Rome") < shown[2].index("Lisbon")
    assert shown[2].count('<b class="state">now</b>') == 1
    assert 'data-pick="3"' in shown[2] and ">I live in Porto.</button>" in shown[2]
    assert [field["value"] for field in shown[3:6]] == ["me", "home", "Porto"]


def test_a_fact_is_put_right_and_removed(blocks, door, app, live):
    facts = FactList(door)
    live("I live in Lisbon.", "I live in Porto.")
    saved = facts._told(facts._save)("2", "me", "home", " Braga ")
    assert saved[5]["value"] == "Braga" and "Saved." in saved[-1]
    assert "takes 1 to 300 characters" in facts._told(facts._save)("2", "me", "", "x")[-1]
    assert "takes 1 to 300 characters" in facts._told(facts._save)("2", "me", "home", "x" * 301)[-1]
    assert "Removed." in facts._told(facts._remove)("2")[-1]
    assert [fact.value for fact in app.memories.facts.browse()] == ["Lisbon"]
    assert "not there any more" in facts._told(facts.show)("2")[-1]
    for chosen in ("", None):
        assert "Choose a fact first." in facts._told(facts._remove)(chosen)[-1]
    for chosen in ("-1", "x", "²", "9" * 400, "1; DROP TABLE fact"):
        assert "not there any more" in facts._told(facts._remove)(chosen)[-1]
    assert app.memories.facts.count() == 1


def test_what_somebody_else_said_in_private_is_neither_seen_nor_touched(app, live, noted):
    live("I live in Porto.", person=BEA)
    live(*(LONG.format(number) for number in range(8)), person=BEA, place=Place("chat:beas"))
    assert (app.memories.facts.count(), len(app.memories.summaries.browse())) == (1, 1)
    assert noted.facts("", EVERYTHING, 10).total == 0
    assert noted.summaries(EVERYTHING).summaries == ()
    number = app.memories.summaries.browse()[0].id
    for touch in (noted.history, noted.remove_fact, lambda one: noted.edit_fact(one, "a", "b", "c")):
        with pytest.raises(NotFound, match="fact is not there"):
            touch(1)
    for touch in (noted.summary, noted.sources, noted.sum_up_again, noted.remove_summary):
        with pytest.raises(NotFound, match="summary is not there"):
            touch(number)


def test_in_a_shared_place_all_is_seen_and_only_ones_own_is_changed(blocks, door, app, live, noted):
    live("I live in Porto.", person=BEA, place=ROOM)
    assert noted.facts("", EVERYTHING, 10).total == 0  # who was not there sees nothing
    live("I live in Rome.", *(LONG.format(number) for number in range(8)), place=ROOM)
    assert [fact.value for fact in noted.facts("", EVERYTHING, 10).facts] == ["Rome", "Porto"]
    assert [fact.value for fact in noted.facts("", Filter(person="bea"), 10).facts] == ["Porto"]
    with pytest.raises(NotFound, match="only <b>Bea</b> can change"):
        noted.remove_fact(1)
    shown = FactList(door).show("1")
    assert (shown[3]["interactive"], shown[6]["visible"]) == (False, False)
    assert "Only &lt;b&gt;Bea&lt;/b&gt;, who said this" in shown[2]
    own = noted.summaries(EVERYTHING).summaries
    assert [each.person for each in own] == ["me"]
    app.companion.remember(Turn(BEA, ROOM, "Familiar", "Good night.", 99, NOON + timedelta(hours=1)), Answer(""))
    while app.memories.summarising.step(app.host, Sizes(200, 60), "extract", lambda: False):
        continue
    [everybodys] = [each for each in noted.summaries(EVERYTHING).summaries if each.kind == "place"]
    assert "stands for what others said" in SummaryList(door).show(str(everybodys.id))[2]
    with pytest.raises(NotFound, match="not yours alone"):
        noted.remove_summary(everybodys.id)


def test_a_summary_is_read_made_anew_and_removed(blocks, door, app, live):
    summaries = SummaryList(door)
    live(*(LONG.format(number) for number in range(9)))
    [made] = app.memories.summaries.browse()
    noting = Noting(door, Filters())
    [line] = looked(noting)[4]
    assert line.startswith("You (person): ") and line.endswith(f"\n{made.saved:,} tokens saved · 9 exchanges · 14 Mar 2026")
    shown = summaries._told(summaries.show)(str(made.id))
    assert f"{made.tokens} tokens instead of {made.stands_for}" in shown[2] and "sentences chosen from what was said" in shown[2]
    assert "Made of 9 exchanges" in shown[2] and shown[2].count("data-pick=") == 9
    again = summaries._told(summaries._again)(shown[0])
    assert "Made anew." in again[-1]
    app.idle.begin("a turn")
    app.use(changed(app, summaries="model"))
    assert "Somebody is talking to the model" in summaries._told(summaries._again)(again[0])[-1]
    app.idle.end("a turn")
    app.use(changed(app, summaries="off"))
    assert "FAMILIAR_SUMMARIES=extract" in summaries._told(summaries._again)(again[0])[-1]
    assert "Removed." in summaries._told(summaries._remove)(again[0])[-1]
    assert app.memories.summaries.browse() == []
    assert "Choose a summary first." in summaries._told(summaries._remove)(None)[-1]


def test_of_a_summary_of_very_many_the_first_and_the_last_are_listed(app, live, noted):
    live(*(LONG.format(number) for number in range(MOST_SOURCES + 5)))
    sources = noted.sources(max(app.memories.summaries.browse(), key=lambda each: each.exchanges).id)
    assert (len(sources.first), sources.left_out, len(sources.last)) == (20, 5, 20)
    assert sources.last[-1].said == LONG.format(MOST_SOURCES + 4)


def test_words_of_people_and_models_are_escaped(blocks, door, app, live):
    hostile = "<img src=x onerror=alert(1)>"
    live("I live in Porto, " + hostile, *(f"{hostile} {LONG.format(number)}" for number in range(8)))
    app.memories.edit_fact(1, value=hostile, attribute=hostile)
    summary = app.memories.summaries.browse()[0]
    html = FactList(door).show("1")[2] + SummaryList(door).show(str(summary.id))[2]
    assert "&lt;img src=x" in html and "<img" not in html


def test_the_work_is_done_now_and_said_to_be(blocks, door, app, remember, monkeypatch):
    monkeypatch.setattr(module, "_GLANCE", 0.01)
    remember("I live in Porto.")
    app.use(changed(app, facts=True), Scripted(notes))
    noting = Noting(door, Filters())
    *_, last = noting._think()
    assert "Done." in last
    assert [fact.value for fact in app.memories.facts.browse()] == ["Porto"]


def test_work_that_fails_is_a_sentence(blocks, door, app, remember, monkeypatch):
    monkeypatch.setattr(module, "_GLANCE", 0.01)

    def unreachable(messages):
        raise HostUnreachable("The server is not there. Start it.")

    remember("I live in Porto.")
    app.use(changed(app, facts=True), Scripted(unreachable))
    noting = Noting(door, Filters())
    *_, last = noting._think()
    assert 'role="alert">The server is not there. Start it.' in last
    assert "Making them has to wait: The server is not there. Start it." in looked(noting)[0]


def test_a_failure_is_a_sentence(blocks, door):
    def refused(*_):
        raise SettingsError("The setting `host` is not usable. Mend it.")

    def broken(*_):
        raise ZeroDivisionError

    for failing, words in ((refused, "Mend it."), (broken, "ZeroDivisionError")):
        noting = Noting(replace(door, app=failing), Filters())
        assert words in noting.look(Wanted(10), *NO_FILTERS)[0]
        assert words in list(noting._think())[-1]
        assert words in noting.facts._told(noting.facts.show)("1")[-1]
