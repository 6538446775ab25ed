"""People are found under all their names, are one where somebody says so, and agree or do not."""

from __future__ import annotations

import pytest

from extension.errors import NotFound, SettingsError
from extension.memory.diary import Answer
from extension.messages import Person, Place, Turn
from extension.refresh.people import People
from extension.refresh.recipe.data import Sources

from .talk import ANN, BOB, CAT, NOON, ROOM, keep, line


def test_somebody_is_known_by_every_name_and_shown_by_the_newest(chats, people):
    keep(chats, line(ANN, "1", 1, name="annie"), line(ANN, "2", 2, name="annie"), line(ANN, "3", 3), line(BOB, "4", 4))
    ann, bob = people.index()
    assert (ann.id, ann.name, ann.first_name, ann.lines, ann.consent) == (ANN, "Ann Smith", "Ann", 3, "unknown")
    assert [(each.name, each.lines) for each in ann.names] == [("Ann Smith", 1), ("annie", 2)]
    assert people.of("ANNIE") == people.of(ANN) == ann
    assert (bob.name, bob.since) == ("Bob", line(BOB, "", 4).at)


def test_initials_are_numbered_where_they_clash(chats, people):
    keep(chats, line(ANN, "1", 1), line(BOB, "2", 2, name="Al Stone"), line(CAT, "3", 3, name="東京"))
    assert {each.id: each.initials for each in people.index()} == {ANN: "AS", BOB: "AS2", CAT: "東"}


def test_people_of_several_platforms_can_be_one_and_two_again(chats, people):
    keep(chats, line(ANN, "1", 1), line("whatsapp:Ann S", "2", 2, name="Ann S"))
    people.change("Ann S", consent="refused")
    one = people.merge("Ann S", ANN)
    assert (one.id, one.aliases, one.lines, one.consent) == (ANN, ("whatsapp:Ann S",), 2, "refused")
    assert people.split("whatsapp:Ann S").consent == "unknown"
    assert [each.lines for each in people.index()] == [1, 1]
    with pytest.raises(SettingsError, match="the same person already"):
        people.merge("Ann S", "whatsapp:Ann S")


def test_a_name_that_several_have_asks_for_the_id(chats, people):
    keep(chats, line(ANN, "1", 1, name="Sam"), line(BOB, "2", 2, name="sam"))
    with pytest.raises(NotFound, match="2 people are called that"):
        people.of("SAM")
    with pytest.raises(NotFound, match="familiar people"):
        people.of("nobody")


def test_what_is_set_stays_and_can_be_taken_back(chats, people):
    keep(chats, line(ANN, "1"), line(CAT, "2", 2, bot=True))
    assert people.of(CAT).bot
    people.change(CAT, bot=False, excluded=True)
    people.change("ann smith", name="Annette", first_name="Nette", consent="given")
    ann = people.of("annette")
    assert (ann.name, ann.first_name, ann.consent, people.of(CAT).bot, people.of(CAT).excluded) == (
        "Annette",
        "Nette",
        "given",
        False,
        True,
    )
    assert people.change(ANN, name="", first_name="").name == "Ann Smith"
    with pytest.raises(SettingsError, match="at most 200"):
        people.change(ANN, name="x" * 201)


def test_the_owner_agrees_by_running_it_and_companions_need_not(diary, database, chats):
    diary.write(Turn(Person("me", "Me"), Place("kitchen"), "Robin", "Hello.", 0, NOON), Answer("Hi."))
    diary.write(Turn(Person("discord:9", "Guest"), Place("room", True), "Robin", "Hey.", 0, NOON), Answer("Hi."))
    keep(chats, line("whatsapp:Me", "1", 1, name="Myself"))
    people = People(database, "me")
    people.claim("Myself")
    found = {each.id: (each.consent, each.agreed) for each in people.index()}
    assert found == {"me": ("given", True), "discord:9": ("unknown", False), "companion:Robin": ("unknown", True)}
    people.change("me", consent="refused")
    assert not people.of("whatsapp:Me").agreed


def test_of_whom_no_word_is_left_nothing_is_known_unless_they_refused(chats, people):
    keep(chats, line(ANN, "1", 1), line(BOB, "2", 2))
    people.change(ANN, name="Annette", consent="given")
    people.change(BOB, consent="refused")
    chats.remove(ROOM)
    assert [(each.id, each.consent) for each in people.index()] == [(BOB, "refused")]


def test_who_was_forgotten_is_not_imported_again_until_they_agree(chats, people, tmp_path):
    both = [line(ANN, "wombat", 1), line(BOB, "hello", 2)]
    keep(chats, *both)
    assert people.forget("Ann Smith") == 1
    assert keep(chats, *both, name="again").forgotten == 1
    assert [each.text for each in chats.lines(Sources(diary=False))] == ["hello"]
    assert [each.id for each in people.index()] == [BOB]
    people.change(ANN, consent="given")
    keep(chats, *both, name="once more")
    assert [each.text for each in chats.lines(Sources(diary=False))] == ["wombat", "hello"]
