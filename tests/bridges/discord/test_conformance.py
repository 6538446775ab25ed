"""The conformance suite over a double of Discord."""

from __future__ import annotations

from ..conformance import Conformance, den, hall

__all__ = ["den", "hall"]


class TestDiscord(Conformance):
    """Discord."""
