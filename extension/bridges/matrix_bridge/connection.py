"""A connection: what one login stands on, and how the core's threads ask for things on its event loop."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import BridgeError, FamiliarError, Throttled
from .account import Account
from .allowance import Allowance
from .calls import Calls, Closed, Refused
from .content import transaction
from .encryption import Encryption
from .history import MOST_PAGES, History
from .ledger import Ledger
from .media import Media
from .opening import Opening
from .patience import ONCE, Patience
from .rooms import Rooms, Spot
from .wire import is_event, mapping_at, mappings_at, text_at

if TYPE_CHECKING:
    from nio import AsyncClient

log = logging.getLogger(__name__)

T = TypeVar("T")
LONGEST = 900.0
"""Seconds that anything may take in all: a server may ask for a minute's patience several times."""
REMEMBERED = 5_000


@dataclass
class Connection:
    """What is done as one account. What is a coroutine is only for its event loop."""

    client: AsyncClient
    account: Account
    patience: Patience
    calls: Calls
    ledger: Ledger
    loop: asyncio.AbstractEventLoop
    latest: OrderedDict[str, str] = field(default_factory=OrderedDict)
    """The newest messages of threads, by their places."""
    called: OrderedDict[str, tuple[str, ...]] = field(default_factory=OrderedDict)
    """Whom messages of ours call."""
    own: OrderedDict[str, bool] = field(default_factory=OrderedDict)
    """Whether threads were begun at a message of ours, by their places."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rooms = Rooms(self.client, self.calls)
        self.encryption = Encryption(self.client, self.calls, self.rooms, self.ledger)
        self.opening = Opening(self.client, self.calls, self.ledger)
        self.media = Media(self.client, self.calls, self.encryption)
        self.history = History(self.calls, self.opening)

    @property
    def allowance(self) -> Allowance:
        """What may be sent without being asked for patience."""
        return self.patience.allowance

    def wait(self, doing: Coroutine[Any, Any, T]) -> T:
        """Return what comes of something, from a thread that is not the event loop's. Raises BridgeError."""
        try:
            future = asyncio.run_coroutine_threadsafe(doing, self.loop)
        except RuntimeError:
            doing.close()
            raise Closed("The connection to Matrix is closed.") from None
        try:
            return future.result(LONGEST)
        except FamiliarError as exc:
            raise exc if isinstance(exc, BridgeError) else BridgeError(str(exc)) from exc
        except TimeoutError:
            future.cancel()
            raise BridgeError("Matrix did not do this in time. Try again.") from None
        except CancelledError:
            raise Closed("The connection to Matrix was closed meanwhile.") from None

    async def send(self, room: str, kind: str, content: dict[str, Any], key: str = "", *, passing: bool = False) -> str:
        """Send an event into a room, encrypted where that is, and return its id. Raises BridgeError."""
        if not self.rooms.known(room):
            raise BridgeError("The companion is not in this room (any more). Invite it again.")
        if passing and (seconds := self.allowance.patience()):
            raise Throttled(seconds)
        if kind != "m.reaction":  # reactions are never encrypted in Matrix
            kind, content = await self.encryption.sealed(room, kind, content)
        parts = ("rooms", room, "send", kind, transaction(key))
        found = await self.calls("send this", "PUT", *parts, content=content, passing=passing)
        self.allowance.sent()
        event = text_at(found, "event_id")
        if not is_event(event):
            raise BridgeError("The server took a message and does not say which it is. Look whether it is there.")
        return event

    async def remove(self, room: str, event: str) -> None:
        """Remove a message of ours, and afterwards every edit of it, which hold its words, too. Raises BridgeError."""
        edits = await self._edits(room, event)
        self.ledger.owe(room, edits)
        await self._redact(room, event)
        if edits:
            self.in_background(self.pay())

    async def pay(self) -> None:
        """Remove what is still to be removed."""
        for room, event in self.ledger.owed():
            while seconds := self.allowance.patience():  # replies go first
                await asyncio.sleep(seconds)
            try:
                await self._redact(room, event)
            except Refused as exc:
                log.warning("An edit in %s was not removed: %s", room, exc)
            self.ledger.paid(event)

    def in_background(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do something without waiting for it; what goes wrong is in the log."""

        async def done() -> None:
            ONCE.set(False)
            try:
                await doing
            except FamiliarError as exc:
                log.warning("Something was not done on Matrix: %s", exc)

        task = self.loop.create_task(done())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def is_own_thread(self, spot: Spot) -> bool:
        """Return whether a thread was begun at a message of ours; no where that is not known."""
        if not spot.root:
            return False
        if spot.id not in self.own:
            try:
                found = await self.calls("give a message", "GET", "rooms", spot.room, "event", spot.root)
            except BridgeError as exc:
                log.info("Whose a thread in %s is, is not known now: %s", spot.room, exc)
                return False
            remember(self.own, spot.id, text_at(found, "sender") == self.client.user_id)
            together = mapping_at(mapping_at(found, "unsigned"), "m.relations")
            newest = text_at(mapping_at(mapping_at(together, "m.thread"), "latest_event"), "event_id")
            if is_event(newest):
                self.latest.setdefault(spot.id, newest)
        return self.own[spot.id]

    def noted(self, spot: Spot, event: str) -> None:
        """Take notice of a message in a thread: it is the newest there."""
        if spot.root:
            remember(self.latest, spot.id, event)
            self.ledger.note_thread(event, spot.root)

    async def close(self) -> None:
        """End what is going on, and the connection."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.client.close()
        self.ledger.close()
        if self.client.store is not None:
            self.client.store.database.close()

    async def _edits(self, room: str, event: str) -> list[str]:
        parts, found, query = ("rooms", room, "relations", event, "m.replace"), [], {"limit": "100"}
        try:
            for _ in range(MOST_PAGES):
                answer = await self.calls("name the edits of a message", "GET", *parts, base="/_matrix/client/v1", query=query)
                found += [text_at(each, "event_id") for each in mappings_at(answer, "chunk")]
                if not (more := text_at(answer, "next_batch")):
                    break
                query["from"] = more
        except Refused as exc:
            log.warning("The edits of a message in %s are not known: %s", room, exc)
        return [each for each in found if is_event(each)]

    async def _redact(self, room: str, event: str) -> None:
        parts = ("rooms", room, "redact", event, transaction(f"redact {event}"))
        await self.calls("remove a message", "PUT", *parts, content={})
        self.allowance.sent()


def remember(kept: OrderedDict[str, Any], key: str, value: Any) -> None:
    """Keep a value among the newest."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)
