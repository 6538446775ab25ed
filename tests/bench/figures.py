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

_SET = {"questions": 4, "hit@1": 0.5, "hit@5": 1.0, "mrr": 0.7, "in_no_passage": 0, "shown": 10.5, "characters": 9_000}
_SETS = {"exact": {**_SET, "question_ms": {"p50": 20.1, "p95": 30.2}}}
INGEST = {
    "benchmark": "ingest",
    "machine": MACHINE,
    "taken_in": {
        "documents": 200,
        "refused": 0,
        "text_mb": 20.0,
        "files_mb": 18.6,
        "passages": 25_000,
        "seconds": 880.0,
        "model_alone_seconds": 800.0,
        "ratio": 1.1,
        "cpu_seconds": 1_700.0,
        "model_alone_cpu_seconds": 1_600.0,
        "cpu_ratio": 1.063,
        "documents_per_second": 0.23,
        "passages_per_second": 28.4,
        "peak_memory_mib": {"own": 900, "together": 1_000},
        "disk_mib": 90.5,
        "sets": _SETS,
    },
    "questioned": {
        "passages": 100_000,
        "first_question_s": 1.6,
        "question_ms": {"p50": 40.3, "p95": 55.4},
        "one_embedding_alone_ms": {"p50": 17.3, "p95": 28.4},
        "memory_mib": 1_047,
        "disk_mib": 410.6,
    },
    "webui": {
        "documents": 6,
        "text_mb": 0.2,
        "questions": 72,
        "familiar": {"seconds": 9.1, "answered": 0.9, "answered_by_default": 0.7},
        "superboogav2": {"seconds": 90.4, "answered": 0.5, "about": "superboogav2 with chromadb 0.6.3"},
    },
}
