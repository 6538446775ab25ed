"""What is heard: every event of a sync becomes what the core knows, in the lane of its place."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import time
from typing import TYPE_CHECKING, Any

from ...errors import FamiliarError, StoreError
from ..heard import Reacted
from .calls import Refused
from .handle import MatrixHandle
from .progress import Batch, Progress
from .rooms import Spot
from .wire import Event, event_of, is_removed, mapping_at, text_at

if TYPE_CHECKING:
    from .gateway import Matrix

log = logging.getLogger(__name__)

LONGEST_EMOJI = 100
PROMPT = 600.0
"""Seconds within which a key may come for a message to be answered whatever its age."""


@dataclass
class Hearing:
    """Takes up events. `take` is only for the event loop; what it puts into lanes runs there."""

    gateway: Matrix
    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.progress = Progress(self.gateway.connection.ledger.keep_since)

    async def take(self, room: str, events: Sequence[Mapping[str, Any]], batch: Batch, *, late: bool) -> None:
        """Take up the events of a room in their order; `late` is whether they may be from when nobody listened."""
        for given in events:
            if text_at(given, "type") == "m.room.encryption" and given.get("state_key") == "":
                self.gateway.connection.encryption.note(room, mapping_at(given, "content"))
                continue
            try:
                await self._take(room, given, batch, late=late)
            except FamiliarError:
                raise
            except Exception:  # one event that nobody thought of must not make us deaf for all others
                log.exception("An event in %s could not be taken up", room)

    async def _take(self, room: str, given: Mapping[str, Any], batch: Batch, *, late: bool) -> None:
        event, sealed = await self.gateway.connection.opening.opened(given, room), text_at(given, "type") == "m.room.encrypted"
        if event is not None:
            await self._sort(room, event, batch, late=late, sealed=sealed)
        elif sealed:
            await self.gateway.connection.opening.wait(given, room)

    async def retry(self, sessions: Sequence[str], batch: Batch) -> None:
        """Take up what waited for the keys of some sessions, or for any where '' is among them."""
        ledger, opening = self.gateway.connection.ledger, self.gateway.connection.opening
        for session in sessions:
            for name, room, since, given in ledger.waiting(session):
                event = await opening.opened(given, room)
                if event is not None:
                    log.info("The key of the event %s in %s has come", name, room)
                    ledger.waited(name)
                    await self._sort(room, event, batch, late=time() - since > PROMPT, sealed=True)

    async def _sort(self, room: str, event: Event, batch: Batch, *, late: bool, sealed: bool) -> None:
        us, old = self.gateway.connection.client.user_id, late and self.gateway.is_old(event.when)
        if event.type == "m.room.redaction":
            if event.redacts and not sealed and not (event.sender == us and event.ours):
                self._put(batch, self._spot(room, event.redacts), partial(self._removed, event))
        elif old:
            return
        elif event.type == "m.reaction" and event.relation.kind == "m.annotation" and event.sender != us:
            self._reacted(batch, room, event)
        elif event.is_message and not sealed and await self._is_encrypted(room):
            log.warning("The message %s is in the clear in an encrypted room (%s): it is not heard", event.id, room)
        elif event.is_message:
            self._said(batch, room, event)

    async def _is_encrypted(self, room: str) -> bool:
        """Return whether a room is; yes where the server does not say. Raises BridgeError where nobody answers now."""
        try:
            return bool(await self.gateway.connection.encryption.algorithm(room))
        except Refused as exc:
            log.warning("Whether %s is encrypted is not known: %s", room, exc)
            return True

    def _said(self, batch: Batch, room: str, event: Event) -> None:
        on = self.gateway.connection
        if event.replaces:
            if event.sender != on.client.user_id:
                self._put(batch, self._spot(room, event.replaces), partial(self._edited, event))
            return
        spot = Spot(room, event.root)
        on.noted(spot, event.id)
        if event.sender != on.client.user_id:
            self.gateway.listened(event.when)
            self._put(batch, spot, partial(self._hear, event))

    def _reacted(self, batch: Batch, room: str, event: Event) -> None:
        emoji, message = event.relation.key[:LONGEST_EMOJI], event.relation.event
        if emoji:
            self.gateway.connection.ledger.note_reaction(event.id, message, emoji)
            self._put(batch, self._spot(room, message), partial(self._react, message, emoji, event.sender))

    def _put(self, batch: Batch, spot: Spot, call: Callable[[MatrixHandle], object]) -> None:
        handle = MatrixHandle(self.gateway, spot)
        self.gateway.lanes.put(spot.id, self.progress.counted(batch, partial(call, handle)))

    def _spot(self, room: str, message: str) -> Spot:
        """Return where a message lies, which nothing but what was noted tells."""
        try:
            return Spot(room, self.gateway.connection.ledger.root(message))
        except StoreError as exc:
            log.warning("In which thread a message lies is not known now: %s", exc)
            return Spot(room)

    def _hear(self, event: Event, handle: MatrixHandle) -> None:
        heard = self.gateway.connection.wait(handle.heard(event))
        self.gateway.room.hear(heard, handle)

    def _edited(self, edit: Event, handle: MatrixHandle) -> None:
        on = self.gateway.connection
        found = on.wait(on.history.event(handle.spot.room, edit.replaces))
        if found is None or found.sender != edit.sender or not found.is_message or found.replaces:
            log.info("The edit %s is of no message of its sender: it counts for nothing", edit.id)
            return
        now = found if found.is_edited else found.edited(edit)
        self.gateway.room.edited(on.wait(handle.heard(now)), handle)

    def _removed(self, redaction: Event, handle: MatrixHandle) -> None:
        on, room = self.gateway.connection, self.gateway.room
        found = on.wait(on.history.given(handle.spot.room, redaction.redacts))
        if found and not is_removed(found):
            log.warning("The removal %s in %s removes nothing", redaction.id, handle.spot.room)
            return
        taken_back = on.ledger.reaction(redaction.redacts)
        if taken_back is None:
            room.deleted(on.rooms.place(handle.spot), redaction.redacts, handle)
            return
        message, emoji = taken_back
        there = MatrixHandle(self.gateway, self._spot(handle.spot.room, message))
        room.reacted(Reacted(message, emoji, there.by(redaction.sender), added=False), there)

    def _react(self, message: str, emoji: str, sender: str, handle: MatrixHandle) -> None:
        self.gateway.room.reacted(Reacted(message, emoji, handle.by(sender)), handle)


def since_we_came(events: Sequence[Mapping[str, Any]], us: str) -> Sequence[Mapping[str, Any]]:
    """Return the events after we were invited, or came, where they tell of that; what was said before was not said to us."""
    begun = -1
    for number, given in enumerate(events):
        event = event_of(given)
        if event is None or event.type != "m.room.member" or given.get("state_key") != us:
            continue
        membership = text_at(event.content, "membership")
        before = text_at(mapping_at(mapping_at(given, "unsigned"), "prev_content"), "membership")
        came = membership == "join" and before != "join" and (before != "invite" or begun < 0)
        begun = number if came or membership == "invite" else begun
    return events[begun + 1 :]
