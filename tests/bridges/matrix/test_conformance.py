"""The conformance suite over a real Synapse."""

from __future__ import annotations

import pytest

from ..conformance import Conformance, den, hall
from .town import MatrixStand

__all__ = ["den", "hall"]
pytestmark = [pytest.mark.synapse, pytest.mark.slow]


@pytest.fixture
def stand(tmp_path, server):
    made = MatrixStand(tmp_path, server=server)
    yield made
    made.stop()


class TestMatrix(Conformance):
    """Matrix."""
