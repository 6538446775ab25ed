"""How memory bears a great diary: how fast it fills, how long a briefing takes, disk and memory, by the number of exchanges.

    python -m bench.scale [--sizes 10000 100000 1000000] [--places 1 1000] [--questions 100] [--words]

Every size and number of places runs in a process of its own, with a diary of its own: a file of exchanges is imported
(`familiar memory import`), both indexes catch up, and then a person talks on. Words are by Zipf's law. Every other place
is private and all those are one realm; the others are shared, each a realm, and the person takes part in twenty of them.
The embedding model answers questions; the vectors of the filling are synthetic, around a thousand real ones (see
synthetic.py), since embedding a million texts takes hours: so the filling's time is that of storing, not of embedding.
With --words there is no embedding model and no index of meaning, as where none is installed.
Prints one JSON object. Times depend on what else the machine does: one embedding alone, taken between the questions,
is the yardstick, and the processor's time of this process, all threads together, stands beside the clock's.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from bench.machine import machine, told
from bench.synthetic import Words, around, held
from bench.turn import percentiles
from extension.app import App, build
from extension.embedders import MiniLM, Remembering, minilm_folder
from extension.errors import MissingModel
from extension.memory.diary import Answer
from extension.memory.intake import import_file
from extension.messages import Place
from extension.ports import Embedder
from extension.settings import load

if TYPE_CHECKING:
    from extension.ports import Vectors

MINE = 20
"""Shared places in which the person who asks takes part."""
_SITTING = 20
"""Exchanges in one place before the talk goes on in another."""
_WRITTEN = 500
_START = datetime(2024, 1, 1, tzinfo=UTC)


class Missing:
    """An embedder without a model."""

    name = ""

    @property
    def dimensions(self) -> int:
        """Raise MissingModel."""
        raise MissingModel("No embedding model.")

    window = dimensions

    def count(self, texts: Sequence[str]) -> list[int]:
        """Raise MissingModel."""
        raise MissingModel("No embedding model.")

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Raise MissingModel."""
        raise MissingModel("No embedding model.")

    words = embed


class Filling:
    """An embedder that gives synthetic vectors without computing any, until `real` is set."""

    def __init__(self, model: Embedder, base: Vectors) -> None:
        import numpy as np

        self._model, self._base = Remembering(model), base
        self._random = np.random.default_rng(7)
        self.name, self.dimensions, self.window = model.name, model.dimensions, model.window
        self.real = False

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return a unit vector for each text."""
        return self._model.embed(texts) if self.real else around(self._base, len(texts), self._random)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text is."""
        return self._model.count(texts)

    def words(self, words: Sequence[str]) -> Vectors:
        """Return a unit vector for each word."""
        return self._model.words(words)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are said: sittings go round the places; the even ones are private, the odd ones shared."""

    exchanges: int
    places: int

    def place(self, number: int) -> Place:
        """Return a place by its number."""
        return Place(f"scale:{number}", shared=number % 2 == 1, title="")

    def lines(self, words: Words) -> Iterator[dict[str, Any]]:
        """Yield the exchanges as a file of memories has them."""
        for number in range(self.exchanges):
            sitting, position = divmod(number, _SITTING)
            place = self.place(sitting % self.places)
            mine = not place.shared or sitting % self.places < 2 * MINE
            yield {
                "kind": "exchange",
                "person": "me" if mine else f"other{sitting % 50}",
                "place": place.id,
                "shared": place.shared,
                "companion": "Familiar",
                "row": sitting // self.places * _SITTING + position,
                "when": (_START + timedelta(minutes=number)).isoformat(timespec="microseconds"),
                "said": words.sentence(),
                "reply": words.sentence(24),
            }

    def write(self, words: Words, path: Path) -> None:
        """Write the file of memories."""
        with path.open("w", encoding="utf-8") as file:
            file.write(json.dumps({"kind": "familiar-memories", "format": 1}) + "\n")
            file.writelines(json.dumps(line) + "\n" for line in self.lines(words))


def measure(layout: Layout, questions: int, folder: Path, *, meaning: bool) -> dict[str, Any]:
    """Return the figures for one diary."""
    words = Words(seed=11)
    model = MiniLM(minilm_folder())
    embedder = Filling(model, model.embed([words.sentence() for _ in range(1_000)])) if meaning else Missing()
    app = build(load({}, data_dir=folder / "data"), embedder=embedder)
    rates = _filled(app, layout, words, folder, meaning=meaning)
    result = {"exchanges": layout.exchanges, "places": layout.places, **rates, "peak_memory_filling_mib": _peak()}
    app.close()
    if isinstance(embedder, Filling):
        embedder.real = True
    app = build(load({}, data_dir=folder / "data"), embedder=embedder)
    started = perf_counter()
    _settle(app)
    _briefing(app, words, layout.place(0))
    result["start_seconds"] = round(perf_counter() - started, 1)
    result["written_per_second"] = _written(app, layout, words)
    result |= _asked(app, layout, words, model, questions)
    result |= {"disk_mib": _disk(folder / "data"), "peak_memory_mib": _peak()}
    app.close()
    return result


def _filled(app: App, layout: Layout, words: Words, folder: Path, *, meaning: bool) -> dict[str, Any]:
    """Import, index the words, index the meaning; return how many exchanges went through each in a second, and in one of the processor."""
    path = folder / "memories.jsonl"
    layout.write(words, path)
    memories = app.memories
    steps: dict[str, Callable[[], object]] = {
        "imported": lambda: import_file(memories.database, path),
        "words_indexed": memories.fulltext.catch_up,
    }
    if meaning:
        steps["meaning_indexed"] = memories.semantic.catch_up
    rates: dict[str, Any] = {}
    for name, step in steps.items():
        started, busy = perf_counter(), process_time()
        step()
        took, busy = perf_counter() - started, process_time() - busy
        rates |= {f"{name}_per_second": round(layout.exchanges / took), f"{name}_per_cpu_second": round(layout.exchanges / busy)}
        print(f"{layout.exchanges} in {layout.places}: {name} in {took:.1f} s ({busy:.1f} s of the processor)", file=sys.stderr)
    path.unlink()
    _settle(app)
    if held(app) != layout.exchanges:
        raise SystemExit(f"{held(app)} exchanges instead of {layout.exchanges}")
    return rates


def _settle(app: App) -> None:
    with suppress(MissingModel):
        app.memories.settle()


def _written(app: App, layout: Layout, words: Words) -> int:
    """Return how many turns a second go through the write path: what was said, then the reply, each safe on the disk."""
    started = perf_counter()
    for number in range(_WRITTEN):
        turn = app.turn(words.sentence(), layout.place(number % layout.places))
        app.companion.hear(turn)
        app.companion.remember(turn, Answer(words.sentence(24), model="bench"))
    rate = round(_WRITTEN / (perf_counter() - started))
    _settle(app)
    return rate


def _asked(app: App, layout: Layout, words: Words, model: Embedder, questions: int) -> dict[str, Any]:
    """Return the times of briefings, in private and in a shared place in turn, and of one embedding beside each."""
    where = {"private": layout.place(0), **({"shared": layout.place(1)} if layout.places > 1 else {})}
    times: dict[str, list[float]] = {"one_embedding_alone_ms": []}
    shown = 0
    for number in range(questions * len(where)):
        name = list(where)[number % len(where)]
        started = perf_counter()
        model.embed([words.sentence()])
        times["one_embedding_alone_ms"].append(1e3 * (perf_counter() - started))
        took, busy, memories = _briefing(app, words, where[name])
        times.setdefault(f"briefing_{name}_ms", []).append(1e3 * took)
        times.setdefault(f"briefing_{name}_cpu_ms", []).append(1e3 * busy)
        shown += memories
    found = {name: percentiles(values) for name, values in times.items()}
    return {**found, "memories_shown": round(shown / (questions * len(where)), 1)}


def _briefing(app: App, words: Words, place: Place) -> tuple[float, float, int]:
    """Say something in a place; return the seconds its briefing took, those of the processor, and how many memories it has."""
    turn = app.turn(words.sentence(), place)
    own = app.companion.hear(turn)
    started, busy = perf_counter(), process_time()
    found = app.companion.briefing(turn, app.attention, lambda text: len(text) // 4, own=own)
    took, busy = perf_counter() - started, process_time() - busy
    app.companion.remember(turn, Answer(words.sentence(24), model="bench"))
    _settle(app)
    return took, busy, len(found.memories)


def _disk(folder: Path) -> dict[str, float]:
    """Return MiB: the diary without its full-text index and embeddings, those two, and Chroma's files."""
    with closing(sqlite3.connect(folder / "diary.sqlite")) as connection:
        pages = dict(connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
    words = sum(size for name, size in pages.items() if name.startswith("exchange_text"))
    embeddings = sum(size for name, size in pages.items() if "embedding" in name)
    vectors = sum(path.stat().st_size for path in (folder / "vectors").rglob("*") if path.is_file())
    parts = {"diary": sum(pages.values()) - words - embeddings, "full_text": words, "embeddings": embeddings, "vectors": vectors}
    return {name: round(size / 2**20, 1) for name, size in parts.items()}


def _peak() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    """Run every size with every number of places in a process of its own and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000])
    parser.add_argument("--places", type=int, nargs="+", default=[1, 1_000])
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--words", action="store_true", help="without an embedding model and an index of meaning")
    parser.add_argument("--one", type=int, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one is not None:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure(Layout(*given.one), given.questions, Path(folder), meaning=not given.words)))
        return
    environment, before = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}, machine()
    results = []
    for size in given.sizes:
        for places in given.places:
            command = [sys.executable, "-m", "bench.scale", "--one", str(size), str(places), "--questions", str(given.questions)]
            command += ["--words"] if given.words else []
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            results.append(json.loads(done.stdout.splitlines()[-1]))
            print(json.dumps(results[-1]), file=sys.stderr)
    vectors = "synthetic, around 1,000 real ones, but those of the questions"
    print(json.dumps({"benchmark": "scale", "machine": before, "vectors": vectors, "diaries": results}, indent=2))


def table(figures: dict[str, Any]) -> str:
    """Return the figures as Markdown, a column for each diary."""
    diaries = figures["diaries"]
    head = ["", *(f"{each['exchanges']:,} in {each['places']:,} place{'s' * (each['places'] > 1)}" for each in diaries)]
    rows = [[title, *(_cell(each.get(name)) for each in diaries)] for name, title in _ROWS.items() if any(name in each for each in diaries)]
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    about = f"{told(figures['machine'])} Vectors: {figures['vectors']}. Times are p50 / p95."
    return "\n".join([about, "", lines[0], f"|{'---|' * len(head)}", *lines[1:]])


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return " / ".join(f"{each:,}" for each in value.values())
    return "" if value is None else f"{value:,}"


_ROWS = {
    "imported_per_second": "imported, exchanges a second",
    "imported_per_cpu_second": "the same, a second of the processor",
    "words_indexed_per_second": "words indexed, exchanges a second",
    "words_indexed_per_cpu_second": "the same, a second of the processor",
    "meaning_indexed_per_second": "meaning indexed without embedding, exchanges a second",
    "meaning_indexed_per_cpu_second": "the same, a second of the processor",
    "written_per_second": "turns written, each on its own, a second",
    "start_seconds": "start, to the first briefing, seconds",
    "briefing_private_ms": "briefing in private, ms",
    "briefing_private_cpu_ms": "the same, ms of the processor",
    "briefing_shared_ms": "briefing in a shared place, ms",
    "briefing_shared_cpu_ms": "the same, ms of the processor",
    "one_embedding_alone_ms": "one embedding alone, ms",
    "disk_mib": "disk, MiB: diary / full text / embeddings / vectors",
    "peak_memory_mib": "peak memory, MiB",
}


if __name__ == "__main__":
    main()
