"""Patience: what Discord says about its limits, so that what can be left out never waits for them, and waits are counted."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar
from time import monotonic
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ...errors import Throttled

if TYPE_CHECKING:
    import aiohttp

_MAJOR = ("channels", "webhooks", "guilds")
_LEAST = 0.5
"""Seconds that are asked for where an edit is under way and it is not known how long it takes."""
_KNOWN = 1_000
"""Limits that are remembered; the oldest go first."""
_SENT: ContextVar[asyncio.Future[float] | None] = ContextVar("familiar_sent", default=None)


class Patience:
    """Watches the answers of Discord through aiohttp's tracing. Everything but the counts is for the event loop alone.

    discord.py waits inside a request: after one that took the last of a limit, and for one that came too early. A passing edit
    is let go on by itself then, and whoever asked for it is told at once; what follows for the same message waits for it, so that
    an old text never comes after a newer one.
    """

    def __init__(self) -> None:
        self.waits = 0
        self.waited = 0.0
        self._left: dict[tuple[str, str], tuple[int, float]] = {}
        self._flying: dict[str, asyncio.Task[Any]] = {}

    def trace(self) -> aiohttp.TraceConfig:
        """Return what tells of each answer."""
        import aiohttp

        config = aiohttp.TraceConfig()
        config.on_request_end.append(self._answered)
        return config

    async def passing(self, message: str, limit: str, edit: Coroutine[Any, Any, object]) -> None:
        """Do an edit of a message that may be left out, of a channel or webhook. Raises Throttled where it would wait."""
        left, until = self._left.get(("PATCH", limit), (2, 0.0))
        if message in self._flying or (left < 2 and until > monotonic()):
            edit.close()
            raise Throttled(max(until - monotonic(), _LEAST))
        sent: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        given = _SENT.set(sent)
        task = self._flying[message] = asyncio.ensure_future(edit)
        _SENT.reset(given)
        task.add_done_callback(lambda done: self._landed(message, done))
        await asyncio.wait({task, sent}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        elif (seconds := sent.result()) > 0:
            raise Throttled(seconds)

    async def landed(self, message: str) -> None:
        """Wait until no passing edit of a message is under way."""
        if (task := self._flying.get(message)) is not None:
            await asyncio.wait({task})

    def _landed(self, message: str, task: asyncio.Task[Any]) -> None:
        self._flying.pop(message, None)
        if not task.cancelled():
            task.exception()

    async def _answered(self, _: object, __: SimpleNamespace, ended: aiohttp.TraceRequestEndParams) -> None:
        headers, status = ended.response.headers, ended.response.status
        after = _seconds(headers.get("X-RateLimit-Reset-After"))
        key = (ended.method, _major(ended.url.path))
        if status == 429:
            after = max(after, _seconds(headers.get("Retry-After")))
            self._left[key] = (0, monotonic() + after)
        elif "X-RateLimit-Remaining" in headers:
            self._left.pop(key, None)
            self._left[key] = (int(_seconds(headers["X-RateLimit-Remaining"])), monotonic() + after)
        if len(self._left) > _KNOWN:
            del self._left[next(iter(self._left))]
        self._note(status, after, exhausted=headers.get("X-RateLimit-Remaining") == "0")

    def _note(self, status: int, after: float, *, exhausted: bool) -> None:
        sent = _SENT.get()
        if status == 429 or exhausted:
            self.waits += 1
            self.waited += after
            if sent is not None and not sent.done():
                sent.set_result(after if status == 429 else 0.0)


def _seconds(text: str | None) -> float:
    try:
        return min(max(float(text or 0), 0.0), 86_400.0)
    except ValueError:
        return 0.0


def _major(path: str) -> str:
    """Return the id that a limit counts for: of the channel, webhook or server in an address."""
    parts = path.split("/")
    return next((parts[at + 1] for at, part in enumerate(parts[:-1]) if part in _MAJOR), "")
