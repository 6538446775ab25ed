"""A host that can be stopped at any moment, also while it is silent."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Thread

from ..errors import FamiliarError
from ..messages import Generation, Message
from ..ports import Host

log = logging.getLogger(__name__)

GLANCE = 0.1
"""Seconds between two looks at whether it was stopped, while the host is silent."""


class Stoppable:
    """Asks another host from a thread of its own, so that whoever waits for a piece is free as soon as `stop` is called.

    Good for one reply.
    """

    def __init__(self, host: Host, stopped: Event | None = None) -> None:
        """`stopped` ends the reply when it is set, as `stop` does, though a moment later."""
        self._host = host
        self._said: SimpleQueue[str | Exception | None] = SimpleQueue()
        self._stopped = stopped or Event()

    @property
    def model(self) -> str:
        """As the host names it."""
        return self._host.model

    @property
    def adapter(self) -> str:
        """As the host names it."""
        return self._host.adapter

    @property
    def context_length(self) -> int:
        """As the host says, in tokens."""
        return self._host.context_length

    @property
    def stopped(self) -> bool:
        """Whether it was stopped."""
        return self._stopped.is_set()

    def count(self, text: str) -> int:
        """As the host counts, in tokens."""
        return self._host.count(text)

    def stop(self) -> None:
        """End the reply now; what has been said so far is the reply."""
        self._stopped.set()
        self._said.put(None)

    def generate(self, messages: Sequence[Message], options: Generation) -> Generator[str, None, None]:
        """Yield the host's pieces until it ends or is stopped. Raises what the host raises."""
        if self.stopped:
            return
        closed = Event()
        Thread(target=self._listen, args=(messages, options, closed), name="familiar-host", daemon=True).start()
        try:
            while (piece := self._next()) is not None and not self.stopped:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            closed.set()

    def _next(self) -> str | Exception | None:
        while not self.stopped:
            with suppress(Empty):
                return self._said.get(timeout=GLANCE)
        return None

    def _listen(self, messages: Sequence[Message], options: Generation, closed: Event) -> None:
        try:
            pieces = self._host.generate(messages, options)
            for piece in pieces:
                if self.stopped or closed.is_set():
                    break
                self._said.put(piece)
            close = getattr(pieces, "close", None)
            if close is not None:
                close()
        except FamiliarError as exc:
            self._said.put(exc)  # raised where somebody waits for the pieces
        except Exception as exc:
            log.exception("%s failed while replying", type(self._host).__name__)
            self._said.put(exc)
        finally:
            self._said.put(None)
