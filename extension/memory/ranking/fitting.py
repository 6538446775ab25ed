"""Learning a correction, and the gate before it: it must help with a person's own questions and must not cost anybody's.

A lesson is a question with candidates of which some are known to be useful. The weights are those of a pairwise logistic
model (as Joachims, 2002, learns from what people click on) with the score of the trees as its offset, held close to zero by
a ridge penalty: where a person teaches nothing new, it stays zero. Two gates follow. Weights learned from four fifths of
the questions have to order the candidates of the last fifth better, and clearly so. And on questions of the conversations
the trees were made with (reference.npz; the scores there are by trees that never saw the conversation), no more than COST
of recall may be lost; a correction that costs more is made smaller until it does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .correction import FEATURES, HEAVIEST, bounded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float32]
    Table = NDArray[np.float64]

REFERENCE = Path(__file__).with_name("reference.npz")
FEWEST = 30
"""Questions from which on anything is learned."""
RIDGE = 30.0
"""Strength of the penalty on the squares of the weights."""
PARTS = (1.0, 0.7, 0.5, 0.35, 0.25)
"""Parts of what was learned that are tried, the largest first."""
COST = 0.01
"""Most recall, of 1, that a correction may cost on the reference questions."""
CLEARLY = 2.5
"""Standard errors by which a person's own questions have to be better."""
_FOLDS = 5
_DEPTHS = (5, 10)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question with some candidates: their scores by the trees, their standardised features, and which were useful."""

    raw: Column
    table: Column
    """Shape (candidates, len(FEATURES))."""
    useful: NDArray[np.bool_]
    weight: float = 1.0


def lesson(raw: Column, table: Column, useful: Sequence[int], among: int, weight: float = 1.0) -> Lesson | None:
    """Return the lesson that of the best `among` candidates some were useful; None where none of these were, or all.

    What lies deeper is left out even where it was useful: compared with better ones alone, it would speak against the trees
    whatever it is.
    """
    import numpy as np

    best = np.argsort(-raw, kind="stable")[:among]
    was = np.isin(best, list(useful))
    return Lesson(raw[best], table[best], was, weight) if was.any() and not was.all() else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The weights by feature, or in a sentence why there are none; and what was measured."""

    weights: Mapping[str, float] = field(default_factory=dict)
    refused: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reference:
    """Questions with known answers, and the standard deviations of the features."""

    scales: Mapping[str, float]
    questions: Sequence[Lesson]
    answers: Sequence[int]
    """How many answers each has in all."""

    def recall(self, weights: Table | None = None) -> tuple[float, ...]:
        """Return the mean part of the answers among the first five and the first ten."""
        import numpy as np

        sums = np.zeros(len(_DEPTHS))
        for lesson, answers in zip(self.questions, self.answers, strict=True):
            order = np.argsort(-_corrected(lesson, weights), kind="stable")
            sums += [lesson.useful[order[:depth]].sum() / answers for depth in _DEPTHS]
        return tuple(float(each) for each in sums / max(1, len(self.answers)))


@cache
def reference(path: Path = REFERENCE) -> Reference:
    """Return the reference questions that ship with the trees."""
    import numpy as np

    with np.load(path, allow_pickle=False) as held:
        scales = dict(zip(held["features"].tolist(), held["scales"].tolist(), strict=True))
        ends = np.cumsum(held["sizes"])[:-1]
        parts = zip(*(np.split(held[name], ends) for name in ("raw", "table", "useful")), strict=True)
        questions = [Lesson(raw, table.astype(np.float32) * held["step"], useful) for raw, table, useful in parts]
        return Reference(scales, questions, held["answers"].tolist())


def learned(lessons: Sequence[Lesson], known: Reference) -> Outcome:
    """Return what can be learned from a person's lessons, if it passes both gates."""
    if len(lessons) < FEWEST:
        return Outcome(refused=f"{len(lessons)} judged questions say which memory was useful; {FEWEST} are needed.")
    weights = _fitted(lessons)
    before = known.recall()
    found = next(((part, after) for part in PARTS if _within(before, after := known.recall(part * weights))), None)
    if found is None:
        return Outcome(refused="It would find less of what others look for.", figures={"questions": len(lessons)})
    part, after = found
    was, now, clearly = _held_out(lessons, part)
    figures = {"questions": len(lessons), "own_before": was, "own_after": now, "standard_errors": clearly}
    for depth, one, other in zip(_DEPTHS, before, after, strict=True):
        figures |= {f"reference_r{depth}_before": one, f"reference_r{depth}_after": other}
    figures = {name: round(value, 4) for name, value in figures.items()}
    if clearly < CLEARLY:
        return Outcome(refused="It would not clearly order the memories of this person's own questions better.", figures=figures)
    return Outcome({name: round(float(part * weight), 5) for name, weight in zip(FEATURES, weights, strict=True)}, "", figures)


def _within(before: Sequence[float], after: Sequence[float]) -> bool:
    return all(other >= one - COST for one, other in zip(before, after, strict=True))


def _fitted(lessons: Sequence[Lesson]) -> Table:
    """Return the weights that best order the useful before the others, close to zero."""
    import numpy as np
    from scipy.optimize import minimize

    pairs = [_pairs(lesson) for lesson in lessons]
    gaps, offsets, shares = (np.concatenate(each) for each in zip(*pairs, strict=True))

    def loss(weights: Table) -> tuple[float, Table]:
        margins = offsets + gaps @ weights
        wrong = np.exp(-np.logaddexp(0, margins))
        total = (shares * np.logaddexp(0, -margins)).sum() + 0.5 * RIDGE * weights @ weights
        return float(total), RIDGE * weights - gaps.T @ (shares * wrong)

    bounds = [(-HEAVIEST, HEAVIEST)] * len(FEATURES)
    found: Any = minimize(loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B", bounds=bounds)
    weights: Table = found.x
    return weights


def _pairs(lesson: Lesson) -> tuple[Table, Table, Table]:
    """Return, for each pair of a useful candidate and another one: the gap of the features, of the scores, and its weight."""
    import numpy as np

    better, worse = np.flatnonzero(lesson.useful), np.flatnonzero(~lesson.useful)
    one, other = np.repeat(better, len(worse)), np.tile(worse, len(better))
    gaps = (lesson.table[one] - lesson.table[other]).astype(np.float64)
    offsets = (lesson.raw[one] - lesson.raw[other]).astype(np.float64)
    return gaps, offsets, np.full(len(one), lesson.weight / max(1, len(one)))


def _held_out(lessons: Sequence[Lesson], part: float) -> tuple[float, float, float]:
    """Return which part of the pairs is in order before and after, learned from other questions, and how clear that is."""
    import numpy as np

    was, now = np.zeros(len(lessons)), np.zeros(len(lessons))
    for fold in range(_FOLDS):
        weights = part * _fitted([lesson for number, lesson in enumerate(lessons) if number % _FOLDS != fold])
        for number in range(fold, len(lessons), _FOLDS):
            was[number], now[number] = _in_order(lessons[number], None), _in_order(lessons[number], weights)
    gain = now - was
    error = float(gain.std(ddof=1)) / sqrt(len(gain))
    return float(was.mean()), float(now.mean()), float(gain.mean()) / error if error > 0 else 0.0


def _in_order(lesson: Lesson, weights: Table | None) -> float:
    scores = _corrected(lesson, weights)
    useful, others = scores[lesson.useful], scores[~lesson.useful]
    return float((useful[:, None] > others[None, :]).mean())


def _corrected(lesson: Lesson, weights: Table | None) -> Column:
    found: Column = lesson.raw if weights is None else lesson.raw + bounded((lesson.table @ weights).astype(lesson.raw.dtype))
    return found
