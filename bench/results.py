"""Runs the benchmarks and writes their tables into results.md, each between its two marks; the words around them stay.

    python -m bench.results [NAME ...] [--data FILE] [--peer NAME ...] [--webui DIR] [--left-out FOLDER] [--full]
    python -m bench.results --read FILE ...

Without names all of them run that what was given suffices for. LoCoMo is not part of the repository: --data names it. --full
takes the sizes that need hours and gigabytes. --read takes files of what a benchmark printed before, and runs nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import bridge, dataset, ingest, intents, recall, refresh, scale, split, turn
from bench.peers.known import NAMES

RESULTS = Path(__file__).with_name("results.md")
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module that prints JSON, and what is made of it."""

    words: Callable[[Namespace], Sequence[str] | None]
    """Returns the module and its words for what was given; None where it needs more than that, or takes too long."""
    table: Callable[[Figures], str]
    """Returns Markdown."""


def _recall(*words: str) -> Callable[[Namespace], Sequence[str]]:
    def complete(given: Namespace) -> Sequence[str]:
        peers = [word for name in given.peer for word in ("--peer", name)]
        return ("bench.recall", *words, "--json", *peers, *(("--webui", str(given.webui)) if given.webui else ()))

    return complete


def _ingest(given: Namespace) -> Sequence[str]:
    sizes = () if given.full else ("--documents", "32", "--megabytes", "1")
    return ("bench.ingest", "--json", *sizes, *(("--webui", str(given.webui)) if given.webui else ()))


BENCHMARKS = {
    "recall": Benchmark(lambda given: _recall(str(given.data))(given) if given.data else None, recall.table),
    "recall-ours": Benchmark(lambda given: _recall("--left-out", str(given.left_out))(given) if given.left_out else None, recall.table),
    "turn": Benchmark(lambda given: ("bench.turn", *(() if given.full else ("--sizes", "1000", "10000"))), turn.table),
    "scale": Benchmark(lambda given: ("bench.scale", *(("--sizes", "10000", "100000", "1000000") if given.full else ())), scale.table),
    "ingest": Benchmark(_ingest, ingest.table),
    "intents": Benchmark(lambda given: ("bench.intents", "--json"), intents.table),
    "bridge": Benchmark(lambda given: ("bench.bridge", "--json"), bridge.table),
    "dataset": Benchmark(lambda given: ("bench.dataset", "--json"), dataset.table),
    "refresh": Benchmark(lambda given: ("bench.refresh", "--json"), refresh.table),
    "split": Benchmark(lambda given: ("bench.split", "--json"), split.table),
}
"""By the name in the marks and in the JSON (`benchmark`)."""


def replaced(text: str, name: str, table: str) -> str:
    """Return a text with what stands between the marks of a name replaced; where there are none they are added at the end.

    Raises ValueError where one of the two is missing.
    """
    opening, closing = f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"
    block = f"{opening}\n{table.strip()}\n{closing}"
    before, found, rest = text.partition(opening)
    _, ended, after = rest.partition(closing)
    if bool(found) != bool(ended) or (not found and closing in text):
        raise ValueError(f"results.md holds only one of the marks {opening} and {closing}: add the other.")
    return f"{before}{block}{after}" if found else f"{text.rstrip()}\n\n## {name.capitalize()}\n\n{block}\n"


def run(words: Sequence[str]) -> Figures:
    """Run a benchmark in a process of its own and return what it prints. Raises ValueError where it fails."""
    print(f"python -m {' '.join(words)}", file=sys.stderr)
    done = subprocess.run([sys.executable, "-m", *words], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise ValueError(f"{words[0]} failed; results.md keeps its table.")
    figures: Figures = json.loads(done.stdout)
    return figures


def read(path: Path) -> Figures:
    """Return what a benchmark printed into a file. Raises ValueError where it is not that."""
    try:
        figures = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise ValueError(f"{path} cannot be read as JSON: {exc}") from exc
    if not isinstance(figures, dict) or figures.get("benchmark") not in BENCHMARKS:
        raise ValueError(f"{path} is not what a benchmark prints: its `benchmark` is none of {', '.join(BENCHMARKS)}.")
    return figures


def write(name: str, figures: Figures) -> None:
    """Write the table of one benchmark into results.md."""
    text = RESULTS.read_text(encoding="utf-8")
    RESULTS.write_text(replaced(text, name, BENCHMARKS[name].table(figures)), encoding="utf-8")


def main() -> None:
    """Run what was asked for, and write each table as soon as there is one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="*", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--data", type=Path, metavar="FILE", help="conversations in LoCoMo's format")
    parser.add_argument("--peer", action="append", choices=NAMES, help="one to compare with; may be repeated (default: bm25, minilm)")
    parser.add_argument("--webui", type=Path, metavar="DIR", help="a checkout of text-generation-webui, for superboogav2")
    parser.add_argument("--left-out", type=Path, metavar="FOLDER", help="rankers that bench.train_ranker wrote with --keep-folds")
    parser.add_argument("--full", action="store_true", help="the large sizes, too")
    parser.add_argument("--read", type=Path, nargs="+", default=[], metavar="FILE", help="what benchmarks printed before")
    given = parser.parse_args()
    given.peer = given.peer or ["bm25", "minilm"]
    if unknown := [name for name in given.name if name not in BENCHMARKS]:
        parser.error(f"there is no benchmark {unknown[0]}: {', '.join(BENCHMARKS)}")
    try:
        for path in given.read:
            figures = read(path)
            write(figures["benchmark"], figures)
        for name in () if given.read else given.name or BENCHMARKS:
            words = BENCHMARKS[name].words(given)
            if words is None and given.name:
                parser.error(f"{name} needs more to run than was given: see --help")
            if words is not None:
                write(name, run(words))
    except ValueError as exc:
        parser.exit(1, f"{exc}\n")


if __name__ == "__main__":
    main()
