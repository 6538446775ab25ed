"""The conformance suite over the platform in memory."""

from __future__ import annotations

import pytest

from .conformance import Conformance, den, hall
from .stand import Stand

__all__ = ["den", "hall"]


@pytest.fixture
def stand(tmp_path):
    made = Stand(tmp_path)
    yield made
    made.stop()


class TestLoopback(Conformance):
    """The platform in memory."""
