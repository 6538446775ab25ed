"""The tables of results.md: written between their marks, and nothing else changed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import results
from bench.recall import measure
from bench.recall import table as recall_table
from bench.results import BENCHMARKS, read, replaced, write

from .figures import INGEST, RECALL, SCALE, TURN, conversation

ROOT = Path(__file__).resolve().parents[2]


def test_a_table_goes_between_its_marks_and_the_words_around_it_stay():
    text = "# A\n\nWords.\n\n<!-- bench:turn -->\nold\n<!-- /bench:turn -->\n\nMore.\n"
    new = replaced(text, "turn", "| new |\n")
    assert new == "# A\n\nWords.\n\n<!-- bench:turn -->\n| new |\n<!-- /bench:turn -->\n\nMore.\n"
    assert replaced(new, "turn", "| new |") == new


def test_a_table_without_marks_gets_a_section_at_the_end():
    assert replaced("# A\n", "scale", "| 1 |") == "# A\n\n## Scale\n\n<!-- bench:scale -->\n| 1 |\n<!-- /bench:scale -->\n"


@pytest.mark.parametrize("text", ["<!-- bench:turn -->", "<!-- /bench:turn -->"])
def test_half_a_pair_of_marks_is_said_and_nothing_is_written(text):
    with pytest.raises(ValueError, match="add the other"):
        replaced(text, "turn", "| 1 |")


@pytest.mark.parametrize(
    ("text", "reason"), [("", "cannot be read as JSON"), ("[]", "is not what a benchmark prints"), ('{"benchmark": "x"}', "none of recall")]
)
def test_a_file_that_no_benchmark_printed_is_refused(tmp_path, text, reason):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match=reason):
        read(tmp_path / "x.json")


def test_what_a_benchmark_printed_is_written_down(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results.md")
    (tmp_path / "results.md").write_text("# Measurements\n")
    for figures in (RECALL, TURN, SCALE, INGEST):
        (tmp_path / "x.json").write_text(json.dumps(figures))
        write(figures["benchmark"], read(tmp_path / "x.json"))
    text = (tmp_path / "results.md").read_text()
    assert "Familiar 0.1.0, 2026-11-21, 2 cores (x86_64), 24 GiB, no GPU used, Python 3.11.7; load before it 0.3." in text
    assert "| familiar | 0.500 | 0.600 | 0.700 | 0.800 | 0.900 | 12.0 / 20.5 | 9 |" in text
    assert "| 1,000 | 1.0 / 2.0 | 1.0 / 2.0 | 1.0 / 2.0 | 1.0 / 2.0 | 1.0 / 2.0 | 1.0 / 2.0 | 700 | 8.2 | 7.6 |" in text
    assert "|  | 10,000 in 1 place | 10,000 in 1,000 places |\n|---|---|---|\n| imported, exchanges a second | 8,120 | 6,094 |" in text
    assert "| briefing in a shared place, ms |  | 7.5 / 9.0 |\n| disk, MiB: diary / full text" in text
    assert "/ vectors | 4.9 / 10.6 |  |" in text
    assert "200 documents of 16 formats: 20.0 MB of text in 18.6 MB of files, 25,000 passages, 0 refused." in text
    assert "| ratio (aim: at most 1.25) | 1.1 |\n| taken in, s of the processor | 1,700.0 |" in text
    assert "| exact | 4 | 0.500 | 1.000 | 0.700 | 0 | 10.5 | 9,000 | 20.1 / 30.2 |" in text
    assert "| a question, ms, p50 / p95 (aim: p95 under 60) | 40.3 / 55.4 |" in text
    assert "| familiar, as many as it shows by default |  | 0.700 |" in text
    assert "| superboogav2, up to 3,072 tokens (its start included) | 90.4 | 0.500 |" in text


def test_results_md_has_the_marks_of_every_benchmark():
    text = (ROOT / "bench" / "results.md").read_text()
    assert [name for name in BENCHMARKS if f"<!-- bench:{name} -->" not in text] == []


def test_what_runs_is_what_was_given_enough_for():
    command = [sys.executable, "-m", "bench.results"]
    done = subprocess.run([*command, "recall"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "recall needs more to run than was given" in done.stderr) == (2, True)
    done = subprocess.run([*command, "nonsense"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "there is no benchmark nonsense: recall, recall-ours, turn" in done.stderr) == (2, True)


def test_recall_is_the_part_of_the_evidence_among_the_first():
    """Of three questions one is answered at once, one half at the seventh place, and one not at all."""
    found = {"a": [3], "b": [9, 8, 7, 6, 5, 4, 0], "c": [9]}
    figures = measure([conversation({"a": "4", "b": "1 3", "c": "2"})], lambda _, question: found[question.text])
    assert figures["overall"] == {"R@5": 0.3333, "R@10": 0.5, "R@20": 0.5, "R@50": 0.5}
    assert figures["sessions"] == {"R@5": 1.0, "R@10": 1.0, "R@20": 1.0, "R@50": 1.0}
    assert figures["by_category"]["single-hop"]["R@10"] == 0.5
    assert figures["questions"] == 3


def test_the_table_of_recall_names_what_ran():
    assert "- minilm: chromadb 1.5.9, all-MiniLM-L6-v2" in recall_table(RECALL).splitlines()
