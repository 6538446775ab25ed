"""Fits how plain sentences are understood, and writes extension/commands/plain/weights.json.

    python -m bench.train_intents [--folds 8]

It learns from the examples of the package, the part `tune` of data/intents.jsonl, and what people say in the conversations beside
this file: chat, most of all what could be a command by its words. The part `test` is never looked at. The threshold is the lowest
at which sentences that were left out (a fold at a time) are understood with the precision asked for.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from bench.conversations import ours
from bench.labelled import Sentence, sentences
from extension.commands.plain.cues import cues, names
from extension.commands.plain.examples import CHAT, examples
from extension.commands.plain.sentence import sentence
from extension.commands.plain.slots import SLOTS, Reading, Texts, reading
from extension.commands.plain.understanding import allowed, worded
from extension.commands.plain.weights import FILE, MEANING
from extension.embedders import MiniLM, minilm_folder

OUTCOMES = (CHAT, *SLOTS)
STRENGTH = 2.0
"""Inverse of the regularisation."""
PRECISION = 0.992
"""Of the sentences left out, at the threshold that is chosen."""
MARGIN = 0.25
ORDINARY = 300
"""Sentences of the conversations that could be no command by their words; of those that could, all are taken."""
REALLY_COMMANDS = frozenset({"What else can you do?", "can u resit"})
_END = re.compile(r"(?<=[.!?])\s+")
Table = NDArray[np.float32]


def known() -> list[Sentence]:
    """Return the examples of the package and the part of the labelled sentences that is there to be learned from."""
    shown = [Sentence(text, None if name == CHAT else name, {}) for name in OUTCOMES for text in examples(name)]
    return shown + sentences(split="tune")


def chatter() -> list[Sentence]:
    """Return sentences of the conversations, all that could be a command by their words and some others."""
    said = {part for each in ours() for turn in each.turns for part in (turn.said, *_END.split(turn.said)) if 8 < len(part) < 160}
    given = sorted(said - REALLY_COMMANDS)
    Random(1).shuffle(given)
    read = [(text, _read(text)) for text in given]
    near = [text for text, each in read if each and allowed(each)]
    far = [text for text, each in read if each and not allowed(each)]
    return [Sentence(text, None, {}) for text in (*near, *far[:ORDINARY])]


def _read(text: str) -> Reading | None:
    given = sentence(text, ["familiar"])
    return reading(given) if given else None


def table(given: Sequence[Reading], fitting: Sequence[dict[str, Texts]]) -> Table:
    """Return what each sentence is judged by: its embedding and its cues."""
    vectors = MiniLM(minilm_folder()).embed([worded(each) for each in given])
    looks = np.array([cues(each, some) for each, some in zip(given, fitting, strict=True)], dtype=np.float32)
    return np.hstack([vectors * MEANING, looks]).astype(np.float32)


def fit(rows: Table, labels: NDArray[np.int64], weights: NDArray[np.float64]) -> Any:
    """Return a fitted regression."""
    return LogisticRegression(C=STRENGTH, max_iter=1000).fit(rows, labels, sample_weight=weights)


def left_out(
    rows: Table, labels: NDArray[np.int64], weights: NDArray[np.float64], folds: int, fitting: Sequence[dict[str, Texts]]
) -> Iterator[tuple[float, int, int]]:
    """Yield for each sentence the probability of what would be chosen by one that never saw it, which that is, and the label."""
    fold = np.random.default_rng(1).integers(0, folds, len(rows))
    for out in range(folds):
        fitted = fit(rows[fold != out], labels[fold != out], weights[fold != out])
        for number, shares in zip(np.flatnonzero(fold == out).tolist(), fitted.predict_proba(rows[fold == out]), strict=True):
            best = sorted(((shares[OUTCOMES.index(name)], OUTCOMES.index(name)) for name in (CHAT, *fitting[number])), reverse=True)
            clear = len(best) > 1 and best[0][0] - best[1][0] >= MARGIN
            yield (float(best[0][0]), best[0][1], int(labels[number])) if clear else (1.0, 0, int(labels[number]))


def at(threshold: float, judged: Sequence[tuple[float, int, int]]) -> tuple[float, float]:
    """Return precision and recall with a threshold."""
    taken = [(chosen, label) for share, chosen, label in judged if chosen and share >= threshold]
    right = sum(chosen == label for chosen, label in taken)
    return right / max(len(taken), 1), right / sum(label > 0 for _, _, label in judged)


def main() -> None:
    """Fit, choose the threshold, and write what the product reads."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=8)
    given = parser.parse_args()
    learned = known()
    rows = [(each, read) for each in (*learned, *chatter()) if (read := _read(each.text))]
    fitting = [allowed(read) for _, read in rows]
    made = table([read for _, read in rows], fitting)
    labels = np.array([OUTCOMES.index(each.command or CHAT) for each, _ in rows])
    weights = np.where(np.arange(len(rows)) < len(learned), 1.0, 0.5)
    judged = list(left_out(made, labels, weights, given.folds, fitting))
    steps = [round(0.5 + step / 100, 2) for step in range(46)]
    threshold = next((each for each in steps if at(each, judged)[0] >= PRECISION), steps[-1])
    write(fit(made, labels, weights), threshold)
    found = dict(zip(("precision", "recall"), (round(each, 4) for each in at(threshold, judged)), strict=True))
    print(json.dumps({"sentences": len(rows), "threshold": threshold, "left_out": found}))


def write(fitted: Any, threshold: float) -> None:
    """Write the weights, a row for each outcome."""
    dimensions = fitted.coef_.shape[1] - len(names())
    outcomes = [
        {
            "name": OUTCOMES[outcome],
            "bias": round(float(bias), 4),
            "meaning": _rounded(row[:dimensions]),
            "cues": _rounded(row[dimensions:]),
        }
        for outcome, bias, row in zip(fitted.classes_, fitted.intercept_, fitted.coef_, strict=True)
    ]
    head = {"embedder": "all-MiniLM-L6-v2", "threshold": threshold, "margin": MARGIN, "cues": names()}
    lines = ",\n".join(json.dumps(each) for each in outcomes)
    FILE.write_text(f'{json.dumps(head)[:-1]},\n"outcomes": [\n{lines}\n]}}\n', encoding="utf-8")


def _rounded(row: NDArray[np.float64]) -> list[float]:
    return [round(float(each), 3) for each in row]


if __name__ == "__main__":
    main()
