"""Trying again: what Google refuses for a moment, it takes a little later."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from .trouble import passing

TRIES = 6
_LONGEST = 32.0
"""Seconds between two tries."""
T = TypeVar("T")
Wait = Callable[[float], object]


def patiently(attempt: Callable[[], T], wait: Wait) -> T:
    """Return what an attempt returns, made again after 1, 2, 4, … seconds (and up to one more) as long as that may help.

    Google asks for exactly this: https://developers.google.com/workspace/drive/api/guides/limits. Raises what the last
    attempt raises.
    """
    for number in range(TRIES - 1):
        try:
            return attempt()
        except Exception as exc:
            if not passing(exc):
                raise
        wait(min(2.0**number, _LONGEST) + random.random())  # noqa: S311 (no secret)
    return attempt()
