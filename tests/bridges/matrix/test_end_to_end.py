"""The whole way with SmolLM2 and MiniLM."""

from __future__ import annotations

import pytest

from ..end_to_end import answered_by, play
from .town import MatrixStand

pytestmark = [pytest.mark.synapse, pytest.mark.model, pytest.mark.slow]


def test_what_was_told_helps_to_answer_after_a_restart(tmp_path, server, models):
    stand = MatrixStand(tmp_path, server=server, **answered_by(*models))
    try:
        play(stand)
    finally:
        stand.stop()
