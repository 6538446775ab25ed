"""How well recall finds what answers a question, on conversations in LoCoMo's format or on our own.

    python -m bench.recall DATA.json [--json] [--peer NAME ...] [--webui DIR]
    python -m bench.recall (--ours | --left-out FOLDER) [--json] [--peer NAME ...] [--webui DIR]

Every turn is written through the product's own path and every question asked through its own recall, ungated, so that
there are enough to count. `R@k` is the part of a question's evidence turns among the first k, the mean over questions;
`sessions` counts the sessions of the turns in the order of their best turn. --peer runs others on the same data: `bm25` and `minilm`
on what the tests need anyway, `mem0` and `superboogav2` in environments of their own, which the first run makes (it needs a
package index, and superboogav2 a checkout of the webui).

On our own conversations, which the ranker is trained on, --ours flatters: --left-out ranks each conversation by a ranker that
never saw it, from the folder that `bench.train_ranker --keep-folds` wrote.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import mean, quantiles
from time import perf_counter
from typing import Any

from bench.conversations import CATEGORIES, Conversation, Labelled, locomo, ours
from bench.machine import machine, told
from bench.peers.known import NAMES, Start, starter
from bench.peers.peer import DEPTH, Peer
from bench.remembered import Remembered
from extension.memory.ranking.ranker import Ranker

DEPTHS = (5, 10, 20, DEPTH)


def measure(conversations: Sequence[Conversation], ask: Callable[[Conversation, Labelled], Sequence[int]]) -> dict[str, Any]:
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


def familiar(left_out: Path | None, conversations: Sequence[Conversation], folder: Path) -> Peer:
    """The product, with the ranker that comes with it or those of a folder that never saw the conversation in question."""
    remembered = Remembered(conversations, folder)
    rankers = _rankers(left_out, remembered.memories.semantic.embedder.name) if left_out else {}

    def ask(conversation: Conversation, question: Labelled) -> list[int]:
        if rankers:
            remembered.memories.recall.ranker = rankers[conversation.name]
        found = remembered.memories.recall.search(remembered.question(conversation, question, DEPTH), gate=False)
        return [remembered.turn(conversation, memory.exchange.id) for memory in found]

    return Peer(ask, f"familiar {version('familiar')}, all-MiniLM-L6-v2", remembered.memories.close)


def _rankers(folder: Path, embedder: str) -> dict[str, Ranker]:
    """Return a ranker for each conversation that was left out. Raises ValueError where there are none."""
    found: dict[str, Ranker] = {}
    for names in folder.glob("*/left_out.json"):
        found |= dict.fromkeys(json.loads(names.read_text(encoding="utf-8")), Ranker(embedder, names.parent))
    if not found:
        raise ValueError(f"{folder} holds no rankers: python -m bench.train_ranker --keep-folds {folder}")
    return found


def _recall(found: Sequence[int], wanted: set[int]) -> dict[int, float]:
    return {depth: len(wanted.intersection(found[:depth])) / len(wanted) for depth in DEPTHS}


def _means(each: Sequence[dict[int, float]]) -> dict[str, float]:
    return {f"R@{depth}": round(mean(one[depth] for one in each), 4) for depth in DEPTHS}


def main() -> None:
    """Measure the product, and the peers that are named, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="a file in LoCoMo's format")
    parser.add_argument("--ours", action="store_true", help="ask the conversations of this repository instead")
    parser.add_argument("--left-out", type=Path, metavar="FOLDER", help="the same, by rankers that never saw the conversation")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--peer", action="append", default=[], choices=NAMES, help="run this one too; may be repeated")
    parser.add_argument("--webui", type=Path, metavar="DIR", help="a checkout of text-generation-webui, for superboogav2")
    given = parser.parse_args()
    if [given.data is not None, given.ours, given.left_out is not None].count(True) != 1:
        parser.error("name a data file, or say --ours, or --left-out with a folder of rankers")
    try:
        conversations = locomo(given.data) if given.data else ours()
        starts: dict[str, Start] = {"familiar": partial(familiar, given.left_out)}
        starts |= {name: starter(name, given.webui) for name in given.peer}
    except ValueError as exc:
        parser.error(str(exc))
    figures: dict[str, Any] = {"benchmark": "recall" if given.data else "recall-ours", "machine": machine()}
    figures |= {"conversations": len(conversations), "turns": sum(len(each.turns) for each in conversations), "systems": {}}
    for name, start in starts.items():
        try:
            figures["systems"][name] = _run(start, conversations)
        except ValueError as exc:
            parser.exit(1, f"{exc}\n")
        print(f"{name}: {figures['systems'][name]['overall']}", file=sys.stderr)
    _show(figures, as_json=given.json)


def _run(start: Start, conversations: Sequence[Conversation]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        started = perf_counter()
        peer = start(conversations, Path(folder))
        written = perf_counter() - started
        try:
            return {**measure(conversations, peer.ask), "written_in_s": round(written, 1), "about": peer.about}
        finally:
            peer.close()


def table(figures: dict[str, Any]) -> str:
    """Return the figures as Markdown: every system, then the product by category."""
    systems = figures["systems"]
    own = systems["familiar"]
    lines = [told(figures["machine"]), ""]
    lines += [f"{figures['conversations']} conversations, {figures['turns']:,} turns, {own['questions']:,} questions.", ""]
    lines += _rows(["", *(f"R@{depth}" for depth in DEPTHS), "sessions R@5", "question p50 / p95, ms", "writing, s"])
    for name, each in systems.items():
        milliseconds = f"{each['question_ms']['p50']} / {each['question_ms']['p95']}"
        lines.append(_row([name, *_parts(each["overall"]), f"{each['sessions']['R@5']:.3f}", milliseconds, f"{each['written_in_s']:.0f}"]))
    lines += ["", "What ran:", "", *(f"- {name}: {each['about']}" for name, each in systems.items()), ""]
    lines += _rows(["familiar", *(f"R@{depth}" for depth in DEPTHS)])
    lines += [_row([name, *_parts(parts)]) for name, parts in {**own["by_category"], "sessions": own["sessions"]}.items()]
    return "\n".join(lines)


def _parts(found: dict[str, float]) -> list[str]:
    return [f"{found[f'R@{depth}']:.3f}" for depth in DEPTHS]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rows(head: Sequence[str]) -> list[str]:
    return [_row(head), f"|{'---|' * len(head)}"]


def _show(figures: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        own = figures["systems"]["familiar"]
        print(json.dumps({**figures, **{name: own[name] for name in ("overall", "by_category", "sessions", "question_ms")}}, indent=2))
    else:
        print(table(figures))


if __name__ == "__main__":
    main()
