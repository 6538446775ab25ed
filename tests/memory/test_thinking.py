"""A test of thinking that is killed at any moment: afterwards everything was looked through once, and nothing is there twice."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from extension.memory.facts import Which

from .conftest import told
from .thinker import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("steps", [1, 7, 13])
def test_a_kill_at_any_moment_doubles_and_loses_nothing(memories, stores, data_dir, steps):
    rows = [(f"The ticket of the red ferry has the number {number} on it, says the old captain.", "I see. " * 30) for number in range(12)]
    told(memories.diary, *rows)
    command = [sys.executable, "-m", "tests.memory.thinker", *stores.words(data_dir)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    for _ in range(steps):
        assert process.stdout.readline() == "done\n"
    process.kill()
    process.communicate()
    main(*stores.words(data_dir))
    facts = memories.facts.browse(Which(history=True))
    assert Counter(fact.exchange for fact in facts) == Counter(range(1, 13))
    assert [each.kind for each in memories.summaries.browse()].count("place") == 1
