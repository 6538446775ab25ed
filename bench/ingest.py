"""How fast documents are taken in, how fast they are asked, and what that takes.

    python -m bench.ingest [--documents 200] [--megabytes 20] [--passages 100000] [--stream MEGABYTES] [--webui DIR] [--json]

A generated library (see corpus.py: every format that is read) is taken in by the product's own path, a few folders one after the other;
after each of them the embedding model alone embeds exactly the passages that it gave, in lists as long as those of the product. So both
see the same machine, whatever else it does; beside the clock's time stands the processor's, of the processes that read, too. Then the
generated questions are asked (see passages.py). What many passages cost is measured in a process of its own: 100,000 synthetic ones
(Zipfian words, vectors around 1,000 real ones) and questions that the real model embeds, one embedding alone beside each.

--stream takes in one text of so many megabytes, with synthetic vectors, since embedding half a gigabyte takes hours: everything else is
the product's. --webui lets the webui's superboogav2 read the texts among the first folder's documents, in an environment of its own (see
peers). Memory is that of the process and of those that read for it, added up; pages that they share count for each.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import mean
from threading import Event, Thread
from time import perf_counter
from typing import Any

import sqlalchemy as sa

from bench import corpus, passages
from bench.conversations import Conversation, Labelled, Spoken
from bench.corpus import Corpus
from bench.facts import KINDS, Names
from bench.files import WRITERS
from bench.machine import machine, told
from bench.passages import OWNER, asked
from bench.peers.known import starter
from bench.prose import Prose
from bench.scale import Filling
from bench.synthetic import Words, around
from bench.turn import percentiles
from extension.app import App, build
from extension.context.catalogue import Embedded, New
from extension.context.intake import BATCH
from extension.context.passages import Passage, with_titles
from extension.context.shelves import EVERYONE
from extension.embedders import MiniLM, Remembering, minilm_folder
from extension.memory.embeddings import packed
from extension.messages import Attention, digest
from extension.settings import load
from extension.tables import passage

ROUNDS = 4
"""Folders that are taken in one after the other, with the embedding model alone between."""
_TEXTS = frozenset({".txt", ".md", ".rst"})
_OF_A_DOCUMENT, _WORDS = 500, 150
"""Passages of a synthetic document, and words of a passage."""


class Peak:
    """The most memory, in MiB, that this process had, and that it had together with its children at one time."""

    def __init__(self) -> None:
        self.own = self.together = 0
        self.look()

    def look(self) -> None:
        """Look at it now."""
        import psutil

        me = psutil.Process()
        own, others = me.memory_info().rss, 0
        for each in me.children(recursive=True):
            with suppress(psutil.Error):  # it ended a moment ago
                others += each.memory_info().rss
        self.own = max(self.own, round(own / 2**20))
        self.together = max(self.together, round((own + others) / 2**20))


@contextmanager
def watched() -> Iterator[Peak]:
    """Look at the memory five times a second."""
    peak, over = Peak(), Event()

    def watch() -> None:
        while not over.wait(0.2):
            peak.look()

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def taken_in(made: Corpus, folder: Path) -> dict[str, Any]:
    """Take in generated documents and return the figures."""
    model = MiniLM(minilm_folder())
    model.embed(["It is loaded before anything is measured."])
    app = build(load({}, data_dir=folder / "data"), embedder=Remembering(model))
    with closing(app):
        took, busy, alone, alone_busy, last, refused = [], 0.0, [], 0.0, 0, 0
        with watched() as peak:
            for each in made.folders:
                started, before = perf_counter(), _busy()
                refused += sum(bool(taken.problem) for taken in app.library.add_folder(each, EVERYONE, OWNER))
                took.append(perf_counter() - started)
                busy += _busy() - before
                texts, last = _embedded(app, last)
                started, before = perf_counter(), _busy()
                for at in range(0, len(texts), BATCH):
                    model.embed(texts[at : at + BATCH])
                alone.append(perf_counter() - started)
                alone_busy += _busy() - before
                print(f"{each.name}: {took[-1]:.1f} s, the model alone {alone[-1]:.1f} s", file=sys.stderr)
        size = app.library.size()
        found = {
            "documents": size.documents,
            "refused": refused,
            "text_mb": round(made.characters / 1e6, 1),
            "files_mb": round(size.bytes / 1e6, 1),
            "passages": size.passages,
            "seconds": round(sum(took), 1),
            "model_alone_seconds": round(sum(alone), 1),
            "ratio": round(sum(took) / sum(alone), 3),
            "ratios": [round(one / other, 3) for one, other in zip(took, alone, strict=True)],
            "cpu_seconds": round(busy, 1),
            "model_alone_cpu_seconds": round(alone_busy, 1),
            "cpu_ratio": round(busy / alone_busy, 3),
            "documents_per_second": round(size.documents / sum(took), 2),
            "passages_per_second": round(size.passages / sum(took), 1),
            "peak_memory_mib": {"own": peak.own, "together": peak.together},
            "disk_mib": round(app.memories.database.size() / 2**20, 1),
        }
        root = made.folders[0].parent
        return {**found, "sets": {name: passages.score(app, root, each) for name, each in passages.generated(made).items()}}


def _busy() -> float:
    """Return the processor's seconds of this process and of its children that ended."""
    return sum(os.times()[:4])


def _embedded(app: App, after: int) -> tuple[list[str], int]:
    """Return what was embedded of the passages beyond a number, each text once, and the last number."""
    query = sa.select(passage.c.id, passage.c.titles, passage.c.text, passage.c.digest).where(passage.c.id > after).order_by(passage.c.id)
    with app.memories.database.read() as connection:
        rows = connection.execute(query).all()
    texts = {row.digest: with_titles(tuple(json.loads(row.titles)), row.text) for row in rows}
    return list(texts.values()), rows[-1].id if rows else after


def questioned(count: int, questions: int, folder: Path) -> dict[str, Any]:
    """Put in synthetic passages, ask, and return the figures."""
    import numpy as np

    words, random = Words(seed=11), np.random.default_rng(7)
    model = MiniLM(minilm_folder())
    base = model.embed([words.sentence() for _ in range(1_000)])
    app = build(load({}, data_dir=folder), embedder=Remembering(model))
    with closing(app):
        for first in range(0, count, _OF_A_DOCUMENT):
            size = min(_OF_A_DOCUMENT, count - first)
            texts = [words.sentence(_WORDS) for _ in range(size)]
            parts = [
                Embedded(Passage(text, 0, len(text), ("A heading",), None, None, 256), digest(text), packed(vector))
                for text, vector in zip(texts, around(base, size, random), strict=True)
            ]
            app.library.catalogue.put(New(EVERYONE, OWNER, f"/synthetic/{first}.txt", str(first), "text", str(first), 0), parts, model.name)
        started = perf_counter()
        asked(app, words.sentence(), Attention())
        loaded = perf_counter() - started
        times, alone, shown = [], [], 0
        for number in range(questions):
            text = words.sentence(12)
            for one in (0, 1) if number % 2 else (1, 0):
                started = perf_counter()
                if one:
                    shown += len(asked(app, text, Attention()))
                    times.append(1e3 * (perf_counter() - started))
                else:
                    model.embed([words.sentence(12)])
                    alone.append(1e3 * (perf_counter() - started))
        return {
            "passages": app.library.size().passages,
            "first_question_s": round(loaded, 1),
            "question_ms": percentiles(times),
            "one_embedding_alone_ms": percentiles(alone),
            "shown": round(shown / questions, 1),
            "memory_mib": Peak().own,
            "disk_mib": round(app.memories.database.size() / 2**20, 1),
        }


def streamed(megabytes: int, folder: Path) -> dict[str, Any]:
    """Take in one long text without embedding it, and return the figures."""
    path = folder / "long.txt"
    _write_long(path, megabytes * 1_000_000)
    model = MiniLM(minilm_folder())
    words = Words(seed=11)
    app = build(load({}, data_dir=folder / "data"), embedder=Filling(model, model.embed([words.sentence() for _ in range(1_000)])))
    with closing(app):
        before = Peak()
        started = perf_counter()
        with watched() as peak:
            (taken,) = app.library.add_folder(folder, EVERYONE, OWNER)
        took = perf_counter() - started
        if taken.document is None:
            raise ValueError(f"The long text was refused: {taken.problem}")
        return {
            "megabytes": megabytes,
            "passages": taken.document.passages,
            "seconds": round(took, 1),
            "memory_before_mib": before.own,
            "peak_memory_mib": {"own": peak.own, "together": peak.together},
            "disk_mib": round(app.memories.database.size() / 2**20, 1),
        }


def _write_long(path: Path, size: int) -> None:
    """Write a text of prose; its paragraphs come again, each time under another number."""
    random = Random(3)
    names = Names(random)
    prose = Prose(random, names)
    paragraphs = [prose.paragraph(KINDS[0].one, names.place()) for _ in range(5_000)]
    with path.open("w", encoding="ascii") as file:
        written = number = 0
        while written < size:
            number += 1
            written += file.write(f"{number}. {random.choice(paragraphs)}\n\n")


def webui(made: Corpus, checkout: Path, folder: Path) -> dict[str, Any]:
    """Let superboogav2 and the product read the texts of the first folder, ask both, and return their figures.

    What counts is whether the right passage is in what each would show the model: superboogav2 up to 3,072 tokens, the product ten passages
    (some 2,500 tokens), and as many as it shows by default.
    """
    files = [each for each in sorted(made.folders[0].iterdir()) if each.suffix in _TEXTS]
    names = {f"{each.parent.name}/{each.name}" for each in files}
    questions = [each for sets in made.questions.values() for each in sets if each.file in names]
    model = MiniLM(minilm_folder())
    model.embed(["It is loaded before anything is measured."])
    app = build(load({}, data_dir=folder / "ours"), embedder=Remembering(model))
    with closing(app):
        started = perf_counter()
        for each in files:
            app.library.add(each, EVERYONE, OWNER)
        ours = {"seconds": perf_counter() - started}
        for name, attention in (("answered", passages.TEN), ("answered_by_default", Attention())):
            ours[name] = mean(passages.is_shown(app, made.folders[0].parent, each, attention) for each in questions)
    return {
        "documents": len(files),
        "text_mb": round(sum(each.stat().st_size for each in files) / 1e6, 2),
        "questions": len(questions),
        "familiar": {name: round(value, 3) for name, value in ours.items()},
        "superboogav2": _superboogav2([each.read_text(encoding="utf-8") for each in files], questions, checkout, folder),
    }


def _superboogav2(texts: Sequence[str], questions: Sequence[corpus.Question], checkout: Path, folder: Path) -> dict[str, Any]:
    """Let it read texts as one chat, a paragraph a turn, and ask it for the turns that answer."""
    paragraphs = [" ".join(part.split()) for text in texts for part in text.split("\n\n") if part.strip()]
    turns = [Spoken((str(number),), "Text", text, datetime.now(UTC), 1) for number, text in enumerate(paragraphs)]
    chat = Conversation("texts", "friends", turns, [], sources={})
    (folder / "theirs").mkdir()
    started = perf_counter()
    peer = starter("superboogav2", checkout)([chat], folder / "theirs")
    took = perf_counter() - started
    with closing(peer):
        found = [peer.ask(chat, Labelled(each.question, (), 0)) for each in questions]
    right = [any(passages.holds(paragraphs[at], each) for at in numbers) for each, numbers in zip(questions, found, strict=True)]
    return {"seconds": round(took, 1), "answered": round(mean(right), 3), "about": peer.about}


def main() -> None:
    """Run each part in a process of its own and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--megabytes", type=float, default=20.0, help="of text")
    parser.add_argument("--passages", type=int, default=100_000, help="synthetic ones that questions are asked about; 0 leaves that out")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--stream", type=int, default=0, metavar="MEGABYTES", help="take in one text of this size, too")
    parser.add_argument("--webui", type=Path, metavar="DIR", help="a checkout of text-generation-webui, for superboogav2")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--part", choices=_PARTS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(_part(given, Path(folder))))
        return
    figures: dict[str, Any] = {"benchmark": "ingest", "machine": machine()}
    wanted = {"taken_in": given.documents, "questioned": given.passages, "streamed": given.stream, "webui": given.webui}
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
    for part in (part for part in _PARTS if wanted[part]):
        command = [sys.executable, "-m", "bench.ingest", *sys.argv[1:], "--part", part]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            parser.exit(1, f"{part} failed; what it said is above.\n")
        figures[part] = json.loads(done.stdout.splitlines()[-1])
        print(f"{part}: {figures[part]}", file=sys.stderr)
    print(json.dumps(figures, indent=2) if given.json else table(figures))


_PARTS = ("taken_in", "questioned", "streamed", "webui")


def _part(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    if given.part == "questioned":
        return questioned(given.passages, given.questions, folder)
    if given.part == "streamed":
        return streamed(given.stream, folder)
    made = corpus.generate(folder / "corpus", given.documents, given.megabytes, folders=min(ROUNDS, given.documents))
    return taken_in(made, folder) if given.part == "taken_in" else webui(made, given.webui, folder)


def table(figures: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    lines = [told(figures["machine"])]
    if found := figures.get("taken_in"):
        sizes = f"{found['text_mb']} MB of text in {found['files_mb']} MB of files, {found['passages']:,} passages"
        about = f"{found['documents']:,} documents of {len(WRITERS)} formats: {sizes}, {found['refused']} refused."
        lines += ["", about, "", *_rows(found, _TAKEN_IN)]
        lines += ["", *passages.rows(found["sets"])]
    if found := figures.get("questioned"):
        lines += ["", f"Questions among {found['passages']:,} passages:", "", *_rows(found, _QUESTIONED)]
    if found := figures.get("streamed"):
        lines += ["", f"One text of {found['megabytes']:,} MB, without embedding:", "", *_rows(found, _STREAMED)]
    if found := figures.get("webui"):
        ours, theirs = found["familiar"], found["superboogav2"]
        lines += ["", f"{found['documents']} texts of {found['text_mb']} MB, {found['questions']} questions ({theirs['about']}):", ""]
        lines += ["|  | reading, s | questions of which the answer is in what is shown |", "|---|---|---|"]
        lines += [f"| familiar, ten passages | {ours['seconds']:,} | {ours['answered']:.3f} |"]
        lines += [f"| familiar, as many as it shows by default |  | {ours['answered_by_default']:.3f} |"]
        lines += [f"| superboogav2, up to 3,072 tokens (its start included) | {theirs['seconds']:,} | {theirs['answered']:.3f} |"]
    return "\n".join(lines)


def _rows(found: dict[str, Any], titles: dict[str, str]) -> list[str]:
    return ["|  |  |", "|---|---|", *(f"| {title} | {_cell(found[name])} |" for name, title in titles.items())]


def _cell(value: Any) -> str:
    return " / ".join(f"{each:,}" for each in (value.values() if isinstance(value, dict) else [value]))


_MEMORY = "peak memory, MiB: its own / with the processes that read"
_DISK = "disk, MiB"
_TAKEN_IN = {
    "seconds": "taken in, s",
    "model_alone_seconds": "the embedding model alone, s",
    "ratio": "ratio (aim: at most 1.25)",
    "cpu_seconds": "taken in, s of the processor",
    "model_alone_cpu_seconds": "the embedding model alone, s of the processor",
    "cpu_ratio": "ratio",
    "documents_per_second": "documents a second",
    "passages_per_second": "passages a second",
    "peak_memory_mib": _MEMORY,
    "disk_mib": _DISK,
}
_QUESTIONED = {
    "question_ms": "a question, ms, p50 / p95 (aim: p95 under 60)",
    "one_embedding_alone_ms": "one embedding alone, ms, p50 / p95",
    "first_question_s": "the first question, which loads the vectors, s",
    "memory_mib": "memory, MiB",
    "disk_mib": _DISK,
}
_STREAMED = {
    "seconds": "s",
    "passages": "passages",
    "memory_before_mib": "memory before, MiB",
    "peak_memory_mib": _MEMORY,
    "disk_mib": _DISK,
}


if __name__ == "__main__":
    main()
