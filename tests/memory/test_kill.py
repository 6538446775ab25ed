"""The kill test: whatever moment a writing process is killed at, every acknowledged exchange is there afterwards."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from .stores import indexed
from .writer import COUNT, exchange

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


def write_until_killed(words, first, last, delay):
    """Let a process write, kill it `delay` seconds after it acknowledged `last`, and return the last it acknowledged."""
    command = [sys.executable, "-m", "tests.memory.writer", str(first), *words]
    acknowledged = first - 1
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        for line in process.stdout:
            acknowledged = int(line)
            if acknowledged == last:
                try:
                    process.wait(delay)
                except subprocess.TimeoutExpired:
                    process.kill()
                break
        rest = process.stdout.read()
    return int(rest.split()[-1]) if rest.split() else acknowledged


def check(memories, acknowledged):
    """After a restart the diary holds every acknowledged exchange once, and both indexes agree with it."""
    expected = {(turn.place.id, turn.row): (turn.said, answer.reply) for turn, answer in map(exchange, range(acknowledged + 1))}
    held = memories.diary.browse(limit=None)
    found = {(each.place.id, each.row): (each.said, each.reply) for each in held}
    assert len(found) == len(held)
    beyond = {key: value for key, value in found.items() if key not in expected}
    following, answer = exchange(acknowledged + 1)
    for key, value in expected.items():
        overwritten = key == (following.place.id, following.row) and found[key] == (following.said, answer.reply)
        assert found[key] == value or overwritten
    assert set(beyond.items()) <= {((following.place.id, following.row), (following.said, reply)) for reply in ("", answer.reply)}
    memories.settle()
    assert memories.semantic.kind == "chroma"
    assert memories.semantic.expected() == memories.semantic.indexed()
    assert {number for keys in memories.semantic.indexed().values() for number, _ in keys} == {each.id for each in held}
    assert indexed(memories) == {each.id for each in held}
    if memories.database.path:
        with memories.database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
    for each in random.Random(acknowledged).sample(held, 3):
        assert each.id in {match.exchange for match in memories.fulltext.search(f"statement {each.row} witness", [each.realm])}


@pytest.mark.parametrize("seed", [1])
def test_every_acknowledged_exchange_survives_a_kill_at_any_point(open_memories, stores, tmp_path, seed):
    chance = random.Random(seed)
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    first, kills = 0, 0
    while first < COUNT:
        last = min(COUNT - 1, first + chance.randint(20, 120))
        first = write_until_killed(stores.words(data_dir), first, last, chance.uniform(0, 0.03)) + 1
        kills += 1
        memories = open_memories(data_dir)
        check(memories, first - 1)
        memories.close()
    assert kills >= 4


@pytest.mark.parametrize("delay", [0.0, 0.2, 0.6, 1.2])
def test_a_kill_while_the_indexes_are_opened_or_filled_loses_nothing(open_memories, stores, tmp_path, delay):
    """The first exchange is acknowledged before Chroma is even imported; later the worker is busy with it."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    acknowledged = write_until_killed(stores.words(data_dir), 0, 5, delay)
    memories = open_memories(data_dir)
    check(memories, acknowledged)
