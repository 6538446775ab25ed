"""The journal: what was taken up and is not answered yet, kept before anything is done about it, so that no kill costs an answer."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock

from ..errors import StoreError
from ..memory.unfinished import Open, Unfinished

log = logging.getLogger(__name__)

REMEMBERED = 5_000
"""Messages that are known in this process to have been taken up."""


class Journal:
    """Of one platform. Where the store fails, an answer is not kept from anybody: methods only log it. Safe to use from several threads."""

    def __init__(self, unfinished: Unfinished, door: str) -> None:
        self._unfinished, self._door = unfinished, door
        self._taken: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = Lock()

    def taken(self, place: str, message: str) -> bool:
        """Return whether this process took up a message."""
        with self._lock:
            return (place, message) in self._taken

    def known(self, place: str, message: str) -> bool:
        """Return whether a message was taken up: by this process, or by an earlier one, so that it is answered by recovery."""
        if self.taken(place, message):
            return True
        try:
            return self._unfinished.holds(self._door, place, message)
        except StoreError as exc:
            log.warning("Whether a message was taken up before is not known now: %s", exc)
            return False

    def take(self, place: str, message: str) -> bool:
        """Take up a message; False where this process did already, and somebody else answers it."""
        with self._lock:
            if (place, message) in self._taken:
                return False
            self._taken[(place, message)] = None
            while len(self._taken) > REMEMBERED:
                self._taken.popitem(last=False)
        self.open(place, message)
        return True

    def open(self, place: str, message: str) -> None:
        """Keep that something is not answered yet."""
        try:
            self._unfinished.take(self._door, place, [message])
        except StoreError as exc:
            log.warning("That a message was taken up could not be kept: %s", exc)

    def post(self, place: str, message: str, posted: Sequence[str]) -> None:
        """Keep which messages of ours were sent for one."""
        try:
            self._unfinished.post(self._door, place, message, posted)
        except StoreError as exc:
            log.warning("Which messages were sent could not be kept: %s", exc)

    def row(self, place: str, messages: Sequence[str]) -> int | None:
        """Return the row of the exchange that messages are, also after a kill the same; None where that is not known now."""
        try:
            return self._unfinished.row(self._door, place, messages)
        except StoreError as exc:
            log.warning("Which exchange messages are could not be kept: %s", exc)
            return None

    def end(self, place: str, messages: Iterable[str]) -> None:
        """Let go of messages: they are answered, or there is nothing to answer any more."""
        try:
            self._unfinished.end(self._door, place, messages)
        except StoreError as exc:
            log.warning("That messages are answered could not be kept: %s", exc)

    def left(self) -> list[Open]:
        """Return what an earlier process took up and did not answer, the oldest first."""
        try:
            return [each for each in self._unfinished.of(self._door) if not self.taken(each.place, each.message)]
        except StoreError as exc:
            log.warning("What was not answered yet is not known now: %s", exc)
            return []

    def posted(self) -> set[str]:
        """Return the messages of ours that were sent for what is not answered yet, by whatever process."""
        try:
            return {one for each in self._unfinished.of(self._door) for one in each.posted}
        except StoreError as exc:
            log.warning("Which messages were sent is not known now: %s", exc)
            return set()
