"""A line to an event loop: a loop in a thread of its own, and how other threads have things done on it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from threading import Event, Thread
from typing import TypeVar

from ...errors import BridgeError
from .refusals import failures, refusal

T = TypeVar("T")
PATIENCE = 180.0
"""Seconds that a call waits: longer than discord.py waits for a limit of Discord's."""


class Line:
    """An event loop that nothing of ours ever blocks. Safe to use from several threads."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._thread: Thread | None = None

    def open(self) -> None:
        """Start the loop in a thread of its own."""
        begun = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._live(begun)), name="familiar-discord", daemon=True)
        self._thread.start()
        begun.wait()

    def adopt(self, loop: asyncio.AbstractEventLoop) -> None:
        """Use a loop that somebody else runs."""
        self._loop = loop

    def call(self, work: Coroutine[object, object, T], doing: str, needs: str = "", timeout: float = PATIENCE) -> T:
        """Have something done on the loop, and return what came of it. Not to be called on the loop itself.

        Raises BridgeError that says what was not done (`doing`) and, where a permission is missing, which (`needs`).
        """
        loop = self._loop
        if loop is None or loop.is_closed():
            work.close()
            raise BridgeError("Discord is not connected.")
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result(timeout)
        except BridgeError:
            raise
        except TimeoutError:
            future.cancel()
            raise BridgeError(f"Discord did not answer in time ({doing}). Try again in a while.") from None
        except CancelledError:
            raise BridgeError(f"The connection to Discord was closed ({doing}).") from None
        except failures() as exc:
            raise refusal(exc, doing, needs) from None

    def close(self) -> None:
        """End the loop, and what still runs on it; a loop that was adopted is left to its owner."""
        loop, over, thread = self._loop, self._over, self._thread
        self._loop = self._over = self._thread = None
        if loop is not None and over is not None and thread is not None:
            loop.call_soon_threadsafe(over.set)
            thread.join()

    async def _live(self, begun: Event) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        begun.set()
        await self._over.wait()
