"""Recovery: what an earlier process left unanswered is answered, and what was said while nobody listened is heard."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock, Thread
from typing import TYPE_CHECKING

from ..errors import BridgeError, BridgeUnreachable, FamiliarError, StoreError, Throttled
from ..memory.links import Link
from ..memory.unfinished import Open
from ..messages import Exchange
from ..texts import tr
from .delivery import MORE
from .gateway import Gateway
from .heard import Handle, Heard, Post
from .journal import REMEMBERED

if TYPE_CHECKING:
    from .room import Room

log = logging.getLogger(__name__)

PERIOD = 10.0
"""Seconds between two notes of when the platform was listened to."""
OVERLAP = timedelta(minutes=1)
"""What is heard once more before that: clocks differ, and the last note may be older than the kill."""
PAGE = 100
ADOPTED = 500
"""Messages among which one of ours is looked for that was sent for a message and not noted any more."""
PASSING = (BridgeUnreachable, Throttled, StoreError)
"""What may go well a little later."""
BY_ITSELF = "+"
"""What the journal's name of a turn begins with that nobody asked for; no platform's message id does."""


class Recovery:
    """Of one room. Its methods never raise."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._lock = Lock()
        self._sent: dict[tuple[str, str], tuple[str, ...]] = {}
        self._claimed: dict[str, tuple[str, str]] = {}
        self._gateway: Gateway | None = None
        self._complete = False

    def connected(self, gateway: Gateway) -> None:
        """Take up what was left unanswered or missed, once a gateway hears again. From then on it is noted until when it heard.

        What could not be looked at is tried again every few seconds.
        """
        with self._lock:
            before, self._gateway = self._gateway, gateway
            self._take_up(gateway)
            if before is None:
                Thread(target=self._watch, name="familiar-listening", daemon=True).start()

    def sent_before(self, place: str, messages: Sequence[str]) -> list[str] | None:
        """Return the messages of ours that an earlier process sent for some that are answered now, None where it took up none of them."""
        found = [self._sent.pop((place, each)) for each in messages if (place, each) in self._sent]
        return [one for each in found for one in each] if found else None

    def left_by(self, place: str, messages: Sequence[str]) -> list[str]:
        """Return the messages of ours that an earlier process sent for some, as long as they are not answered."""
        return [one for each in messages for one in self._sent.get((place, each), ())]

    def claims(self, place: str, asked: Sequence[str], posted: str) -> bool:
        """Return whether a message of ours is the reply to some messages, or may become it, and is nothing else."""
        try:
            return bool(self._theirs(place, asked, [posted]))
        except StoreError as exc:
            log.warning("Whose reply a message is, is not known now: %s", exc)
            return True

    def _take_up(self, gateway: Gateway) -> None:
        groups: dict[tuple[str, str | int], list[Open]] = {}
        for each in self._room.journal.left():
            groups.setdefault((each.place, each.message if each.row is None else each.row), []).append(each)
        resumed = [self._resume(group, gateway) for group in groups.values()]
        self._complete = self._catch_up(gateway) and all(resumed)
        if self._complete:
            self._listened()

    def _resume(self, group: Sequence[Open], gateway: Gateway) -> bool:
        """Take up messages that are one exchange, or one that is in none yet; return whether that was possible."""
        room, place = self._room, group[0].place
        try:
            handle = gateway.handle(place)
            if handle is None:
                room.journal.end(place, [each.message for each in group])
                return True
            found = [each for each in (self._looked_at(one, handle) for one in group) if each is not None]
            exchange = self._known(group[0])[1]
            if found and exchange is not None and exchange.reply:
                room.deliver(exchange, found, handle)
            elif found:
                room.resume(found, handle, begun=group[0].row is not None)
        except FamiliarError as exc:
            log.warning("A message that was not answered yet could not be taken up: %s", exc)
            return not isinstance(exc, PASSING)
        return True

    def _looked_at(self, left: Open, handle: Handle) -> Heard | None:
        """Return a message that is still to be answered; None where something else was to be done about it, and is done."""
        heard = None if left.message.startswith(BY_ITSELF) else handle.message(left.message)
        link, exchange = self._known(left)
        left = replace(left, posted=self._theirs(left.place, [left.message], left.posted))
        if not left.posted and (found := self._orphans(left, handle, exchange)):
            left = replace(left, posted=self._theirs(left.place, [left.message], found))
            self._room.journal.post(left.place, left.message, left.posted)  # they are nobody else's from now on
        self._sent[(left.place, left.message)] = left.posted
        if heard is None:
            self._close_off(left, handle, gone=not left.message.startswith(BY_ITSELF))
            if link is not None and exchange is not None:
                self._room.deleted(exchange.place, left.message, handle)
        elif exchange is not None and exchange.reply:
            return heard
        elif link is not None and link.kind == "command":
            handle.post(Post(tr("Familiar was restarted during this. See whether it was done, and say it again if not."), (), heard.id))
            self._room.journal.end(left.place, [left.message])
        elif heard.when < self._oldest() or (link is not None and link.kind in ("told", "hidden")):
            self._close_off(left, handle)
        else:
            return heard
        return None

    def _theirs(self, place: str, asked: Sequence[str], posted: Sequence[str]) -> tuple[str, ...]:
        """Return which of some messages of ours are for these and for nothing else: what the journal names twice is the reply to one alone.

        Messages that were one turn in one process may be several in the next: the first of them gets what was sent for all.
        """
        links = self._room.app.memories.links.of(place, [*posted, *asked]) if posted else {}
        exchanges = {links[each].exchange for each in asked if each in links}
        free = [each for each in dict.fromkeys(posted) if each not in links or links[each].exchange in exchanges]
        owners = {(place, each) for each in asked}
        found = tuple(each for each in free if self._claimed.setdefault(each, (place, asked[0])) in owners)
        while len(self._claimed) > REMEMBERED:
            self._claimed.pop(next(iter(self._claimed)), None)
        return found

    def _known(self, left: Open) -> tuple[Link | None, Exchange | None]:
        memories = self._room.app.memories
        link = memories.links.of(left.place, [left.message]).get(left.message)
        found = memories.diary.get([link.exchange]) if link is not None and link.exchange else []
        return link, found[0] if found else None

    def _orphans(self, left: Open, handle: Handle, exchange: Exchange | None) -> tuple[str, ...]:
        """Return messages of ours that belong to nothing and were sent for one a moment before the kill, as far as can be told."""
        reply = exchange.reply if exchange is not None else ""

        def fits(each: Heard) -> bool:
            if each.reply_to:
                return each.reply_to == left.message
            return each.text.endswith(MORE) or bool(each.text and reply.startswith(each.text))

        ours = [each.id for each in _after(left.message, handle) if each.is_own and fits(each)]
        if not ours:
            return ()
        known = self._room.journal.posted()  # first: what is sent meanwhile is linked, and then goes from there
        known.update(self._room.app.memories.links.of(left.place, ours))
        return tuple(each for each in reversed(ours) if each not in known)

    def _close_off(self, left: Open, handle: Handle, *, gone: bool = False) -> None:
        """Say of what was half sent that it goes no further; take it away where there is nothing that it says, or that it answers."""
        for each in left.posted:
            with suppress(BridgeError):
                message = handle.message(each)
                if message is None:
                    continue
                if gone or not message.text.endswith(MORE):
                    handle.delete(each)
                else:
                    handle.edit(each, f"{message.text.removesuffix(MORE)}\n{tr('(This was interrupted.)')}")
        self._sent.pop((left.place, left.message), None)
        self._room.journal.end(left.place, [left.message])

    def _oldest(self) -> datetime:
        return datetime.now(UTC) - timedelta(hours=self._room.app.settings.catch_up_hours)

    def _catch_up(self, gateway: Gateway) -> bool:
        """Hear what was said while nobody listened; return whether it could be looked at everywhere."""
        room, unfinished = self._room, self._room.app.memories.unfinished
        try:
            until = unfinished.listened_until(room.door)
            if until is None or not room.app.settings.catch_up_hours:
                return True
            since = max(until - OVERLAP, self._oldest())
            places = gateway.places(since, unfinished.places(room.door))
        except FamiliarError as exc:
            log.warning("What was said meanwhile is not looked for now: %s", exc)
            return not isinstance(exc, PASSING)
        heard = [self._hear_since(since, place, gateway) for place in places]
        return all(heard)

    def _hear_since(self, since: datetime, place: str, gateway: Gateway) -> bool:
        try:
            handle = gateway.handle(place)
            history = handle.history("", self._room.app.settings.catch_up_messages) if handle is not None else ()
        except BridgeError as exc:
            log.warning("What was said meanwhile in a place could not be looked at: %s", exc)
            return not isinstance(exc, PASSING)
        for heard in reversed([each for each in history if each.when >= since]):
            if handle is not None:
                self._room.hear(heard, handle)
        return True

    def _watch(self) -> None:
        while not self._room.closing.wait(PERIOD):
            with self._lock:
                gateway = self._gateway
                if self._complete:
                    self._listened()
                elif gateway is not None and gateway.vital().connected:
                    self._take_up(gateway)

    def _listened(self) -> None:
        vital = self._gateway.vital() if self._gateway else None
        if vital is None or not vital.connected:
            return
        try:
            self._room.app.memories.unfinished.listened(self._room.door, datetime.now(UTC) - timedelta(seconds=vital.heartbeat or 0))
        except StoreError as exc:
            log.warning("Until when the platform was listened to could not be kept: %s", exc)


def _after(message: str, handle: Handle) -> Iterator[Heard]:
    """Return what was said in a place after a message, the newest first."""
    before = ""
    for _ in range(0, ADOPTED, PAGE):
        found = handle.history(before, PAGE)
        for each in found:
            if each.id == message:
                return
            yield each
        if len(found) < PAGE:
            return
        before = found[-1].id
