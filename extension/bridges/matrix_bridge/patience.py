"""Requests that wait where the server asks for it and try again where the line breaks, so that nothing of it is lost."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import Any

from ...errors import Throttled
from .allowance import Allowance

Send = Callable[..., Awaitable[Any]]
LONGEST_WAIT = 60.0
"""Seconds that are waited at once, whatever the server asks for."""
TRIES = 60
_SENDS = re.compile(r"/rooms/[^/]+/(?:send|redact)/")
TROUBLED = frozenset({502, 503, 504})
"""Answers of a server that is not up at the moment."""
SECONDS = 90.0
"""Seconds of tries while nothing answers."""
PASSING: ContextVar[bool] = ContextVar("familiar_matrix_passing", default=False)
"""Whether what is asked for can be left out."""
ONCE: ContextVar[bool] = ContextVar("familiar_matrix_once", default=False)
"""Whether a request is made once, since who asks tries again by itself, or since it must not be made twice."""


@dataclass
class Patience:
    """Waits, and counts how often and how long."""

    allowance: Allowance
    waits: int = 0
    waited: float = 0.0
    answered: float | None = None
    """When the server answered last, by the monotonic clock."""

    def around(self, send: Send) -> Send:
        """Return a way of sending requests like this one, with patience. Raises Throttled for what can be left out."""

        async def patient(method: str, path: str, *more: Any, **named: Any) -> Any:
            from aiohttp import ClientError

            until = monotonic() + SECONDS
            for count in range(TRIES):
                try:
                    response = await send(method, path, *more, **named)
                    await response.read()
                except (TimeoutError, ClientError, OSError):
                    if ONCE.get() or PASSING.get() or monotonic() > until:
                        raise
                    await asyncio.sleep(min(0.25 * 2**count, 10.0))
                    continue
                self.answered = monotonic()
                if response.status == 429:
                    await self._refused(path, await _asked(response))
                elif response.status in TROUBLED and not (ONCE.get() or PASSING.get()) and monotonic() < until:
                    await asyncio.sleep(min(0.5 * 2**count, 10.0))
                else:
                    return response
            return response

        return patient

    async def _refused(self, path: str, seconds: float) -> None:
        if _SENDS.search(path):
            self.allowance.refused()
        if PASSING.get():
            raise Throttled(seconds)
        self.waits += 1
        self.waited += seconds
        await asyncio.sleep(seconds)


async def _asked(response: Any) -> float:
    """Return how many seconds a server asks to wait."""
    try:
        found = json.loads(await response.read()).get("retry_after_ms")
    except (ValueError, AttributeError):
        found = None
    if not isinstance(found, int) or isinstance(found, bool):
        header = response.headers.get("Retry-After", "")
        found = int(header) * 1000 if header.isdecimal() and len(header) < 6 else 5_000
    return min(max(found / 1000, 0.05), LONGEST_WAIT)
