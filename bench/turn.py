"""What memory adds to a turn: time of briefing and remember, and peak memory, by the size of the diary.

    python -m bench.turn [--sizes 1000 10000 100000] [--turns 200] [--database URL] [--chroma URL]

With a database and a Chroma server of one's own, which must be empty, it takes one size.
Prints one JSON object. The embedding model is the real one; the diary is synthetic (see synthetic.py). Each size runs
in a process of its own, so that its peak memory is its own. Between turns the background work (indexing the turn
before) is waited for, as it would be done while a person reads; it is timed apart.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

from bench.machine import machine, told
from bench.synthetic import Words, fill, held
from extension.app import build
from extension.embedders import MiniLM, minilm_folder
from extension.memory.diary import Answer
from extension.messages import Place
from extension.ports import Embedder
from extension.settings import load


class Counting:
    """An embedder that counts how many texts it embeds."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.name, self.dimensions, self.window = embedder.name, embedder.dimensions, embedder.window
        self.texts = 0

    def embed(self, texts: Sequence[str]) -> Any:
        """Embed and count."""
        self.texts += len(texts)
        return self._embedder.embed(texts)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Hand on the tokens of texts."""
        return self._embedder.count(texts)

    def words(self, words: Sequence[str]) -> Any:
        """Hand on the vectors of words, which are looked up and not computed."""
        return self._embedder.words(words)


def measure(size: int, turns: int, folder: Path, **servers: str) -> dict[str, Any]:
    """Return the figures for one size of diary."""
    from extension.embedders import Remembering

    model = MiniLM(minilm_folder())
    counting = Counting(model)
    app = build(load({}, data_dir=folder, **servers), embedder=Remembering(counting))
    words = Words(seed=11)
    base = model.embed([words.sentence() for _ in range(1_000)])
    started = perf_counter()
    fill(app, words, size, base)
    filled = perf_counter() - started
    times: dict[str, list[float]] = {"hear": [], "briefing": [], "remember": [], "turn": [], "background": []}
    shown = embedded = 0
    tokenizer = model._loaded().tokenizer
    alone: list[float] = []
    for _ in range(turns):
        started = perf_counter()
        model.embed([words.sentence()])
        alone.append(1e3 * (perf_counter() - started))
        turn = app.turn(words.sentence(), Place("bench"))
        before = counting.texts
        marks = [perf_counter()]
        own = app.companion.hear(turn)
        marks.append(perf_counter())
        briefing = app.companion.briefing(turn, app.attention, lambda text: len(tokenizer.encode(text, verbose=False)), own=own)
        marks.append(perf_counter())
        embedded += counting.texts - before
        app.companion.remember(turn, Answer(words.sentence(24), model="bench"))
        marks.append(perf_counter())
        app.memories.settle()
        marks.append(perf_counter())
        steps = [1e3 * (end - start) for start, end in pairwise(marks)]
        for name, value in zip(("hear", "briefing", "remember", "background"), steps, strict=True):
            times[name].append(value)
        times["turn"].append(sum(steps[:3]))
        shown += len(briefing.memories)
    stats = app.memories.stats()
    result = {
        "exchanges": held(app) - turns,
        **{f"{name}_ms": percentiles(values) for name, values in times.items()},
        "one_embedding_alone_ms": percentiles(alone),
        "embeddings_in_the_turn": embedded / turns,
        "memories_shown": shown / turns,
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "diary_mib": round(stats.diary_bytes / 2**20, 1),
        "vectors_mib": round(stats.index_bytes / 2**20, 1),
        "fill_seconds": round(filled, 1),
    }
    app.close()
    return result


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Return the median and the 95th percentile."""
    cuts = quantiles(values, n=20)
    return {"p50": round(cuts[9], 1), "p95": round(cuts[18], 1)}


def main() -> None:
    """Run every size in its own process and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--database", default="", metavar="URL")
    parser.add_argument("--chroma", default="", metavar="URL")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one is not None:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure(given.one, given.turns, Path(folder), database_url=given.database, chroma_url=given.chroma)))
        return
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
    before = machine()
    results = []
    for size in given.sizes:
        command = [sys.executable, "-m", "bench.turn", "--one", str(size), "--turns", str(given.turns)]
        command += ["--database", given.database, "--chroma", given.chroma]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        results.append(json.loads(done.stdout.splitlines()[-1]))
        print(f"{size}: {results[-1]['turn_ms']}", file=sys.stderr)
    print(json.dumps({"benchmark": "turn", "machine": before, "sizes": results}, indent=2))


def table(figures: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    head = [
        "Exchanges",
        "writing what was said",
        "briefing",
        "writing the reply",
        "together",
        "one embedding alone",
        "afterwards, in the background",
        "peak memory, MiB",
        "diary, MiB",
        "vectors, MiB",
    ]
    times = ("hear_ms", "briefing_ms", "remember_ms", "turn_ms", "one_embedding_alone_ms", "background_ms")
    lines = [f"{told(figures['machine'])} Milliseconds, p50 / p95.", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for each in figures["sizes"]:
        cells = [f"{each['exchanges']:,}", *(f"{each[name]['p50']} / {each[name]['p95']}" for name in times)]
        cells += [str(each[name]) for name in ("peak_memory_mib", "diary_mib", "vectors_mib")]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
