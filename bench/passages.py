"""How well the library finds the passage that answers a question: on a folder of your own, or on generated documents.

    python -m bench.passages FOLDER QUESTIONS.jsonl [--json]
    python -m bench.passages --generated [--documents 200] [--megabytes 4] [--seed 1] [--json]

Each line of QUESTIONS.jsonl is a row like {"question": "How tall is the tower?", "file": "towers/notes.md", "contains": "80 metres"}:
`file` is a path below FOLDER, and the right passage is one of it that contains these words, whatever their case and the space between
them. A row with an empty `file` and `contains` asks for what nothing answers. The folder is taken in and the questions are asked through
the product's own path, with its own embedding model and its own gate, for ten passages; neighbours are joined before they are counted, as
the model is shown them. `hit@k` is the part of the questions with the right passage among the first k, `mrr` the mean of one by its rank
(0 beyond the tenth), and `shown` how many passages came, with those between joined ones. What no single passage contains is counted,
too: it is found only where neighbours are joined.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Any

import sqlalchemy as sa

from bench import corpus
from bench.corpus import Question
from bench.machine import machine, told
from bench.turn import percentiles
from extension.app import App, build
from extension.context.shelves import EVERYONE
from extension.messages import Attention, Excerpt, Person, Place, Shares, Turn
from extension.settings import load
from extension.tables import document, passage

DEPTH = 10
OWNER = "bench"
TEN = Attention(passages=Shares(0, 0, DEPTH))
_KEYS = ("question", "file", "contains")


def read(path: Path, folder: Path) -> list[Question]:
    """Return the questions of a file about a folder. Raises ValueError with the line of a row that is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as exc:
        raise ValueError(f"{path} cannot be read: {exc}") from exc
    found = [_question(line, f"{path}, line {number}", folder) for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise ValueError(f"{path} holds no questions: each line is a row like " + json.dumps(dict.fromkeys(_KEYS, "…"), ensure_ascii=False))
    return found


def _question(line: str, where: str, folder: Path) -> Question:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise ValueError(f"{where}: this is not JSON ({exc}).") from exc
    if not isinstance(row, dict) or any(not isinstance(row.get(key), str) for key in _KEYS):
        raise ValueError(f"{where}: a row has a text for each of {', '.join(_KEYS)}.")
    if not row["question"].strip():
        raise ValueError(f"{where}: the question is empty.")
    if bool(row["file"]) != bool(row["contains"].strip()):
        raise ValueError(f"{where}: `file` and `contains` are either both said, or both empty where nothing answers.")
    if row["file"] and not (folder / row["file"]).is_file():
        raise ValueError(f"{where}: there is no file {row['file']} in {folder}.")
    return Question(*(row[key] for key in _KEYS))


def asked(app: App, text: str, attention: Attention = TEN) -> list[Excerpt]:
    """Return what the product finds for a question."""
    turn = Turn(Person(OWNER), Place("bench"), "Familiar", text, 0, datetime.now(UTC))
    return app.library.about(turn, attention)


def is_shown(app: App, folder: Path, question: Question, attention: Attention) -> bool:
    """Say whether the right passage is in what the product shows."""
    return _rank(asked(app, question.question, attention), folder, question) > 0


def score(app: App, folder: Path, questions: Sequence[Question]) -> dict[str, Any]:
    """Ask questions about a folder that was taken in, and return the figures."""
    ranks, times, shown, characters = [], [], [], []
    for each in questions:
        started = perf_counter()
        found = asked(app, each.question)
        times.append(1e3 * (perf_counter() - started))
        ranks.append(_rank(found, folder, each))
        shown.append(sum(len(excerpt.passages) for excerpt in found))
        characters.append(sum(len(excerpt.text) for excerpt in found))
    answered = [rank for rank, each in zip(ranks, questions, strict=True) if each.file]
    hits = {f"hit@{most}": round(mean(0 < rank <= most for rank in answered), 4) for most in (1, 5)} if answered else {}
    return {
        "questions": len(questions),
        **hits,
        **({"mrr": round(mean(1 / rank if rank else 0.0 for rank in answered), 4)} if answered else {}),
        "in_no_passage": sum(not _is_in(app, folder, each) for each in questions if each.file),
        "shown": round(mean(shown), 2),
        "characters": round(mean(characters)),
        "question_ms": percentiles(times) if len(times) > 1 else {"p50": round(times[0], 1), "p95": round(times[0], 1)},
    }


def _rank(found: Sequence[Excerpt], folder: Path, question: Question) -> int:
    """Return the rank of the right passage, 0 where it was not found."""
    right = (at for at, each in enumerate(found, 1) if each.source == _source(folder, question) and holds(each.text, question))
    return next(right, 0) if question.file else 0


def holds(text: str, question: Question) -> bool:
    """Say whether a text contains the words of the right passage."""
    return " ".join(question.contains.split()).casefold() in " ".join(text.split()).casefold()


def _source(folder: Path, question: Question) -> str:
    return str(folder.resolve() / question.file)


def _is_in(app: App, folder: Path, question: Question) -> bool:
    """Say whether a single passage of the right file holds the words."""
    query = sa.select(passage.c.text).join(document, document.c.id == passage.c.document_id)
    with app.memories.database.read() as connection:
        texts = connection.execute(query.where(document.c.source == _source(folder, question))).scalars()
        return any(holds(text, question) for text in texts)


def measure(folder: Path, questions: Mapping[str, Sequence[Question]], data: Path) -> dict[str, Any]:
    """Take in a folder and return the figures of each set of questions."""
    app = build(load({}, data_dir=data))
    try:
        for taken in app.library.add_folder(folder, EVERYONE, OWNER):
            if taken.problem:
                print(f"{taken.name}: {taken.problem}", file=sys.stderr)
        asked(app, "What is it that is loaded before the first question?")
        size = app.library.size()
        sets = {name: score(app, folder, each) for name, each in questions.items()}
    finally:
        app.close()
    return {"documents": size.documents, "passages": size.passages, "sets": sets}


def generated(made: corpus.Corpus) -> dict[str, Sequence[Question]]:
    """Return the sets of questions about generated documents."""
    found: dict[str, Sequence[Question]] = {}
    found.update(made.questions.items())
    return {**found, "nothing": [Question(text, "", "") for text in corpus.NOTHING]}


def main() -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("questions", type=Path, nargs="?")
    parser.add_argument("--generated", action="store_true", help="documents and questions made for this")
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--megabytes", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=1, help="another number makes other documents")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    if given.generated == (given.questions is not None):
        parser.error("name a folder and a file of questions, or say --generated")
    figures: dict[str, Any] = {"benchmark": "passages", "machine": machine()}
    with tempfile.TemporaryDirectory() as temporary:
        try:
            if given.generated:
                folder = Path(temporary, "corpus")
                questions = generated(corpus.generate(folder, given.documents, given.megabytes, seed=given.seed))
            else:
                folder, questions = given.folder, {"questions": read(given.questions, given.folder)}
            figures |= measure(folder, questions, Path(temporary, "data"))
        except ValueError as exc:
            parser.exit(1, f"{exc}\n")
    print(json.dumps(figures, indent=2) if given.json else table(figures))


def table(figures: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    about = f"{figures['documents']:,} documents, {figures['passages']:,} passages."
    return "\n".join([told(figures["machine"]), "", about, "", *rows(figures["sets"])])


def rows(sets: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the figures of sets of questions as a table."""
    head = ["questions", "number", "hit@1", "hit@5", "MRR", "in no passage", "passages shown", "characters shown", "p50 / p95, ms"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for name, each in sets.items():
        rates = [f"{each[key]:.3f}" if key in each else "" for key in ("hit@1", "hit@5", "mrr")]
        cells = [name, f"{each['questions']:,}", *rates, str(each["in_no_passage"]), str(each["shown"]), f"{each['characters']:,}"]
        lines.append(f"| {' | '.join([*cells, '{p50} / {p95}'.format(**each['question_ms'])])} |")
    return lines


if __name__ == "__main__":
    main()
