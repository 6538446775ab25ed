"""Vectors as points on a plane."""

from __future__ import annotations

import numpy as np

from extension.memory.projection import flattened


def test_what_is_alike_lies_close_together_and_everything_within_the_frame():
    vectors = np.zeros((6, 8), dtype=np.float32)
    vectors[:3, 0], vectors[3:, 1] = 1.0, 1.0
    vectors[np.arange(6), 2 + np.arange(6)] = 0.05
    points = flattened(vectors)
    assert points == flattened(vectors)
    assert all(0.0 <= value <= 1.0 for point in points for value in point)
    left, right = [x for x, _ in points[:3]], [x for x, _ in points[3:]]
    assert max(map(abs, np.diff(left))) < 0.1 and abs(np.mean(left) - np.mean(right)) > 0.9


def test_the_same_vector_again_and_again_is_one_point_in_the_middle():
    assert flattened(np.ones((4, 8), dtype=np.float32)) == [(0.5, 0.5)] * 4
    assert flattened(np.ones((1, 8), dtype=np.float32)) == [(0.5, 0.5)]
    assert flattened(np.ones((0, 8), dtype=np.float32)) == []
