"""Tests of the rules of privacy, as a table: what is said where is recalled where, by whom and to whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from extension.database import Database
from extension.embedders import Hashing
from extension.hosts.scripted import Scripted
from extension.memory.diary import Answer
from extension.memory.facts import Which
from extension.memory.memories import Memories
from extension.memory.realms import visible_realms
from extension.memory.recall import Question
from extension.messages import Person, Place

from ..conftest import PAIRS, stores_of
from .conftest import ALICE, BOB, CHANNEL, KITCHEN, turn

CAROL = Person("carol", "Carol")
ATTIC = Place("attic")
LOBBY = Place("lobby", shared=True)
SECRET = "The treasure lies under the walnut tree."
OTHERS = [(BOB, CHANNEL, "Robin"), (BOB, ATTIC, "Robin"), (CAROL, LOBBY, "Wren"), (ALICE, LOBBY, "Robin")]
QUESTION = "Under which tree lies the treasure, the walnut?"

# Said by Alice to Robin; the question is asked by ..., in ..., to ..., with scope ...; recalled?
TABLE = [
    (KITCHEN, ALICE, KITCHEN, "Robin", "place", True),
    (KITCHEN, ALICE, KITCHEN, "Robin", "companion", True),
    (KITCHEN, ALICE, KITCHEN, "Robin", "person", True),
    (KITCHEN, ALICE, ATTIC, "Robin", "place", False),
    (KITCHEN, ALICE, ATTIC, "Robin", "companion", True),
    (KITCHEN, ALICE, ATTIC, "Robin", "person", True),
    (KITCHEN, ALICE, ATTIC, "Wren", "place", False),
    (KITCHEN, ALICE, ATTIC, "Wren", "companion", False),
    (KITCHEN, ALICE, ATTIC, "Wren", "person", True),
    (KITCHEN, ALICE, KITCHEN, "Wren", "place", False),
    (KITCHEN, ALICE, KITCHEN, "Wren", "companion", False),
    (KITCHEN, ALICE, KITCHEN, "Wren", "person", True),
    (KITCHEN, ALICE, CHANNEL, "Robin", "place", False),
    (KITCHEN, ALICE, CHANNEL, "Robin", "companion", False),
    (KITCHEN, ALICE, CHANNEL, "Robin", "person", False),
    (KITCHEN, BOB, ATTIC, "Robin", "companion", False),
    (KITCHEN, BOB, ATTIC, "Robin", "person", False),
    (KITCHEN, BOB, KITCHEN, "Robin", "place", False),
    (KITCHEN, BOB, KITCHEN, "Robin", "companion", False),
    (KITCHEN, BOB, KITCHEN, "Robin", "person", False),
    (KITCHEN, BOB, CHANNEL, "Robin", "person", False),
    (CHANNEL, ALICE, CHANNEL, "Robin", "place", True),
    (CHANNEL, ALICE, CHANNEL, "Robin", "companion", True),
    (CHANNEL, ALICE, CHANNEL, "Robin", "person", True),
    (CHANNEL, BOB, CHANNEL, "Robin", "place", True),
    (CHANNEL, BOB, CHANNEL, "Robin", "companion", True),
    (CHANNEL, CAROL, CHANNEL, "Robin", "companion", True),
    (CHANNEL, ALICE, CHANNEL, "Wren", "place", False),
    (CHANNEL, ALICE, CHANNEL, "Wren", "companion", False),
    (CHANNEL, ALICE, CHANNEL, "Wren", "person", True),
    (CHANNEL, ALICE, LOBBY, "Robin", "place", False),
    (CHANNEL, ALICE, LOBBY, "Robin", "companion", False),
    (CHANNEL, ALICE, LOBBY, "Robin", "person", False),
    (CHANNEL, ALICE, ATTIC, "Robin", "place", False),
    (CHANNEL, ALICE, ATTIC, "Robin", "companion", True),
    (CHANNEL, ALICE, ATTIC, "Robin", "person", True),
    (CHANNEL, ALICE, ATTIC, "Wren", "companion", False),
    (CHANNEL, ALICE, ATTIC, "Wren", "person", True),
    (CHANNEL, BOB, ATTIC, "Robin", "place", False),
    (CHANNEL, BOB, ATTIC, "Robin", "companion", True),
    (CHANNEL, BOB, ATTIC, "Robin", "person", True),
    (CHANNEL, CAROL, ATTIC, "Robin", "companion", False),
    (CHANNEL, CAROL, ATTIC, "Robin", "person", False),
]


def named(case):
    said, asker, place, companion, scope, recalled = case
    return f"said in {said.id}, asked by {asker.id} in {place.id} to {companion} with scope {scope}: {'recalled' if recalled else 'not'}"


@pytest.fixture(scope="module", params=PAIRS)
def houses(request, tmp_path_factory):
    """In one house Alice told Robin a secret in the kitchen, in the other in the channel, where all but Carol took part."""
    houses, stores = {}, stores_of(request.param, request)
    for said_in in (KITCHEN, CHANNEL):
        data_dir = tmp_path_factory.mktemp(said_in.id)
        stores.make(data_dir)
        memories = Memories(Database(stores.url(data_dir)), Hashing(), data_dir, server=stores.server)
        for row, (who, where, companion) in enumerate(OTHERS, start=1):
            memories.diary.write(
                turn(f"Good day from number {row}.", row, person=who, place=where, companion=companion), Answer("Good day.")
            )
        number = memories.diary.write(turn(SECRET, place=said_in), Answer("Your secret is safe."))
        while memories.fact_finding.step(Scripted(lambda messages: "The treasure | place | under the walnut tree"), lambda: False):
            continue
        memories.settle()
        houses[said_in.id] = memories, number
    yield houses
    for memories, _ in houses.values():
        memories.close()
    stores.drop()


@pytest.mark.parametrize("case", TABLE, ids=named)
@pytest.mark.parametrize("gate", [True, False], ids=["gated", "searched"])
def test_what_was_said_is_recalled_only_where_the_rules_allow(houses, case, gate):
    said_in, asker, place, companion, scope, recalled = case
    memories, number = houses[said_in.id]
    for dense in (True, False):
        found = memories.recall.search(Question(QUESTION, asker, place, companion, scope, limit=20), dense=dense, gate=gate)
        assert (number in [memory.exchange.id for memory in found]) is recalled


@pytest.mark.parametrize("case", [case for case in TABLE if case[4] != "place"], ids=named)
def test_facts_are_seen_only_where_the_rules_allow(houses, case):
    said_in, asker, place, companion, scope, recalled = case
    memories, number = houses[said_in.id]
    with memories.database.read() as connection:
        realms = visible_realms(connection, companion, asker, place, scope)
    found = memories.facts.browse(Which(realms=realms))
    assert (number in [fact.exchange for fact in found]) is recalled


def test_by_meaning_alone_no_scope_reaches_another_persons_words_in_the_same_place(memories):
    memories.diary.write(turn(SECRET, 0, person=BOB), Answer("I see."))
    memories.diary.write(turn("Fine weather.", 1), Answer("Yes."))
    memories.settle()
    for scope in ("place", "companion", "person"):
        found = memories.recall.search(Question(SECRET, ALICE, KITCHEN, "Robin", scope, limit=20), gate=False)
        assert {memory.exchange.person.id for memory in found} <= {"alice"}


def test_a_private_place_that_becomes_shared_keeps_its_old_words_private(memories):
    memories.diary.write(turn(SECRET, 0, place=Place("room")), Answer("I see."))
    memories.diary.write(turn("Welcome, everyone.", 1, place=Place("room", shared=True)), Answer("Hello."))
    memories.settle()
    shared = memories.recall.search(Question(QUESTION, BOB, Place("room", shared=True), "Robin", "person"), gate=False)
    assert [memory.exchange.said for memory in shared] == ["Welcome, everyone."]


def test_a_person_without_a_past_sees_no_realm(memories):
    memories.diary.write(turn("Hello."), Answer("Hi."))
    with memories.database.read() as connection:
        assert visible_realms(connection, "Robin", CAROL, ATTIC, "person") == []
        assert visible_realms(connection, "Robin", CAROL, LOBBY, "person") == []


def test_a_turn_that_is_not_recorded_leaves_no_trace(memories):
    incognito = replace(turn(SECRET), recorded=False)
    assert memories.hear(incognito) is None
    assert memories.remember(incognito, Answer("Sh.")) is None
    assert memories.diary.count() == 0
    assert memories.spool.waiting() == 0


def test_a_place_that_was_shared_never_becomes_private_again(memories):
    memories.remember(turn("The party is on Friday.", place=CHANNEL), Answer("Nice."))
    memories.remember(turn("And Bob brings the cake.", row=1, place=Place(CHANNEL.id)), Answer("Nice."))
    assert [found.place.shared for found in memories.diary.browse()] == [True, True]
