"""Trying again: what is asked of Discord over a network that fails now and then. What is asked twice is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
PAUSES = (0.2, 1.0, 3.0)
"""Seconds before each further try. discord.py itself tries again where Discord answers that it is too busy."""


async def tried(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Return what comes of some work that may be begun several times: it fails only when the network does for longer."""
    import aiohttp

    for pause in PAUSES:
        try:
            return await work()
        except (aiohttp.ClientError, OSError):
            await asyncio.sleep(pause)
    return await work()
