"""The timeline and the map: drawn as marks that can be pointed at and picked, with every word of people as text."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest

from extension.errors import StoreLocked
from extension.memory.browsing import Week
from extension.messages import Exchange, Person, Place
from extension.panel.cards import Viewer
from extension.panel.filters import Filters
from extension.panel.pictures import Pictures
from extension.panel.scatter import SHAPES, Mark, scatter
from extension.panel.timeline import timeline

from .conftest import NO_FILTERS

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
HOSTILE = "</title></svg><script>alert(1)</script> \u202eشكرا\u202c 🌱 \"'& " + "long" * 5000


def parsed(html):
    """Return a figure as XML, which it must be: then nothing that somebody said has become a tag of its own."""
    return ElementTree.fromstring(html)


def mark(number, place="chat:1", said="I like plums.", title="", x=0.5, y=0.5, shared=False):
    where = Place(place, shared, title)
    return Mark(Exchange(number, Person("me"), where, "Robin", number, "", said, "Good.", NOON), x, y)


def drawn(*marks, total=None):
    return parsed(scatter(marks, Viewer("me", zone=UTC), total or len(marks)))


def weeks(*counts, monday=date(2026, 3, 2)):
    return [Week(monday + timedelta(weeks=number), count) for number, count in enumerate(counts)]


def test_each_week_with_memories_has_a_bar_that_says_which_and_how_many():
    figure = parsed(timeline(weeks(1, 0, 1234, *[2] * 12)))
    bars = figure.findall(".//g")
    assert len(bars) == 14
    assert [bar.get("data-week") for bar in bars[:2]] == ["2026-03-02/2026-03-08", "2026-03-16/2026-03-22"]
    hints = [bar.find("title").text for bar in bars[:2]]
    assert hints == ["2 Mar 2026 – 8 Mar 2026: 1 memory", "16 Mar 2026 – 22 Mar 2026: 1,234 memories"]
    heights = [float(bar.findall("rect")[1].get("height")) for bar in bars]
    assert heights == [3.0, 100.0, *[3.0] * 12]
    assert figure.find(".//svg").get("aria-label") == "Memories per week: 1,259 memories, most of them (1,234) in the week of 16 Mar 2026."


def test_one_week_is_a_bar_among_empty_weeks():
    figure = parsed(timeline(weeks(3)))
    assert figure.find(".//svg").get("viewBox") == "0 0 26 100"
    assert [each.get("x") for each in figure.findall(".//rect") if not each.get("class")] == ["25.1"]
    assert figure.find("figcaption").find("b").tail == " 3 memories, most of them (3) in the week of 2 Mar 2026."


def test_few_months_are_named_and_each_year_once():
    figure = parsed(timeline(weeks(*[1] * 92)))
    assert [each.text for each in figure.findall(".//div[@class='axis']/span")] == ["Mar 2026", "Jul", "Nov", "Mar 2027", "Jul"]


def test_a_timeline_of_decades_says_that_it_is_cut():
    assert "Only the last 20 years are drawn." in timeline(weeks(*[1] * 1040, monday=date(2006, 1, 2)))
    assert timeline([]) == ""


def test_a_mark_says_when_where_and_what_and_can_be_picked():
    figure = drawn(mark(7, title="Kitchen", x=0.0, y=1.0), mark(8, "chat:2", x=1.0, y=0.0))
    first, second = figure.findall("./svg/g")
    assert (first.get("data-pick"), first.find("title").text) == ("7", "Sat 14 Mar 2026, 12:00 · Kitchen\nI like plums.")
    assert [each.find("path").get("transform") for each in (first, second)] == ["translate(8.0 8.0)", "translate(392.0 292.0)"]
    assert figure.find("svg").get("aria-label") == "Map of 2 memories in 2 places"


def test_places_differ_in_colour_and_shape_and_the_many_small_ones_are_one_kind():
    marks = [mark(100 * place + number, f"chat:{place}", title=f"P{place}") for place in range(10) for number in range(10 - place)]
    figure = drawn(*marks, total=1000)
    kinds = {each.get("class"): each.get("d") for each in figure.findall("./svg/g/path")}
    assert sorted(kinds) == [*(f"place{number}" for number in range(8)), "rest"]
    assert len({(kinds[f"place{number}"]) for number in range(6)}) == 6 and kinds["place0"] == SHAPES[0]
    legend = ["".join(item.itertext()) for item in figure.findall("./ul/li")]
    assert (legend[0], legend[-1]) == ("P0 10", "2 other places 3")
    assert "55 of 1,000 memories" in figure.find("figcaption").text


def test_hostile_words_and_titles_are_text():
    figure = drawn(mark(1, "room", HOSTILE, HOSTILE, shared=True))
    hint = figure.find("./svg/g/title").text
    assert "</title></svg><script>alert(1)</script> \u202eشكرا\u202c 🌱 \"'&" in hint and len(hint) < 200
    assert figure.find("./ul/li/span").text.startswith("</title></svg><script>")
    assert {each.tag for each in figure.iter()} == {"figure", "figcaption", "svg", "g", "title", "path", "ul", "li", "span"}


@pytest.fixture
def pictures(blocks, door):
    return Pictures(door, Filters())


def test_the_map_is_made_of_what_was_embedded(pictures, app, remember):
    numbers = [remember(f"Entry {number} about plums.") for number in range(4)]
    remember("Their secret.", person="somebody", place="chat:theirs")
    app.memories.settle()
    figure = pictures.drawn(*NO_FILTERS)
    assert sorted(map(int, re.findall(r'data-pick="(\d+)"', figure))) == numbers
    assert "secret" not in figure
    assert "<span>Entry 0 about plums.</span> 4" in figure  # a chat without a title goes by its first words
    assert "4 memories: what is alike in meaning lies close together." in figure


def test_without_memories_or_embeddings_it_says_what_to_do(pictures, remember):
    assert "Say something in the chat" in pictures.weeks(*NO_FILTERS)
    assert "A map needs a few memories more. Talk on, or widen the filters." in pictures.drawn(*NO_FILTERS)
    for number in range(3):
        remember(f"Entry {number}.")
    assert "Widen or clear them." in pictures.weeks("chat:elsewhere", "", "", "", "")
    assert "“From” is no date" in pictures.drawn("", "", "", "soon", "")


def test_memories_that_are_not_embedded_are_no_map_yet(blocks, door, app, remember):
    app.memories.semantic.halt()
    for number in range(3):
        remember(f"Entry {number}.")
    assert "not indexed by meaning yet" in Pictures(door, Filters()).drawn(*NO_FILTERS)


def test_a_map_is_drawn_anew_once_it_was_asked_for(pictures, app, remember):
    for number in range(3):
        remember(f"Entry {number}.")
    app.memories.settle()
    weeks, nothing = pictures.changed(False, *NO_FILTERS)
    assert ("Memories per week" in weeks, nothing) == (True, "")
    figure, wanted = pictures._first(*NO_FILTERS)
    assert wanted is True and pictures.changed(True, *NO_FILTERS)[1] == figure


def test_a_failure_is_a_sentence(blocks, door):
    def locked():
        raise StoreLocked("The diary is locked. Wait.")

    def broken():
        raise ZeroDivisionError

    assert "The diary is locked. Wait." in Pictures(replace(door, app=locked), Filters()).drawn(*NO_FILTERS)
    assert "ZeroDivisionError" in Pictures(replace(door, person=broken), Filters()).weeks(*NO_FILTERS)
