"""The memories of a person: found, mended, pinned, forgotten."""

from __future__ import annotations

import pytest

from extension.app import build
from extension.errors import NotFound, SettingsError
from extension.hosts.scripted import Scripted
from extension.memory.diary import Answer
from extension.messages import Person, Place
from extension.panel.listing import Listing, label
from extension.settings import load


@pytest.fixture
def listing(app) -> Listing:
    return Listing(app, Person("me"))


def said(found):
    return [exchange.said for exchange in found.exchanges]


def test_without_a_word_the_newest_come_first_a_page_at_a_time(listing, remember):
    for number in range(5):
        remember(f"Entry {number}.")
    found = listing.find("", "Familiar", 3)
    assert (said(found), found.total, found.caption) == (["Entry 4.", "Entry 3.", "Entry 2."], 5, "3 of 5.")
    assert listing.find("", "Familiar", 9).caption == "5 found."


def test_nothing_is_said_to_be_nothing(listing):
    assert listing.find("", "Familiar", 9).caption == "Nothing is remembered yet."
    assert listing.find("zebra", "Familiar", 9).caption == "Nothing found for “zebra”."


def test_parts_of_words_are_found_in_what_was_said_and_in_the_reply(listing, remember):
    remember("I grow artichokes.")
    remember("What else?", "Perhaps ARTICHOKES.")
    remember("Nothing of the kind.")
    assert said(listing.find(" tichok ", "Familiar", 9)) == ["What else?", "I grow artichokes."]
    assert listing.find("100%_", "Familiar", 9).total == 0


def test_other_forms_of_a_word_are_found_after_the_word_itself(listing, remember):
    remember("We were running late.")
    remember("I run every day.")
    assert said(listing.find("run", "Familiar", 9)) == ["I run every day.", "We were running late."]
    assert sorted(said(listing.find("runs", "Familiar", 9))) == ["I run every day.", "We were running late."]


def test_memories_of_somebody_else_are_neither_found_nor_touched(listing, remember):
    number = remember("Their secret.", person="somebody")
    assert listing.find("secret", "Familiar", 9).total == 0
    for touch in (listing.one, listing.pin, listing.forget, listing.given, lambda number: listing.edit(number, "x", "y")):
        with pytest.raises(NotFound, match="not there any more"):
            touch(number)


def test_a_memory_is_edited_and_never_to_nothing(listing, remember):
    number = remember("I like plums.")
    listing.edit(number, "I like pears.", "Good.")
    assert (listing.one(number).said, listing.one(number).reply) == ("I like pears.", "Good.")
    with pytest.raises(SettingsError, match="forget it"):
        listing.edit(number, " \n", "Good.")


def test_a_memory_is_pinned_and_unpinned(listing, remember):
    number = remember("I like plums.")
    assert listing.pin(number) is True
    assert label(listing.one(number)).startswith("★ ")
    assert listing.pin(number) is False
    assert not label(listing.one(number)).startswith("★ ")


def test_a_memory_is_forgotten_alone_or_with_the_replies_that_were_given_it(listing, app, remember):
    first, other = remember("I like plums."), remember("I like pears.")
    later = app.companion.remember(app.turn("What do I like?", Place("chat:2")), Answer("Plums.", memories=(first,)))
    app.companion.remember(app.turn("And else?", Place("chat:2")), Answer("Pears.", memories=(other, 10 * first)))
    assert listing.given(first) == [later]
    assert listing.forget(first, given=True) == 2
    assert said(listing.find("", "Familiar", 9)) == ["And else?", "I like pears."]
    assert listing.forget(other) == 1


def test_counts_and_sizes_are_those_of_the_person(listing, remember):
    listing.pin(remember("One."))
    remember("Two.", place="chat:other")
    remember("Theirs.", person="somebody")
    summary = listing.summary()
    assert summary.startswith("2 exchanges in 2 chats · 1 pinned · diary ")
    assert " index " in summary


def test_without_an_embedding_model_words_are_still_found(tmp_path):
    class Absent:
        name, dimensions = "absent", 1

        def embed(self, texts):
            from extension.errors import MissingModel

            raise MissingModel("The embedding model is not installed.")

    app = build(load({}, data_dir=tmp_path, patience=0), host=Scripted(), embedder=Absent())
    app.companion.remember(app.turn("I like plums.", Place("chat:1")), Answer("Good."))
    assert said(Listing(app, Person("me")).find("plum", "Familiar", 9)) == ["I like plums."]
    app.close()


def test_a_label_is_one_line(remember, listing):
    number = remember("First line\n\nsecond  line " + "and on " * 40)
    text = label(listing.one(number))
    assert "\n" not in text and len(text) < 120 and "First line second line and on" in text and text.endswith("…")
