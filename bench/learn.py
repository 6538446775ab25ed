"""What the ranker learns from simulated people's thumbs and pins, and what the gate does with those who press at random.

    python -m bench.learn [--folds 3] [--keep FILE] [--judged 40 120]

Each person has three conversations of our own, ranked by trees that never saw them, and a habit: what answers, for them,
is the turn that does, or the one before it, or of its neighbours the shortest, the one that asks, ... They are shown the
best six for a question; a good one among them gets a thumb up (wrong in 15 %), the reply uses most good ones and sometimes
another; now and then they pin a good one found by a search. Half of their questions are learned from, at most as many as
--judged says, and the other half is asked before and after. `random` presses thumbs and pins whatever there is; `hostile` pins
the worst on purpose.
"""

from __future__ import annotations

import argparse
import json
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.train_ranker import Case, folded, gathered, reference, whole
from extension.memory.learning import AMONG_FOUND, AMONG_SHOWN, MARKED, THUMB
from extension.memory.ranking.correction import FEATURES, bounded, standardised
from extension.memory.ranking.fitting import Lesson, Outcome, Reference, learned, lesson

SHOWN, SEARCHED = 6, 50
WRONG, PINS, USES, USES_OTHER = 0.15, 0.15, 0.8, 0.08
"""How often a thumb is wrong, how often a search ends with a pin, how often a good memory is used in the reply, and another one."""
CONVERSATIONS = 3
Scored = tuple[Case, NDArray[np.float64]]
Choice = Callable[[Case, list[str], int], float]
"""How much speaks, for a person of some habit, for a turn near the one that answers."""

HABITS: dict[str, Choice | int] = {
    "none": 0,
    "the turn before": -1,
    "the one that asks": lambda case, names, turn: case.table[turn, names.index("question")],
    "the shortest": lambda case, names, turn: -case.table[turn, names.index("length")],
    "the longest": lambda case, names, turn: case.table[turn, names.index("length")],
    "the same words": lambda case, names, turn: case.table[turn, names.index("bm25_own")],
}


def wanted(case: Case, names: list[str], habit: Choice | int) -> NDArray[np.bool_]:
    """Return which candidates a person of this habit wants to find."""
    last = len(case.labels) - 1
    found = np.zeros(len(case.labels), dtype=bool)
    for turn in map(int, np.flatnonzero(case.labels)):
        near = [max(0, turn - 1), turn, min(last, turn + 1)]
        if callable(habit):
            *_, turn = max((habit(case, names, each), each == turn, each) for each in near)
            found[turn] = True
        else:
            found[near[1 + habit]] = True
    return found


def feedback(raw: NDArray[np.float64], good: NDArray[np.bool_], kind: str, rng: np.random.Generator) -> tuple[list[int], int, float] | None:
    """Return which candidates a person says were useful, among how many others, and how much that weighs; None where they say nothing."""
    order = np.argsort(-raw, kind="stable")
    shown, listed = order[:SHOWN], order[:SEARCHED]
    if rng.random() < PINS:
        pinned = [turn for turn in listed if good[turn]] if kind == "honest" else list(listed)
        if pinned:
            return [int(pinned[-1] if kind == "hostile" else rng.choice(pinned))], AMONG_FOUND, MARKED
    if kind == "honest":
        up = bool(good[shown].any()) != (rng.random() < WRONG)
        used = [int(turn) for turn in shown if rng.random() < (USES if good[turn] else USES_OTHER)]
    else:
        up = rng.random() < 0.5 if kind == "random" else not good[shown].any()
        used = [int(turn) for turn in shown if rng.random() < 0.25]
    return (used, AMONG_SHOWN, THUMB) if up and used else None


def person(
    scored: Sequence[Scored], names: list[str], known: Reference, habit: Choice | int, kind: str, judged: int, rng: np.random.Generator
) -> tuple[Outcome, list[list[float]]]:
    """Return what is learned from one person, and recall at 5 and 10 for their other questions, before and after."""
    order = rng.permutation(len(scored))
    half = len(order) // 2
    taught: list[Lesson] = []
    for number in order[:half]:
        case, raw = scored[number]
        said = feedback(raw, wanted(case, names, habit), kind, rng)
        made = said and lesson(raw.astype(np.float32), _table(case, names, known), *said)
        taught += [made] if made and len(taught) < judged else []
    outcome = learned(taught, known)
    weights = np.array([outcome.weights.get(name, 0.0) for name in FEATURES])
    figures = []
    for number in order[half:]:
        case, raw = scored[number]
        good = wanted(case, names, habit)
        after = raw + bounded((_table(case, names, known) @ weights).astype(np.float32))
        orders = (np.argsort(-scores, kind="stable") for scores in (raw, after))
        figures.append([float(good[order[:depth]].sum()) / case.answers for order in orders for depth in (5, 10)])
    return outcome, figures


def people(scored: Sequence[Scored], names: list[str]) -> list[tuple[list[Scored], Reference]]:
    """Return the questions of each person, and those of others that what is learned is held against."""
    conversations = sorted({case.conversation for case, _ in scored})
    found = []
    for first in range(0, len(conversations), CONVERSATIONS):
        own = set(conversations[first : first + CONVERSATIONS])
        mine = [each for each in scored if each[0].conversation in own]
        found.append((mine, reference([each for each in scored if each[0].conversation not in own], names)))
    return found


def measure(given: Sequence[tuple[list[Scored], Reference]], names: list[str], habit: str, kind: str, judged: int) -> dict[str, Any]:
    """Return the figures of all people of one habit."""
    figures: list[list[float]] = []
    outcomes = []
    for number, (mine, known) in enumerate(given):
        outcome, found = person(mine, names, known, HABITS[habit], kind, judged, np.random.default_rng(number))
        outcomes.append(outcome)
        figures += found
    before5, before10, after5, after10 = (round(mean(column), 4) for column in zip(*figures, strict=True))
    return {
        "habit": habit,
        "feedback": kind,
        "judged": judged,
        "people": len(outcomes),
        "lessons": round(mean(outcome.figures.get("questions", 0.0) for outcome in outcomes)),
        "learned": sum(bool(outcome.weights) for outcome in outcomes),
        "before": {"R@5": before5, "R@10": before10},
        "after": {"R@5": after5, "R@10": after10},
    }


def _table(case: Case, names: list[str], known: Reference) -> NDArray[np.float32]:
    return standardised({name: case.table[:, names.index(name)] for name in FEATURES}, FEATURES, known.scales)


def main() -> None:
    """Simulate the people and print the figures, a line of JSON each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="keep the left-out scores in this file, or take them from it")
    parser.add_argument("--judged", type=int, nargs="+", default=[40, 80], help="judged questions of each person, at most")
    given = parser.parse_args()
    if given.keep is not None and given.keep.exists():
        scored, names = pickle.loads(given.keep.read_bytes())
    else:
        found, names = gathered(None)
        scored = whole(folded(found, names, given.folds), names)
        if given.keep is not None:
            given.keep.write_bytes(pickle.dumps((scored, names)))
    everybody = people(scored, names)
    for judged in given.judged:
        for habit in HABITS:
            print(json.dumps(measure(everybody, names, habit, "honest", judged)), flush=True)
        for kind in ("random", "hostile"):
            print(json.dumps(measure(everybody, names, "none", kind, judged)), flush=True)


if __name__ == "__main__":
    main()
