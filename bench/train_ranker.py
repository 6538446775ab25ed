"""Trains the ranker of extension/memory/ranking on the conversations beside this file, and writes its trees and curve.

    python -m bench.train_ranker [--folds 5] [--keep FILE] [--keep-folds FOLDER] [--out FOLDER]

Every question is asked through the product's own recall, which hands over the candidates and their features. First each
fold of whole conversations is left out in turn: that gives honest figures, and the scores the curve is fitted to, together
with those of questions asked of somebody else's conversation, whose answer is nowhere. Then all of it is trained on once.
Some of the left-out questions are written too: what is learned from a person is held against them (see ranking/fitting.py).
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.conversations import Conversation, Labelled, ours
from bench.remembered import Remembered
from extension.memory.ranking.correction import FAR, FEATURES, standardised
from extension.memory.ranking.fitting import REFERENCE, Lesson, Reference
from extension.memory.ranking.ranker import CURVE, FOLDER, MODEL

PARAMETERS: dict[str, Any] = {
    "objective": "lambdarank",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambdarank_truncation_level": 20,
    "lambda_l2": 5.0,
    "max_bin": 127,
    "verbose": -1,
    "seed": 1,
    "deterministic": True,
    "num_threads": 2,
}
ROUNDS = 300
POOL = 50
"""How many memories the questions ask for: as in bench/recall.py."""
PART = "#"
"""Between the name of a conversation and the part of it."""
WITHOUT_MEANING = 6
"""Every so manieth question is learned from once more with no embedding, as when the model is missing."""
UNRELATED = 4
"""Every so manieth question is also asked of the next conversation, where its answer is not."""

REFERENCES, DEEPEST = 400, 40
"""Questions that are written for what is learned later to be held against, and how many candidates of each."""
SMALL = 100
"""Candidates of the question of a whole conversation, at least; of the beginning of one there are fewer."""
STEP = np.float32(FAR / 127)


@dataclass(frozen=True, slots=True)
class Case:
    """The candidates of one question: features, which of them answer it, and how many answers there are in all."""

    conversation: str
    table: NDArray[np.float32]
    labels: NDArray[np.int8]
    answers: int


def cases(conversations: Sequence[Conversation], remembered: Remembered) -> Iterator[tuple[Case, list[str]]]:
    """Yield a case for each question, and the names of the features."""
    for place, conversation in enumerate(conversations):
        for number, question in enumerate(conversation.questions):
            yield from _case(remembered, conversation, conversation, question, dense=True)
            if number % WITHOUT_MEANING == 0:
                yield from _case(remembered, conversation, conversation, question, dense=False)
            if number % UNRELATED == 0:
                yield from _case(remembered, conversation, conversations[place - 1], question, dense=True)


def _case(
    remembered: Remembered, owner: Conversation, asked: Conversation, question: Labelled, *, dense: bool
) -> Iterator[tuple[Case, list[str]]]:
    looked = remembered.memories.recall.look(remembered.question(asked, question, POOL), dense=dense)
    if looked is None:
        return
    wanted = {owner.sources[each] for each in question.evidence} if asked is owner else set()
    inner = [number for number, shown in enumerate(looked.shown) if shown]
    turns = [remembered.turn(asked, looked.pool.rows[number].id) for number in inner]
    table = np.stack([looked.features[name][inner] for name in looked.features], axis=1).astype(np.float32)
    labels = np.array([turn in wanted for turn in turns], dtype=np.int8)
    yield Case(owner.name.partition(PART)[0], table, labels, len(wanted)), list(looked.features)


def beginnings(conversation: Conversation) -> Iterator[Conversation]:
    """Yield what is left of a conversation when it was short: single sessions, and a few together, with what they can answer.

    A memory is small at first, and its pools are too: trees that never saw one would take everything in it for irrelevant.
    """
    last = conversation.turns[-1].session
    for number, (first, length) in enumerate((start, (1, 1, 3)[start % 3]) for start in range(1, last, 3)):
        turns = [turn for turn in conversation.turns if first <= turn.session < first + length]
        turns = turns[: (6, 12, 60)[number % 3]]
        sources = {each: place for place, turn in enumerate(turns) for each in turn.ids}
        asked = [question for question in conversation.questions if all(each in sources for each in question.evidence)]
        if asked:
            yield replace(conversation, name=f"{conversation.name}{PART}{first}", turns=turns, questions=asked, sources=sources)


def train(given: Sequence[Case], names: list[str], rounds: int = ROUNDS) -> Any:
    """Return a booster trained on these cases."""
    import lightgbm

    useful = [case for case in given if case.labels.any()]
    data = lightgbm.Dataset(
        np.concatenate([case.table for case in useful]),
        np.concatenate([case.labels for case in useful]),
        group=[len(case.labels) for case in useful],
        feature_name=names,
    )
    constraints = [int(name == "in_time") for name in names]
    return lightgbm.train({**PARAMETERS, "monotone_constraints": constraints}, data, rounds)


def recall(scored: Sequence[tuple[Case, NDArray[np.float64]]], depth: int) -> float:
    """Return the mean part of the answers among the first `depth`, over the questions that have an answer."""
    parts = [case.labels[np.argsort(-score, kind="stable")[:depth]].sum() / case.answers for case, score in scored if case.answers]
    return round(float(np.mean(parts)), 4)


def curve(scored: Sequence[tuple[Case, NDArray[np.float64]]]) -> dict[str, float]:
    """Return slope and offset of the logistic curve from score to probability (Platt, 1999)."""
    from sklearn.linear_model import LogisticRegression

    scores = np.concatenate([score for _, score in scored]).reshape(-1, 1)
    labels = np.concatenate([case.labels for case, _ in scored])
    fitted = LogisticRegression(C=1e6).fit(scores, labels)
    return {"slope": round(float(fitted.coef_[0, 0]), 4), "offset": round(float(fitted.intercept_[0]), 4)}


def folded(given: Sequence[Case], names: list[str], folds: int, keep: Path | None = None) -> list[tuple[Case, NDArray[np.float64]]]:
    """Return every case with its scores by trees that never saw its conversation; the trees of each fold are kept in a folder."""
    order = sorted({case.conversation for case in given})
    scored = []
    for fold in range(folds):
        out = set(order[fold::folds])
        trees = train([case for case in given if case.conversation not in out], names)
        scored += [(case, trees.predict(case.table)) for case in given if case.conversation in out]
        if keep is not None:
            (keep / str(fold)).mkdir(parents=True, exist_ok=True)
            trees.save_model(str(keep / str(fold) / MODEL))
            (keep / str(fold) / CURVE).write_bytes((FOLDER / CURVE).read_bytes())
            (keep / str(fold) / "left_out.json").write_text(json.dumps(sorted(out)), encoding="utf-8")
        print(f"fold {fold + 1} of {folds}", file=sys.stderr)
    return scored


def whole(scored: Sequence[tuple[Case, NDArray[np.float64]]], names: list[str]) -> list[tuple[Case, NDArray[np.float64]]]:
    """Return the questions of whole conversations that have an answer, asked with the embedding model."""
    cosine = names.index("cosine")
    kept = ((case, score) for case, score in scored if case.answers and len(case.labels) >= SMALL)
    return [(case, score) for case, score in kept if np.isfinite(case.table[:, cosine]).all()]


def deviations(given: Sequence[Case], names: list[str]) -> dict[str, float]:
    """Return how far, in the mean, each feature that a correction may weigh lies from the mean of its question."""
    columns = {name: [case.table[:, names.index(name)] for case in given] for name in FEATURES}
    known = {name: [column[np.isfinite(column)] for column in each] for name, each in columns.items()}
    return {name: float(np.sqrt(np.mean([column.var() for column in each if column.size]))) + 1e-6 for name, each in known.items()}


def lessons(scored: Sequence[tuple[Case, NDArray[np.float64]]], names: list[str], scales: dict[str, float]) -> list[Lesson]:
    """Return the best candidates of each question, as a correction sees them."""
    found = []
    for case, score in scored:
        table = standardised({name: case.table[:, names.index(name)] for name in FEATURES}, FEATURES, scales)
        best = np.argsort(-score, kind="stable")[:DEEPEST]
        found.append(Lesson(score[best].astype(np.float32), table[best], case.labels[best].astype(bool)))
    return found


def reference(scored: Sequence[tuple[Case, NDArray[np.float64]]], names: list[str]) -> Reference:
    """Return questions spread over all conversations, with their left-out scores."""
    known = whole(scored, names)
    scales = deviations([case for case, _ in known], names)
    chosen = [known[number * len(known) // REFERENCES] for number in range(REFERENCES)]
    return Reference(scales, lessons(chosen, names, scales), [case.answers for case, _ in chosen])


def keep(made: Reference, path: Path) -> None:
    """Write the reference questions, their features in steps of STEP."""
    tables = np.concatenate([each.table for each in made.questions])
    np.savez_compressed(
        path,
        features=np.array(list(made.scales)),
        scales=np.array(list(made.scales.values())),
        sizes=np.array([len(each.raw) for each in made.questions]),
        answers=np.array(made.answers),
        raw=np.concatenate([each.raw for each in made.questions]),
        useful=np.concatenate([each.useful for each in made.questions]),
        table=np.round(tables / STEP).astype(np.int8),
        step=STEP,
    )


def main() -> None:
    """Train, write what the product loads, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="keep the features in this file, or take them from it")
    parser.add_argument("--keep-folds", type=Path, metavar="FOLDER", help="keep the rankers of the folds, for bench.recall --left-out")
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    found, names = gathered(given.keep)
    scored = folded(found, names, given.folds, given.keep_folds)
    figures = {f"R@{depth}": recall(scored, depth) for depth in (1, 5, 10, 20, 50)}
    keep(reference(scored, names), given.out / REFERENCE.name)
    trees = train(found, names)
    trees.save_model(str(given.out / MODEL))
    fitted = curve(scored)
    summary = {"embedder": "all-MiniLM-L6-v2", **fitted, "questions": sum(case.answers > 0 for case in found), "left_out_folds": figures}
    (given.out / CURVE).write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(summary))


def gathered(keep: Path | None) -> tuple[list[Case], list[str]]:
    """Return the cases of all our conversations and the names of the features; `keep` is a file to keep them in."""
    if keep is not None and keep.exists():
        kept: tuple[list[Case], list[str]] = pickle.loads(keep.read_bytes())
        return kept
    conversations = [part for conversation in ours() for part in (conversation, *beginnings(conversation))]
    with tempfile.TemporaryDirectory() as folder:
        remembered = Remembered(conversations, Path(folder))
        both = list(cases(conversations, remembered))
        remembered.memories.close()
    found = ([case for case, _ in both], both[0][1])
    if keep is not None:
        keep.write_bytes(pickle.dumps(found))
    return found


if __name__ == "__main__":
    main()
