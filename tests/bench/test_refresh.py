"""The benchmark of training: its chat, what padding leaves, and a run of it over a tiny model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bench.refresh import chat, filled, table
from tests.models import tiny_folder

ROOT = Path(__file__).resolve().parents[2]


def test_sessions_are_of_very_different_lengths_and_the_same_each_time():
    made = chat(1)
    gaps = [(after.at - before.at).days >= 1 for before, after in zip(made.turns, made.turns[1:], strict=False)]
    sessions = "".join("|" if gap else "." for gap in gaps).split("|")
    lengths = sorted(len(each) + 1 for each in sessions)
    assert lengths[0] == 3 and lengths[-1] == 22 and 6 <= lengths[len(lengths) // 2] <= 8
    assert chat(1) == made != chat(2)


def test_padding_leaves_what_is_not_filled_up():
    assert filled([4, 4, 4, 4], 2, 0) == 1.0
    assert filled([10, 1], 2, 0) == 0.55


def test_both_are_measured_and_written_down(tmp_path):
    words = ["--model", tiny_folder(tmp_path / "tiny"), "--steps", "3", "--rounds", "1", "--batch", "2", "--row", "256", "--json"]
    done = subprocess.run([sys.executable, "-m", "bench.refresh", *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout)
    assert figures["ours"]["tokens_per_second"] > 0 and figures["plain"]["tokens_per_second"] > 0
    assert 0.3 < figures["padded_fill"] < 1 and figures["ours"]["plan"]["batch"] == 2
    text = table(figures)
    assert "tiny on " in text and "| ratio (aim: at least 1.5) |" in text and "| familiar | " in text
