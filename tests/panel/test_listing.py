"""The memories of a person: found, mended, pinned, forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from extension.app import build
from extension.errors import NotFound, SettingsError
from extension.hosts.scripted import Scripted
from extension.memory.diary import Answer, Filter
from extension.messages import Memory, Person, Place
from extension.panel.cards import Viewer
from extension.panel.listing import EMPTY, Listing, label
from extension.settings import load

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


@pytest.fixture
def listing(app) -> Listing:
    return Listing(app, Person("me"))


def said(found):
    return [memory.exchange.said for memory in found.memories]


def lines(memory):
    return label(memory, Viewer("me", "chat:now", UTC)).split("\n")


def test_without_a_word_the_newest_come_first_a_page_at_a_time(listing, remember):
    for number in range(5):
        remember(f"Entry {number}.")
    found = listing.find("", "Familiar", 3)
    assert (said(found), found.total, found.caption) == (["Entry 4.", "Entry 3.", "Entry 2."], 5, "3 of 5, the newest first.")
    assert listing.find("", "Familiar", 9).caption == "5 found, the newest first."


def test_where_there_is_nothing_it_says_what_to_do(listing, remember):
    assert listing.find("", "Familiar", 9).caption == EMPTY
    assert listing.summary() == ""
    remember("I like plums.")
    here = Filter(place="chat:elsewhere")
    assert listing.find("", "Familiar", 9, here).caption == "No memory matches these filters. Widen or clear them."
    assert listing.find("zebra", "Familiar", 9).caption == "Nothing found for “zebra”. Try a single word, or other words for the same."
    found = listing.find("plums", "Familiar", 9, here)
    assert found.caption == "Nothing found for “plums” with these filters. Try other words, or clear the filters."


def test_what_is_searched_for_comes_with_its_scores_the_best_first(listing, remember):
    remember("The plums of the garden are ripe.", place="chat:1")
    remember("Nothing of the kind.", place="chat:2")
    remember("Plums.", "Plums, plums.", place="chat:3")
    found = listing.find("plums", "Familiar", 9)
    assert said(found) == ["Plums.", "The plums of the garden are ripe."]
    assert found.memories[0].score > found.memories[1].score > 0 and found.memories[0].lexical == 1.0
    assert found.caption == "2 found for “plums”, the best first."


def test_a_search_stays_within_the_filters(listing, remember):
    remember("Plums in the kitchen.", place="chat:kitchen")
    remember("Plums at work.", place="chat:work", companion="Robin")
    assert said(listing.find("plums", "Familiar", 9, Filter(place="chat:work"))) == ["Plums at work."]
    assert said(listing.find("plu itch", "Familiar", 9, Filter(companion="Familiar"))) == ["Plums in the kitchen."]
    found = listing.find("", "Familiar", 9, Filter(companion="Robin"))
    assert (said(found), found.caption) == (["Plums at work."], "1 found with these filters, the newest first.")


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


def changes(listing):
    return (listing.pin, listing.forget, listing.plan, lambda number: listing.edit(number, "x", "y"))


def test_private_memories_of_somebody_else_are_neither_found_nor_touched(listing, remember):
    number = remember("Their secret.", person="somebody")
    for text in ("", "secret", "ecre"):
        assert listing.find(text, "Familiar", 9).total == 0
    for touch in (listing.one, *changes(listing)):
        with pytest.raises(NotFound, match="not there any more"):
            touch(number)


def test_what_others_said_in_a_place_one_took_part_in_is_seen_and_not_changed(listing, app):
    room = Place("room", shared=True)
    theirs = app.companion.remember(app.turn("We meet at nine.", room, person=Person("bea", "Bea")), Answer("Fine."))
    assert listing.find("", "Familiar", 9).total == 0
    app.companion.remember(app.turn("I will be there.", room, person=Person("me")), Answer("Good."))
    assert said(listing.find("", "Familiar", 9, Filter(person="bea"))) == ["We meet at nine."]
    for change in changes(listing):
        with pytest.raises(NotFound, match="only Bea can change or forget it"):
            change(theirs)
    assert listing.one(theirs).said == "We meet at nine."


def test_a_memory_is_edited_and_never_to_nothing(listing, remember):
    number = remember("I like plums.")
    listing.edit(number, "I like pears.", "Good.")
    assert (listing.one(number).said, listing.one(number).reply) == ("I like pears.", "Good.")
    with pytest.raises(SettingsError, match="forget it"):
        listing.edit(number, " \n", "Good.")


def test_a_memory_is_pinned_and_unpinned(listing, remember):
    number = remember("I like plums.")
    assert listing.pin(number) is True
    assert lines(Memory(listing.one(number), 0.0))[0] == "★ I like plums."
    assert listing.pin(number) is False
    assert lines(Memory(listing.one(number), 0.0))[0] == "I like plums."


def test_a_memory_is_forgotten_alone_or_with_the_replies_that_were_given_it(listing, app, remember):
    first, other = remember("I like plums."), remember("I like pears.")
    later = app.companion.remember(app.turn("What do I like?", Place("chat:2")), Answer("Plums.", memories=(first,)))
    app.companion.remember(app.turn("And else?", Place("chat:2")), Answer("Pears.", memories=(other, 10 * first)))
    assert listing.plan(first).given == (later,)
    assert listing.forget(first, given=True).exchanges == 2
    assert said(listing.find("", "Familiar", 9)) == ["And else?", "I like pears."]
    assert listing.forget(other).exchanges == 1


def test_what_was_forgotten_can_be_brought_back_once(listing, remember):
    number = remember("I like plums.")
    gone = listing.forget(number)
    assert listing.find("plums", "Familiar", 9).total == 0
    assert listing.undo(gone.batch) == 1
    assert said(listing.find("plums", "Familiar", 9)) == ["I like plums."]
    with pytest.raises(NotFound, match="too late"):
        listing.undo(gone.batch)


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


def test_a_label_has_lines_for_words_circumstances_and_scores(remember, listing):
    number = remember("First line\n\nsecond  line " + "and on " * 40)
    memory = Memory(replace(listing.one(number), when=NOON), 0.0)
    words, circumstances = lines(memory)
    assert len(words) <= 120 and words.startswith("First line second line and on") and words.endswith("…")
    assert circumstances == "14 Mar 2026 · another chat"
    assert lines(replace(memory, score=0.875, lexical=1.0, dense=0.5))[2] == "score 0.88 · words 1.00 · meaning 0.50"
