"""Tests of the pool: what was named and what was said just around it, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from extension.memory.diary import Answer
from extension.memory.ranking import Pools
from extension.messages import Place

from ..conftest import ALICE, BOB, CHANNEL, KITCHEN, told, turn

TALK = tuple((f"Said {number}.", f"Reply {number}.") for number in range(12))


@pytest.fixture
def pools(memories):
    return Pools(memories.database, memories.semantic.embedder)


def ids(pool):
    return [row.id for row in pool.rows]


def test_a_named_exchange_brings_its_neighbours(memories, pools):
    told(memories, *TALK)
    memories.settle()
    pool = pools.around([6], [1], None, dense=True)
    assert ids(pool) == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert [row.id for row, inner in zip(pool.rows, pool.inner, strict=True) if inner] == [4, 5, 6, 7, 8]
    assert (pool.before.tolist(), pool.after.tolist()) == ([-1, 0, 1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6, 7, 8, -1])
    assert pool.said.shape == pool.reply.shape == (9, 384)
    assert set(pool.talk.tolist()) == {0}


def test_after_a_pause_another_conversation_begins(memories, pools):
    first, late = turn("Good night.", 0), turn("Good morning.", 1)
    memories.remember(first, Answer("Sleep well."))
    late = type(late)(late.person, late.place, late.companion, late.said, 1, first.when + timedelta(hours=9))
    memories.remember(late, Answer("Coffee?"))
    pool = pools.around([2], [1], None, dense=False)
    assert (ids(pool), pool.before.tolist(), pool.talk.tolist(), pool.said) == ([1, 2], [-1, -1], [0, 1], None)


def test_neighbours_of_another_realm_stay_out(memories, pools):
    told(memories, *TALK[:3], companion="Robin")
    told(memories, *TALK[:3], place=Place("den"), companion="Wren")
    memories.diary.write(turn("A secret of Wren's.", 3, companion="Wren"), Answer("Hush."))
    assert ids(pools.around([3], [1], None, dense=False)) == [1, 2, 3]
    assert ids(pools.around([3, 4, 7], [1], None, dense=False)) == [1, 2, 3]


def test_in_a_shared_place_everybody_s_words_are_neighbours(memories, pools):
    for row, who in enumerate((ALICE, BOB, ALICE)):
        memories.remember(turn(f"Words {row}.", row, person=who, place=CHANNEL), Answer(""))
    pool = pools.around([2], [1], None, dense=False)
    assert [row.name for row in pool.rows] == ["Alice", "Bob", "Alice"]


def test_one_place_alone_can_be_asked_for(memories, pools):
    told(memories, *TALK[:2])
    told(memories, *TALK[:2], place=Place("attic"))
    assert ids(pools.around([1, 2, 3, 4], [1], KITCHEN.id, dense=False)) == [1, 2]


def test_what_is_gone_leaves_an_empty_pool(memories, pools):
    assert ids(pools.around([77], [1], None, dense=True)) == []


def test_hundreds_of_scattered_exchanges_are_one_pool(memories, pools):
    with memories.database.write() as connection:
        from extension.memory.diary import insert

        for number in range(700):
            insert(connection, turn(f"Words {number}.", place=Place(f"place {number}")), Answer("Yes."))
    assert len(pools.around(list(range(1, 701)), [1], None, dense=False).rows) == 700
