"""Tests of the diary: one exchange for each place, row and branch, whatever is written there."""

from __future__ import annotations

import pytest

from extension.errors import NotFound
from extension.memory.diary import Answer, Filter, insert
from extension.messages import Person, Place

from .conftest import ALICE, BOB, CHANNEL, KITCHEN, NOON, told, turn


def words(diary, place="kitchen", branch=""):
    return [(exchange.row, exchange.said, exchange.reply) for exchange in diary.chat(place, branch)]


def test_an_exchange_comes_back_as_it_was_written(diary):
    number = diary.write(turn("I moved to Oslo."), Answer("How do you like it?", "She moved.", "smol", "lora-3", (7, 9)))
    found = diary.one(number)
    assert (found.id, found.person, found.place, found.companion, found.row, found.branch) == (1, ALICE, KITCHEN, "Robin", 0, "")
    assert (found.said, found.reply, found.reasoning) == ("I moved to Oslo.", "How do you like it?", "She moved.")
    assert (found.model, found.adapter, found.memories, found.when) == ("smol", "lora-3", (7, 9), NOON)
    assert (found.feedback, found.pinned) == (0, False)


def test_writing_a_row_again_replaces_its_reply(diary):
    first = diary.write(turn("Tell me a joke."), Answer("Knock knock.", model="small"))
    second = diary.write(turn("Tell me a joke."), Answer("Why did the chicken cross the road?", model="big"))
    assert second == first
    assert words(diary) == [(0, "Tell me a joke.", "Why did the chicken cross the road?")]
    assert diary.one(first).model == "big"


def test_continuing_extends_the_reply(diary):
    diary.write(turn("Count."), Answer("One, two"))
    diary.write(turn("Count."), Answer("One, two, three."))
    assert words(diary) == [(0, "Count.", "One, two, three.")]


def test_an_empty_reply_never_replaces_one(diary):
    number = diary.write(turn("Hello there."), Answer("General greetings.", model="small", memories=(3,)))
    diary.write(turn("Hello there."), Answer("", reasoning="stopped while thinking", model="big"))
    found = diary.one(number)
    assert (found.reply, found.reasoning, found.model, found.memories) == ("General greetings.", "", "small", (3,))


def test_other_words_at_a_row_make_a_new_exchange(diary):
    first = diary.write(turn("I like tea."), Answer("Noted."))
    diary.rate(first, 1)
    diary.pin(first)
    second = diary.write(turn("I like coffee."), Answer("Noted."))
    assert second != first
    assert diary.get([first]) == []
    assert words(diary) == [(0, "I like coffee.", "Noted.")]
    assert (diary.one(second).feedback, diary.one(second).pinned) == (0, False)


@pytest.mark.parametrize("other", [{"person": BOB}, {"companion": "Wren"}])
def test_another_person_or_companion_at_a_row_makes_a_new_exchange(diary, other):
    first = diary.write(turn("Hi Robin."), Answer("Hi."))
    second = diary.write(turn("Hi Robin.", **other), Answer("Hi again."))
    found = diary.one(second)
    assert second != first
    assert (found.person.id, found.companion) == (other.get("person", ALICE).id, other.get("companion", "Robin"))
    assert found.realm == 2
    assert diary.count() == 1


def test_a_branch_has_rows_of_its_own(diary):
    diary.write(turn("Same row.", branch="a"), Answer("One."))
    diary.write(turn("Same row.", branch="b"), Answer("Two."))
    assert words(diary, branch="a") == [(0, "Same row.", "One.")]
    assert words(diary, branch="b") == [(0, "Same row.", "Two.")]


def test_what_was_heard_waits_for_its_reply(diary):
    heard = diary.hear(turn("Are you there?"))
    assert words(diary) == [(0, "Are you there?", "")]
    assert diary.write(turn("Are you there?"), Answer("Yes.")) == heard
    assert words(diary) == [(0, "Are you there?", "Yes.")]


def test_hearing_the_same_again_leaves_the_reply_alone(diary):
    number = diary.write(turn("Again, please."), Answer("Once more."))
    diary.rate(number, -1)
    assert diary.hear(turn("Again, please.")) == number
    assert (diary.one(number).reply, diary.one(number).feedback) == ("Once more.", -1)


def test_hearing_other_words_replaces_the_exchange(diary):
    number = diary.write(turn("First words."), Answer("First reply."))
    assert diary.hear(turn("Second words.")) != number
    assert words(diary) == [(0, "Second words.", "")]


def test_a_new_reply_takes_the_feedback_of_the_old_one_away(diary):
    number = diary.write(turn("Sing."), Answer("La la."))
    diary.rate(number, 1)
    diary.pin(number)
    diary.write(turn("Sing."), Answer("Do re mi."))
    assert (diary.one(number).feedback, diary.one(number).pinned) == (0, True)


def test_the_same_reply_written_twice_keeps_its_feedback(diary):
    number = diary.write(turn("Sing."), Answer("La la."))
    diary.rate(number, 1)
    diary.write(turn("Sing."), Answer("La la.", model="another"))
    assert (diary.one(number).feedback, diary.one(number).model) == (1, "another")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Grüße aus Zürich, 東京, and 🦜!", "Grüße aus Zürich, 東京, and 🦜!"),
        ("a\x00b", "a\N{REPLACEMENT CHARACTER}b"),
        ("half a parrot: \ud83e", "half a parrot: ?"),
        ("line\nbreaks\r\n\tand tabs  ", "line\nbreaks\r\n\tand tabs  "),
        ("x" * 1_000_000, "x" * 1_000_000),
        ("'; DROP TABLE exchange; --", "'; DROP TABLE exchange; --"),
    ],
    ids=["unicode", "nul", "lone surrogate", "space", "a megabyte", "sql"],
)
def test_words_of_every_kind_are_kept(diary, given, kept):
    number = diary.write(turn(given), Answer(given, reasoning=given, model=given[:40], adapter=given[:40]))
    found = diary.one(number)
    assert (found.said, found.reply, found.reasoning) == (kept, kept, kept)
    assert diary.hear(turn(given)) == number


def test_names_of_every_kind_are_kept(diary):
    person, place = Person("a\ud800\x00", "Al\ud800ice"), Place("p\ud800", title="T\x00itle")
    number = diary.write(turn("Hello.", person=person, place=place, companion="R\ud800", branch="b\ud800"), Answer("Hi."))
    found = diary.one(number)
    assert (found.person, found.place) == (
        Person("a?\N{REPLACEMENT CHARACTER}", "Al?ice"),
        Place("p?", title="T\N{REPLACEMENT CHARACTER}itle"),
    )
    assert (found.companion, found.branch) == ("R?", "b?")
    assert diary.hear(turn("Hello.", person=person, place=place, companion="R\ud800", branch="b\ud800")) == number


def test_the_newest_name_of_a_person_and_title_of_a_place_is_shown(diary):
    number = diary.write(turn("One."), Answer("1"))
    diary.write(turn("Two.", 1, person=Person("alice", "Alice B."), place=Place("kitchen", title="Cooking")), Answer("2"))
    diary.write(turn("Three.", 2, person=Person("alice"), place=KITCHEN), Answer("3"))
    assert (diary.one(number).person.name, diary.one(number).place.title) == ("Alice B.", "Cooking")


def test_a_place_that_becomes_shared_is_known_to_be(diary):
    number = diary.write(turn("Alone.", place=Place("room")), Answer("Yes."))
    diary.write(turn("Together.", 1, place=Place("room", shared=True)), Answer("Yes."))
    assert diary.one(number).place.shared


def test_feedback_is_thumbs_up_down_or_none(diary):
    number = diary.write(turn("Rate me."), Answer("Please."))
    seen = []
    for given in (1, -1, 0, 5, -5):
        diary.rate(number, given)
        seen.append(diary.one(number).feedback)
    assert seen == [1, -1, 0, 1, -1]


def test_a_pin_can_be_taken_out(diary):
    number = diary.write(turn("Pin me."), Answer("Ok."))
    diary.pin(number)
    assert diary.one(number).pinned
    diary.pin(number, False)
    assert not diary.one(number).pinned


def test_an_edit_changes_one_half_and_leaves_the_other(diary):
    number = diary.write(turn("My cat is called Tom."), Answer("Nice."))
    assert diary.edit(number, said="My cat is called Tim.").reply == "Nice."
    assert diary.edit(number, reply="Lovely.").said == "My cat is called Tim."
    assert words(diary) == [(0, "My cat is called Tim.", "Lovely.")]


@pytest.mark.parametrize(
    "act",
    [lambda diary: diary.one(99), lambda diary: diary.edit(99, said="x"), lambda diary: diary.pin(99), lambda diary: diary.rate(99, 1)],
)
def test_what_is_not_there_is_named(diary, act):
    with pytest.raises(NotFound, match=r"^There is no memory with id 99\. `familiar memory list` shows those there are\.$"):
        act(diary)


def test_a_place_is_renamed(diary):
    diary.write(turn("Hello."), Answer("Hi."))
    diary.rename("kitchen", "Recipes")
    assert [row[:2] for row in diary.places()] == [("kitchen", "Recipes")]
    with pytest.raises(NotFound, match="no such chat"):
        diary.rename("cellar", "Wine")


def test_a_forgotten_exchange_is_gone_and_the_others_stay(diary):
    ids = told(diary, ("One.", "1"), ("Two.", "2"), ("Three.", "3"))
    assert diary.forget([ids[1]]) == 1
    assert words(diary) == [(0, "One.", "1"), (2, "Three.", "3")]
    assert diary.forget([ids[1], 999]) == 0


def test_forgetting_takes_the_copies_in_branched_chats_with_it(diary):
    ids = told(diary, ("My sister is Ida.", "I see."), ("And my brother?", "Unknown."))
    told(diary, ("My sister is Ida.", "I see."), ("Something else.", "Fine."), place=Place("branch"))
    told(diary, ("My sister is Ida.", "I see."), person=BOB, place=Place("bobs"))
    assert diary.forget(ids[:1]) == 2
    assert words(diary) == [(1, "And my brother?", "Unknown.")]
    assert words(diary, "branch") == [(1, "Something else.", "Fine.")]
    assert words(diary, "bobs") == [(0, "My sister is Ida.", "I see.")]


def test_forgetting_takes_copies_with_it_though_one_was_edited(diary):
    first = told(diary, ("My sister is Ida.", "I see."))[0]
    second = told(diary, ("My sister is Ida.", "I see."), place=Place("branch"))[0]
    diary.edit(first, said="My sister is Eda.")
    assert diary.forget([second]) == 2
    assert diary.count() == 0


def test_forgetting_leaves_no_name_of_a_person_or_a_place_behind(diary, data_dir, stores):
    told(diary, ("Keep this.", "Yes."))
    ids = told(diary, ("Secret.", "Sh."), person=BOB, place=Place("bobs", title="Secret plans"))
    ids += told(diary, ("Hello all.", "Hi."), person=BOB, place=CHANNEL)
    diary.forget(ids)
    assert stores.run(data_dir, "SELECT id FROM person") == [("alice",)]
    assert stores.run(data_dir, "SELECT id FROM place") == [("kitchen",)]
    assert stores.run(data_dir, "SELECT * FROM participant") == []


def test_many_exchanges_are_read_and_forgotten_at_once(diary, database):
    with database.write() as connection:
        ids = [insert(connection, turn(f"Number {number}.", number), Answer("Ok.")) for number in range(1200)]
    assert [exchange.id for exchange in diary.get(ids[::-1])] == ids[::-1]
    assert diary.forget(ids) == 1200
    assert diary.count() == 0


def test_exchanges_are_listed_newest_first_and_in_pages(diary):
    told(diary, *((f"{number}", "ok") for number in range(5)))
    assert [exchange.said for exchange in diary.browse()] == ["4", "3", "2", "1", "0"]
    assert [exchange.said for exchange in diary.browse(limit=2, offset=1)] == ["3", "2"]
    assert [exchange.said for exchange in diary.browse(limit=None, offset=3)] == ["1", "0"]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Filter(), ["a0", "a1", "b0", "w0"]),
        (Filter(person="alice"), ["a0", "a1", "w0"]),
        (Filter(place="channel"), ["b0"]),
        (Filter(companion="Wren"), ["w0"]),
        (Filter(pinned=True), ["a1"]),
        (Filter(pinned=False), ["a0", "b0", "w0"]),
        (Filter(since=NOON.timestamp() + 60), ["a1"]),
        (Filter(until=NOON.timestamp() + 60), ["a0", "b0", "w0"]),
        (Filter(person="alice", companion="Robin", pinned=False), ["a0"]),
        (Filter(person=""), []),
    ],
)
def test_a_filter_chooses(diary, chosen, expected):
    ids = told(diary, ("a0", "."), ("a1", "."))
    told(diary, ("b0", "."), person=BOB, place=CHANNEL)
    told(diary, ("w0", "."), place=Place("attic"), companion="Wren")
    diary.pin(ids[1])
    assert sorted(exchange.said for exchange in diary.browse(chosen)) == expected
    assert diary.count(chosen) == len(expected)


def test_places_are_listed_with_the_most_recent_first(diary):
    told(diary, ("a", "."), ("b", "."))
    told(diary, ("c", "."), ("d", "."), ("e", "."), place=Place("web:1", title="Garden"))
    told(diary, ("f", "."), person=BOB, place=Place("web:%", title="Percent"))
    at = NOON.timestamp()
    assert diary.places("alice") == [("web:1", "Garden", "Robin", at + 120, 3), ("kitchen", "", "Robin", at + 60, 2)]
    assert [row[0] for row in diary.places(prefix="web:")] == ["web:1", "web:%"]
    assert [row[0] for row in diary.places(prefix="web:%")] == ["web:%"]


def test_private_words_share_a_realm_and_every_shared_place_has_its_own(diary):
    told(diary, ("a", "."))
    told(diary, ("b", "."), place=Place("attic"))
    told(diary, ("c", "."), place=CHANNEL)
    told(diary, ("d", "."), person=BOB, place=Place("channel2", shared=True))
    told(diary, ("e", "."), person=BOB, place=Place("bobs"))
    told(diary, ("f", "."), companion="Wren", place=Place("nest"))
    assert {exchange.said: exchange.realm for exchange in diary.browse()} == {"a": 1, "b": 1, "c": 2, "d": 3, "e": 4, "f": 5}
