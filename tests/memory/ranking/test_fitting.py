"""Tests of learning from lessons and of its gates: what helps is taken, what does not is refused."""

from __future__ import annotations

import numpy as np
import pytest

from extension.memory.ranking.correction import FEATURES
from extension.memory.ranking.fitting import FEWEST, Lesson, Reference, learned, lesson, reference

SIZE = 20


def lessons(choose, count=60, seed=1):
    """Return lessons of candidates with random features, of which `choose` (of the table, and a source of chance) names the useful one."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        table = rng.normal(size=(SIZE, len(FEATURES))).astype(np.float32)
        raw = rng.normal(size=SIZE).astype(np.float32)
        made.append(Lesson(raw, table, np.arange(SIZE) == choose(table, raw, rng)))
    return made


def shorter(table, raw, rng):
    return int(np.argmin(table[:, FEATURES.index("length")]))


def anyone(table, raw, rng):
    return int(rng.integers(SIZE))


def best(table, raw, rng):
    return int(np.argmax(raw))


@pytest.fixture(scope="module")
def neutral():
    """Reference questions that the trees answer perfectly, whatever a correction adds."""
    return Reference(
        dict.fromkeys(FEATURES, 1.0),
        [Lesson(raw=10 * each.raw, table=0 * each.table, useful=each.useful) for each in lessons(best)],
        [1] * 60,
    )


def test_a_person_who_wants_the_shorter_ones_is_learned_from(neutral):
    outcome = learned(lessons(shorter), neutral)
    assert outcome.refused == ""
    assert min(outcome.weights, key=lambda name: outcome.weights[name]) == "length"
    assert outcome.figures["own_after"] > outcome.figures["own_before"] + 0.15
    assert outcome.figures["reference_r5_before"] == outcome.figures["reference_r5_after"] == 1.0


@pytest.mark.parametrize("choose", [anyone, best])
def test_who_presses_at_random_or_agrees_with_the_trees_teaches_nothing(neutral, choose):
    for seed in range(10):
        outcome = learned(lessons(choose, seed=seed), neutral)
        assert outcome.weights == {}
        assert outcome.refused == "It would not clearly order the memories of this person's own questions better."


def test_what_would_cost_others_is_made_smaller():
    others = Reference(dict.fromkeys(FEATURES, 1.0), lessons(best), [1] * 60)
    outcome = learned(lessons(shorter), others)
    whole = learned(lessons(shorter), Reference(others.scales, [], []))
    assert outcome.weights["length"] == pytest.approx(0.25 * whole.weights["length"], abs=0.001)
    assert outcome.figures["reference_r10_after"] >= 0.99


def test_what_costs_others_even_so_is_refused():
    longest = Reference(
        dict.fromkeys(FEATURES, 1.0), lessons(lambda table, *_: int(np.argmax(table[:, FEATURES.index("length")]))), [1] * 60
    )
    assert learned(lessons(shorter), longest).refused == "It would find less of what others look for."


def test_few_lessons_teach_nothing(neutral):
    assert learned(lessons(shorter, FEWEST - 1), neutral).refused == "29 judged questions say which memory was useful; 30 are needed."
    assert learned([], neutral).weights == {}


def test_a_lesson_compares_the_useful_with_the_others_among_the_best():
    raw = np.array([0.1, 0.9, 0.5, 0.7], dtype=np.float32)
    made = lesson(raw, raw[:, None], [2], 3)
    assert (made.raw.tolist(), made.useful.tolist()) == (pytest.approx([0.9, 0.7, 0.5]), [False, False, True])
    assert lesson(raw, raw[:, None], [0], 3) is None
    assert lesson(raw, raw[:, None], [], 3) is None
    assert lesson(raw[:1], raw[:1, None], [0], 3) is None


def test_the_reference_questions_that_ship_are_whole():
    held = reference()
    assert (len(held.questions), tuple(held.scales)) == (400, FEATURES)
    assert held.recall() == pytest.approx((0.667, 0.7816), abs=0.0001)
    assert all(len(each.raw) == 40 and each.table.shape == (40, len(FEATURES)) for each in held.questions)
