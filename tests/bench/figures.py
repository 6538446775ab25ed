"""Figures as benchmarks print them, and a conversation of ten turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.conversations import Conversation, Labelled, Spoken

from ..memory.conftest import NOON

MACHINE = {"cores": 2, "memory_gib": 24, "machine": "x86_64", "load": 0.3, "python": "3.11.7", "familiar": "0.1.0", "date": "2026-11-21"}
_PARTS = {"R@5": 0.5, "R@10": 0.6, "R@20": 0.7, "R@50": 0.8}
_SYSTEM: dict[str, Any] = {
    "questions": 3,
    "overall": _PARTS,
    "by_category": {"temporal": _PARTS},
    "sessions": {**_PARTS, "R@5": 0.9},
    "question_ms": {"p50": 12.0, "p95": 20.5},
    "written_in_s": 9.4,
    "about": "familiar 0.1.0",
}
RECALL = {
    "benchmark": "recall",
    "machine": MACHINE,
    "conversations": 1,
    "turns": 10,
    "systems": {"familiar": _SYSTEM, "minilm": {**_SYSTEM, "about": "chromadb 1.5.9, all-MiniLM-L6-v2"}},
}
_TIMES = ("hear_ms", "briefing_ms", "remember_ms", "turn_ms", "one_embedding_alone_ms", "background_ms")
TURN = {
    "benchmark": "turn",
    "machine": MACHINE,
    "sizes": [
        {
            "exchanges": 1000,
            **{name: {"p50": 1.0, "p95": 2.0} for name in _TIMES},
            "peak_memory_mib": 700,
            "diary_mib": 8.2,
            "vectors_mib": 7.6,
        }
    ],
}


def conversation(questions: Mapping[str, str]) -> Conversation:
    """Return a conversation of ten turns with the ids 1 to 10, and questions with the ids of their evidence."""
    animals = ("cat", "dog", "horse", "snail", "owl", "badger", "zebra", "mouse", "whale", "newt")
    turns = [Spoken((str(number),), "Alice", f"Here is the {animal}", NOON, 1) for number, animal in enumerate(animals, 1)]
    asked = [Labelled(text, tuple(ids.split()), 4) for text, ids in questions.items()]
    return Conversation("one", "friends", turns, asked, sources={str(number): number - 1 for number in range(1, 11)})

SCALE = {
    "benchmark": "scale",
    "machine": TURN["machine"],
    "vectors": "synthetic",
    "diaries": [
        {"exchanges": 10_000, "places": 1, "imported_per_second": 8120, "disk_mib": {"diary": 4.9, "full_text": 10.6}},
        {"exchanges": 10_000, "places": 1_000, "imported_per_second": 6094, "briefing_shared_ms": {"p50": 7.5, "p95": 9.0}},
    ],
}
