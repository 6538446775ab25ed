"""Tests of many that write at once: threads of one process, and several processes on one data directory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Thread

from extension.memory.diary import Answer
from extension.memory.reconcile import ChatRow
from extension.messages import Attention, Person, Place

from .conftest import ALICE, KITCHEN, NOON, turn
from .stores import indexed

ROOT = Path(__file__).resolve().parents[2]


def run(*actions):
    """Run actions in threads of their own, and raise what any of them raised."""
    failures = []

    def guarded(action):
        try:
            action()
        except Exception as exc:
            failures.append(exc)

    threads = [Thread(target=guarded, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def agree(memories):
    """Return whether both indexes hold what the diary holds."""
    memories.settle()
    with memories.database.read() as connection:
        diary = set(connection.exec_driver_sql("SELECT id FROM exchange").scalars())
    return diary == indexed(memories) and memories.semantic.expected() == memories.semantic.indexed()


def test_twenty_threads_write_rows_of_their_own(memories):
    def write(who):
        return lambda: [
            memories.remember(turn(f"{who} says {number}", number, person=Person(f"p{who}"), place=Place(f"c{who}")), Answer("Yes."))
            for number in range(5)
        ]

    run(*(write(who) for who in range(20)))
    assert memories.diary.count() == 100
    for who in range(20):
        assert [exchange.said for exchange in memories.diary.chat(f"c{who}")] == [f"{who} says {number}" for number in range(5)]
    assert agree(memories)


def test_twenty_threads_write_the_same_rows(memories):
    def write(who):
        return lambda: [memories.remember(turn(f"Row {number}", number), Answer(f"Reply of {who}")) for number in range(5)]

    run(*(write(who) for who in range(20)))
    assert [(exchange.row, exchange.said) for exchange in memories.diary.chat("kitchen")] == [(n, f"Row {n}") for n in range(5)]
    assert memories.diary.count() == 5
    assert agree(memories)


def test_threads_that_write_forget_recall_and_catch_up_do_not_harm_each_other(memories):
    def write():
        for number in range(25):
            memories.remember(turn(f"Walnut number {number}", number, place=Place("w")), Answer("Yes."))

    def forget():
        for _ in range(10):
            memories.forget([exchange.id for exchange in memories.diary.browse(limit=1)])

    def recall():
        for number in range(15):
            memories.about(turn("Which walnut number?", number), Attention())

    def settle():
        for _ in range(10):
            memories.settle()

    run(write, write, forget, recall, recall, settle)
    assert agree(memories)


def test_threads_that_compare_a_chat_and_write_to_it_leave_one_exchange_for_each_row(memories):
    rows = [ChatRow(number, f"Row {number}", "Shown.", NOON) for number in range(12)]

    def compare():
        for last in range(1, 13):
            memories.reconcile(ALICE, KITCHEN, "Robin", rows[:last], last)

    run(compare, compare, lambda: [memories.hear(turn(f"Row {number}", number)) for number in range(12)])
    memories.reconcile(ALICE, KITCHEN, "Robin", rows, 12)
    assert [(exchange.row, exchange.said, exchange.reply) for exchange in memories.diary.chat("kitchen")] == [
        (number, f"Row {number}", "Shown.") for number in range(12)
    ]
    assert agree(memories)


WRITE = """
import sys
sys.path.insert(0, sys.argv[2])
from extension.memory.diary import Answer
from extension.messages import Place
from tests.memory.conftest import turn
from tests.memory.writer import opened
who = sys.argv[3]
memories = opened(*sys.argv[4:])
sys.stdin.readline()
for number in range(25):
    assert memories.remember(turn(f"{who} says {number}", number, place=Place(who)), Answer("Yes."))
    assert memories.remember(turn(f"Row {number}", number, place=Place("same")), Answer(f"Reply of {who}"))
    assert memories.remember(turn(f"{who} adds {number}", memories.next_row("added"), place=Place("added")), Answer("Yes."))
memories.settle()
assert memories.semantic.kind in ("chroma", "exact")
assert memories.fulltext.count() >= 50
memories.close()
"""


def test_processes_write_to_one_diary(memories, data_dir, stores):
    names = ("first", "second", "third")
    commands = [[sys.executable, "-c", WRITE, "", str(ROOT), name, *stores.words(data_dir)] for name in names]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for command in commands]
    for process in processes:
        process.stdin.write(b"go\n")
        process.stdin.flush()
    assert [process.communicate()[1].decode() for process in processes] == [""] * 3
    for name in names:
        assert [exchange.said for exchange in memories.diary.chat(name)] == [f"{name} says {number}" for number in range(25)]
    assert [exchange.said for exchange in memories.diary.chat("same")] == [f"Row {number}" for number in range(25)]
    added = memories.diary.chat("added")
    assert {exchange.said for exchange in added} == {f"{name} adds {number}" for name in names for number in range(25)}
    assert [exchange.row for exchange in added] == list(range(75))
    assert memories.diary.count() == 175
    assert agree(memories)
