"""How well recall finds what answers a question, on conversations in LoCoMo's format or on our own.

    python -m bench.recall DATA.json [--json] [--peer NAME ...]
    python -m bench.recall --ours

Every turn is written through the product's own path and every question asked through its own recall, ungated, so that
there are enough to count. `R@k` is the part of a question's evidence turns among the first k, the mean over questions;
`sessions` counts the sessions of the turns in the order of their best turn. --peer runs others on the same data.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, quantiles
from time import perf_counter
from typing import Any

from bench.conversations import CATEGORIES, Conversation, Labelled, locomo, ours
from bench.peers import PEERS
from bench.remembered import Remembered

DEPTHS = (5, 10, 20, 50)
Ask = Callable[[Conversation, Labelled], Sequence[int]]
"""Returns the indexes of the turns found for a question, best first, at most 50."""


def measure(conversations: Sequence[Conversation], ask: Ask) -> dict[str, Any]:
    """Ask every question and return the figures."""
    turns: list[tuple[int, dict[int, float]]] = []
    sessions: list[dict[int, float]] = []
    times = []
    for conversation in conversations:
        for question in conversation.questions:
            started = perf_counter()
            found = list(ask(conversation, question))
            times.append(1e3 * (perf_counter() - started))
            wanted = {conversation.sources[each] for each in question.evidence}
            turns.append((question.category, _recall(found, wanted)))
            session = [conversation.turns[number].session for number in found]
            sessions.append(_recall(list(dict.fromkeys(session)), {conversation.turns[number].session for number in wanted}))
    by_category = {
        CATEGORIES.get(category, str(category)): {**_means([each for kind, each in turns if kind == category])}
        for category in sorted({kind for kind, _ in turns})
    }
    cuts = quantiles(times, n=20)
    return {
        "questions": len(turns),
        "overall": _means([each for _, each in turns]),
        "by_category": by_category,
        "sessions": _means(sessions),
        "question_ms": {"p50": round(cuts[9], 1), "p95": round(cuts[18], 1)},
    }


def familiar(conversations: Sequence[Conversation], folder: Path) -> tuple[Ask, Callable[[], None]]:
    """Return how to ask the product, and how to let go of it."""
    remembered = Remembered(conversations, folder)

    def ask(conversation: Conversation, question: Labelled) -> list[int]:
        found = remembered.memories.recall.search(remembered.question(conversation, question, DEPTHS[-1]), gate=False)
        return [remembered.turn(conversation, memory.exchange.id) for memory in found]

    return ask, remembered.memories.close


def _recall(found: Sequence[int], wanted: set[int]) -> dict[int, float]:
    return {depth: len(wanted.intersection(found[:depth])) / len(wanted) for depth in DEPTHS}


def _means(each: Sequence[dict[int, float]]) -> dict[str, float]:
    return {f"R@{depth}": round(mean(one[depth] for one in each), 4) for depth in DEPTHS}


def main() -> None:
    """Measure the product, and the peers that are named, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="a file in LoCoMo's format")
    parser.add_argument("--ours", action="store_true", help="ask the conversations of this repository instead")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--peer", action="append", default=[], choices=sorted(PEERS), help="run this one too; may be repeated")
    given = parser.parse_args()
    if (given.data is None) != given.ours:
        parser.error("name a data file, or say --ours")
    try:
        conversations = ours() if given.ours else locomo(given.data)
    except ValueError as exc:
        parser.error(str(exc))
    results = {}
    for name, start in {"familiar": familiar, **{name: PEERS[name] for name in given.peer}}.items():
        with tempfile.TemporaryDirectory() as folder:
            started = perf_counter()
            ask, close = start(conversations, Path(folder))
            written = perf_counter() - started
            results[name] = {**measure(conversations, ask), "written_in_s": round(written, 1)}
            close()
        print(f"{name}: {results[name]['overall']}", file=sys.stderr)
    _show(results, as_json=given.json)


def _show(results: dict[str, Any], *, as_json: bool) -> None:
    own = results.pop("familiar")
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}
    if as_json:
        print(json.dumps({"benchmark": "recall", "machine": machine, **own, "peers": results}, indent=2))
        return
    for name, figures in {"familiar": own, **results}.items():
        print(f"{name:14} {'  '.join(f'{depth} {value:.3f}' for depth, value in figures['overall'].items())}  {figures['question_ms']}")


if __name__ == "__main__":
    main()
