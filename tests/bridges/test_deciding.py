"""Tests of the decision who is answered, as a pure function, and of texts that call nobody."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extension.bridges.context import to_another
from extension.bridges.deciding import KEPT, PLACES, Answer, Facts, Silence, Silences, addressed_by_name, decide
from extension.bridges.heard import Heard, defused
from extension.messages import Person, Place
from extension.permissions.level import Level

HEARD = Heard("m1", Person("ada"), Place("hall", shared=True), "hello", datetime(2026, 3, 1, tzinfo=UTC))
ALL = Facts(autoreply=True, replied_to_us=True, reacted=True, lurk=0.1, likelihood=lambda: 1.0)


@pytest.mark.parametrize(
    ("heard", "facts"),
    [
        (replace(HEARD, is_own=True), ALL),
        (replace(HEARD, is_bot=True, direct=True), ALL),
        (replace(HEARD, direct=True), replace(ALL, level=Level.IGNORED)),
        (replace(HEARD, direct=True), replace(ALL, known=True)),
        (replace(HEARD, direct=True, text=" !psst"), ALL),
        (replace(HEARD, direct=True), replace(ALL, replied_to_hidden=True)),
        (replace(HEARD, direct=True, mentioned=True), replace(ALL, speaking=False)),
        (replace(HEARD, direct=True), Facts(by_reaction=True)),
    ],
)
def test_some_things_are_never_answered_whatever_else_holds_and_each_has_its_reason(heard, facts):
    found = decide(heard, facts)
    assert isinstance(found, Silence)
    assert found.reason


@pytest.mark.parametrize(("threshold", "found", "answered"), [(0.5, 0.5, True), (0.5, 0.4, False), (0.5, None, False)])
def test_lurking_compares_with_what_the_place_chose(threshold, found, answered):
    assert isinstance(decide(HEARD, Facts(lurk=threshold, likelihood=lambda: found)), Answer) is answered


def test_the_model_is_not_asked_where_it_does_not_matter():
    facts = Facts(lurk=0.5, likelihood=lambda: pytest.fail("asked"), autoreply=True)
    assert isinstance(decide(HEARD, facts), Answer)
    assert isinstance(decide(HEARD, replace(facts, autoreply=False, lurk=None)), Silence)


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("Robin, sing", "Robin, "),
        ("robin: sing", "robin: "),
        ("@Robin, sing", "@Robin, "),
        ("Robin sings", ""),
        ("R.B sing", "R.B "),
        ("RxB sing", ""),
        ("bird!", "bird!"),
        ("birds sing", ""),
        ("a Robin, sing", ""),
        ("", ""),
    ],
)
def test_a_name_calls_with_a_comma_and_an_alias_also_alone(text, calls):
    assert text[: addressed_by_name(text, ("Robin", ""), ("bird", "R.B"))] == calls


def test_a_letter_asks_a_companion_only_with_something_to_answer():
    names = ("Robin", "Österling")
    assert to_another("!R hello\nyou", names) == ("Robin", "hello\nyou")
    assert to_another("!ö hello", names) == ("Österling", "hello")
    assert [to_another(text, names) for text in ("!r", "!x hello", "!rr hello", "!! hello", "! r hello", "r hello")] == [None] * 6


def test_silences_are_kept_of_so_many_messages_and_places():
    silences = Silences()
    for number in range(PLACES + 5):
        silences.note(replace(HEARD, place=Place(f"p{number}")), "no")
    for number in range(KEPT + 5):
        silences.note(replace(HEARD, id=f"m{number}"), "no")
    assert [each.message for each in silences.of("hall")][:2] == [f"m{KEPT + 4}", f"m{KEPT + 3}"]
    assert (len(silences.of("hall")), silences.of("p0"), len(silences.of(f"p{PLACES + 4}"))) == (KEPT, [], 1)


@given(
    st.lists(st.sampled_from(["@", "everyone", "here", "room", "<@&1>", "<@&", "<@", "2>", " ", "x", "E", "\u200b", "@Everyone"])).map(
        "".join
    )
)
def test_no_text_of_a_model_calls_everybody_and_all_read_the_same(text):
    found = defused(text)
    assert not re.search(r"@(?:everyone|here|room)\b|<@&\d", found, re.IGNORECASE)
    assert found.replace("\u200b", "") == text.replace("\u200b", "")
    assert defused(found) == found
