"""Tests of the comparison of a chat, as its host shows it, with the diary."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extension.database import Database, watermark
from extension.memory.diary import Answer
from extension.memory.reconcile import ChatRow, Reconciled, reconcile
from extension.messages import Place

from .conftest import ALICE, BOB, CHANNEL, KITCHEN, NOON, told, turn

CHAT = (("My name is Alice.", "Hello Alice."), ("I like tea.", "Green or black?"), ("Green.", "Good choice."), ("Bye.", "See you."))


def shown(*rows, start=0, model=""):
    """The rows of a chat as its host shows them, from (said, reply)."""
    return [
        ChatRow(start + number, said, reply, NOON + timedelta(minutes=number), model=model) for number, (said, reply) in enumerate(rows)
    ]


def compare(database, rows, current=None, place=KITCHEN, person=ALICE):
    return reconcile(database, person, place, "Robin", rows, rows[-1].row + 1 if current is None else current)


def held(diary, place="kitchen"):
    return [(exchange.row, exchange.said, exchange.reply) for exchange in diary.chat(place)]


def by_id(diary, place="kitchen"):
    return {exchange.id: (exchange.row, exchange.said) for exchange in diary.chat(place)}


@pytest.fixture
def ids(diary):
    """Four exchanges in the kitchen."""
    return told(diary, *CHAT)


def test_a_chat_the_diary_knows_changes_nothing(database, diary, ids):
    with database.read() as connection:
        before = watermark(connection, "revision")
    assert compare(database, shown(*CHAT)) == Reconciled()
    with database.read() as connection:
        assert watermark(connection, "revision") == before


def test_a_chat_the_diary_does_not_know_is_added(database, diary):
    assert compare(database, shown(*CHAT, model="smol")) == Reconciled(added=4)
    assert held(diary) == [(number, *row) for number, row in enumerate(CHAT)]
    assert [(exchange.when, exchange.model) for exchange in diary.chat("kitchen")][1] == (NOON + timedelta(minutes=1), "smol")


@pytest.mark.parametrize(
    ("edited", "feedback"), [(("I like coffee.", "Green or black?"), 1), (("I like tea.", "With milk?"), 0)], ids=["said", "reply"]
)
def test_an_edit_of_either_half_is_followed(database, diary, ids, edited, feedback):
    diary.rate(ids[1], 1)
    diary.pin(ids[1])
    assert compare(database, shown(CHAT[0], edited, *CHAT[2:])) == Reconciled(changed=1)
    assert held(diary)[1] == (1, *edited)
    found = diary.one(ids[1])
    assert (found.feedback, found.pinned) == (feedback, True)


def test_a_swipe_is_followed_with_its_model(database, diary, ids):
    rows = [*shown(*CHAT[:3]), ChatRow(3, "Bye.", "Farewell!", NOON, "She leaves.", "other-model")]
    assert compare(database, rows) == Reconciled(changed=1)
    found = diary.one(ids[3])
    assert (found.reply, found.reasoning, found.model) == ("Farewell!", "She leaves.", "other-model")


def test_the_last_rows_deleted_are_gone_once_the_next_turn_is_heard(database, diary, ids):
    assert compare(database, shown(*CHAT[:2])) == Reconciled(removed=1)
    diary.hear(turn("Oolong.", 2))
    assert held(diary) == [(0, *CHAT[0]), (1, *CHAT[1]), (2, "Oolong.", "")]


def test_rows_deleted_in_the_middle_let_the_later_ones_move_with_their_ids(database, diary, ids):
    diary.pin(ids[3])
    assert compare(database, shown(CHAT[0], *CHAT[2:])) == Reconciled(moved=2, removed=1)
    assert by_id(diary) == {ids[0]: (0, CHAT[0][0]), ids[2]: (1, CHAT[2][0]), ids[3]: (2, CHAT[3][0])}
    assert diary.one(ids[3]).pinned


def test_many_rows_deleted_at_once_keep_the_ids_of_the_others(database, diary, ids):
    assert compare(database, shown(CHAT[3])) == Reconciled(moved=1, removed=2)
    assert by_id(diary) == {ids[3]: (0, CHAT[3][0]), ids[1]: (1, CHAT[1][0])}
    diary.hear(turn("Back again.", 1))
    assert by_id(diary) == {ids[3]: (0, CHAT[3][0]), 5: (1, "Back again.")}


def test_a_row_inserted_moves_the_later_ones(database, diary, ids):
    assert compare(database, shown(*CHAT[:2], ("Wait.", "Yes?"), *CHAT[2:])) == Reconciled(added=1, moved=2)
    assert by_id(diary) == {
        ids[0]: (0, CHAT[0][0]),
        ids[1]: (1, CHAT[1][0]),
        5: (2, "Wait."),
        ids[2]: (3, CHAT[2][0]),
        ids[3]: (4, CHAT[3][0]),
    }


def test_rows_shifted_by_a_greeting_keep_their_ids(database, diary, ids):
    assert compare(database, shown(*CHAT, start=1)) == Reconciled(moved=4)
    assert by_id(diary) == {number: (row + 1, said) for number, (row, (said, _)) in zip(ids, enumerate(CHAT), strict=True)}


def test_a_chat_emptied_by_its_host_is_emptied(database, diary, ids):
    assert compare(database, [], current=0) == Reconciled(removed=3)
    assert held(diary) == [(0, *CHAT[0])]


def test_the_row_under_way_is_left_alone(database, diary, ids):
    assert compare(database, shown(*CHAT[:3]), current=3) == Reconciled()
    assert held(diary)[3] == (3, *CHAT[3])
    assert compare(database, shown(("Changed.", "Yes."), *CHAT[1:3]), current=3) == Reconciled(changed=1)
    assert held(diary)[3] == (3, *CHAT[3])


def test_rows_after_the_one_under_way_are_removed(database, diary, ids):
    assert compare(database, shown(CHAT[0]), current=1) == Reconciled(removed=2)
    assert held(diary) == [(0, *CHAT[0]), (1, *CHAT[1])]


def test_a_branch_copies_its_rows_to_a_new_place(database, diary, ids):
    assert compare(database, shown(*CHAT[:2]), place=Place("branch")) == Reconciled(added=2)
    assert held(diary, "branch") == [(0, *CHAT[0]), (1, *CHAT[1])]
    assert len(held(diary)) == 4


def test_other_places_and_branches_of_callers_are_left_alone(database, diary, ids):
    diary.write(turn("From the API.", branch="b1"), Answer("Yes."))
    told(diary, ("Elsewhere.", "Yes."), place=Place("attic"))
    compare(database, [], current=0)
    assert [exchange.said for exchange in diary.chat("kitchen", "b1")] == ["From the API."]
    assert held(diary, "attic") == [(0, "Elsewhere.", "Yes.")]


def test_comparing_twice_changes_nothing_the_second_time(database, diary, ids):
    edited = shown(CHAT[3], ("New.", "Yes."), CHAT[0])
    assert compare(database, edited)
    assert not compare(database, edited)


def test_what_was_forgotten_stays_forgotten_though_the_host_still_shows_it(database, diary, ids):
    diary.forget([ids[1]])
    assert compare(database, shown(*CHAT)) == Reconciled()
    assert [row for row, _, _ in held(diary)] == [0, 2, 3]
    assert compare(database, shown(*CHAT), place=Place("branch")) == Reconciled(added=3)
    assert "I like tea." not in {exchange.said for exchange in diary.browse()}


@pytest.mark.parametrize("forgotten", [False, True])
def test_a_chat_the_diary_knows_is_compared_without_a_lock(database, diary, ids, data_dir, stores, forgotten):
    if forgotten:
        diary.forget([ids[1]])
    hasty = Database(database.url, lock_timeout=0.01)
    with stores.held(data_dir):
        assert compare(hasty, shown(*CHAT)) == Reconciled()
    hasty.close()


def test_what_was_forgotten_stays_forgotten_when_its_rows_move(database, diary, ids):
    diary.forget([ids[1]])
    assert compare(database, shown(*CHAT[1:])) == Reconciled(moved=2, removed=1)
    assert by_id(diary) == {ids[2]: (1, CHAT[2][0]), ids[3]: (2, CHAT[3][0])}


def test_words_forgotten_once_may_be_said_again(database, diary, ids):
    diary.forget([ids[1]])
    diary.write(turn("I like tea.", 4), Answer("Green or black?"))
    assert compare(database, shown(*CHAT[:1], *CHAT[2:], CHAT[1])) == Reconciled(moved=3)
    assert [said for _, said, _ in held(diary)] == ["My name is Alice.", "Green.", "Bye.", "I like tea."]


def test_what_one_person_forgot_another_may_keep(database, diary, ids):
    diary.forget([ids[1]])
    compare(database, shown(*CHAT), place=Place("bobs"), person=BOB)
    assert held(diary, "bobs") == [(number, *row) for number, row in enumerate(CHAT)]


def test_a_memory_the_person_edited_stays_edited_though_the_host_shows_the_old_words(database, diary, ids):
    diary.edit(ids[1], said="I like mint tea.")
    assert compare(database, shown(*CHAT)) == Reconciled()
    assert compare(database, shown(*CHAT[1:])) == Reconciled(moved=3, removed=1)
    assert by_id(diary)[ids[1]] == (0, "I like mint tea.")


def test_a_memory_edited_twice_is_still_known_by_its_first_words(database, diary, ids):
    diary.edit(ids[1], said="I like mint tea.")
    diary.edit(ids[1], reply="Mint it is.")
    assert compare(database, shown(*CHAT)) == Reconciled()


def test_an_edit_in_the_host_wins_over_an_earlier_edit_of_the_memory(database, diary, ids):
    diary.edit(ids[1], said="I like mint tea.")
    changed = shown(CHAT[0], ("I hate tea.", "Oh."), *CHAT[2:])
    assert compare(database, changed) == Reconciled(changed=1)
    assert held(diary)[1] == (1, "I hate tea.", "Oh.")
    assert compare(database, changed) == Reconciled()


def test_an_edited_memory_that_is_forgotten_does_not_come_back(database, diary, ids):
    diary.edit(ids[1], said="I like mint tea.")
    diary.forget([ids[1]])
    assert compare(database, shown(*CHAT)) == Reconciled()


def test_rows_without_words_of_a_person_are_no_exchanges(database, diary):
    assert compare(database, shown(("", "Welcome!"), ("Hi.", "Hello."))) == Reconciled(added=1)
    assert held(diary) == [(1, "Hi.", "Hello.")]


def test_words_that_cannot_be_stored_do_not_come_back_at_every_turn(database, diary):
    rows = shown(("bad \ud800\x00 words", "worse \udfff"), ("Bye.", "See you."))
    assert compare(database, rows) == Reconciled(added=2)
    assert compare(database, rows) == Reconciled()


def test_the_row_after_a_changed_one_is_indexed_again(database, diary, ids, memories):
    memories.fulltext.catch_up()
    assert [match.exchange for match in memories.fulltext.search("tea", [1])] == [ids[1], ids[2]]
    compare(database, shown(CHAT[0], ("I like coffee.", "With milk?"), *CHAT[2:]))
    memories.fulltext.catch_up()
    assert memories.fulltext.search("tea", [1]) == []
    assert [match.exchange for match in memories.fulltext.search("coffee", [1])] == [ids[1], ids[2]]


def test_the_row_after_an_inserted_one_is_indexed_again(database, diary, memories):
    told(diary, *CHAT[:1])
    diary.write(turn("Fourth.", 3), Answer("Yes."))
    memories.fulltext.catch_up()
    compare(database, [*shown(*CHAT[:2]), ChatRow(3, "Fourth.", "Yes.", NOON)], current=4)
    memories.fulltext.catch_up()
    assert [match.exchange for match in memories.fulltext.search("tea", [1])] == [3, 2]


def test_a_shared_place_keeps_who_said_what(database, diary):
    told(diary, ("I am Alice.", "Hi."), place=CHANNEL)
    compare(database, shown(("I am Alice.", "Hi."), ("I am Bob.", "Hi Bob.")), place=CHANNEL, person=BOB)
    assert [(exchange.person.id, exchange.said) for exchange in diary.chat("channel")] == [("alice", "I am Alice."), ("bob", "I am Bob.")]


ROW = st.tuples(st.sampled_from(["a", "b", "c", "d"]), st.sampled_from(["x", "y", ""]))
NUMBERS = count()
CHATS = st.lists(st.lists(ROW, max_size=7), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chats=CHATS, start=st.integers(0, 2), regenerate=st.booleans())
def test_after_any_edits_the_place_is_what_the_host_shows(database, diary, chats, start, regenerate):
    """Whatever happened between two turns, the diary says what the chat says, and the row under way is untouched."""
    place = Place(f"chat {next(NUMBERS)}")
    for chat in chats:
        rows = shown(*chat, start=start)
        current = start + len(chat) - (1 if regenerate and chat else 0)
        under_way = [exchange for exchange in diary.chat(place.id) if exchange.row == current]
        compare(database, rows, current, place)
        expected = [(row.row, row.said, row.reply) for row in rows if row.row < current]
        assert [row for row in held(diary, place.id) if row[0] != current] == expected
        for before in under_way:  # it stays as it was, or an earlier row shows its words now
            after = diary.one(before.id)
            assert after == before or (after.row < current and (after.said, after.reply) == (before.said, before.reply))
        assert not compare(database, rows, current, place)
