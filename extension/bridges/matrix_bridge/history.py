"""What was said in a room or thread, as it is now: asked of the server, decrypted, with edits in their places."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from json import dumps
from typing import Any

from .calls import Calls, Refused
from .opening import Opening
from .rooms import Spot
from .wire import Event, mappings_at, text_at

PAGE = 100
MOST_PAGES = 12
KINDS = ("m.room.message", "m.room.encrypted")


@dataclass(frozen=True)
class History:
    """Looks at what was said. Only for the event loop of the account."""

    calls: Calls
    opening: Opening

    async def given(self, room: str, event: str) -> Mapping[str, Any]:
        """Return an event as the server has it, empty where there is none that we may see. Raises BridgeError."""
        try:
            return await self.calls("give a message", "GET", "rooms", room, "event", event)
        except Refused as exc:
            if exc.status in (403, 404):
                return {}
            raise

    async def event(self, room: str, event: str) -> Event | None:
        """Return an event as it is now, None where there is none that we may see. Raises BridgeError."""
        return await self.opening.whole(await self.given(room, event), room)

    async def before(self, spot: Spot, event: str, limit: int) -> list[Event]:
        """Return messages of a place, the newest first: those before one of them, or the last ones for ''. Raises BridgeError."""
        found: list[Event] = []
        pages = self._thread(spot, event) if spot.root else self._room(spot.room, event)
        async for page in pages:
            for given in page:
                message = await self.opening.whole(given, spot.room)
                if message is not None and message.is_message and not message.replaces and message.root == spot.root:
                    found.append(message)
            if len(found) >= limit:
                break
        return found[:limit]

    async def between(self, room: str, start: str, end: str, limit: int) -> list[Mapping[str, Any]]:
        """Return the events from one point of a sync back to an earlier one, as they were sent, the oldest first. Raises BridgeError."""
        found: list[Mapping[str, Any]] = []
        query = {"dir": "b", "limit": PAGE, "from": start, **({"to": end} if end else {})}
        for _ in range(MOST_PAGES):
            answer = await self.calls("give what was said", "GET", "rooms", room, "messages", query=query)
            page = mappings_at(answer, "chunk")
            found += page
            if not page or len(found) >= limit or not text_at(answer, "end"):
                break
            query["from"] = text_at(answer, "end")
        return found[:limit][::-1]

    async def _room(self, room: str, before: str) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        query: dict[str, Any] = {"dir": "b", "limit": PAGE, "filter": dumps({"types": KINDS})}
        if before:
            try:
                context = await self.calls("give what was said", "GET", "rooms", room, "context", before, query={"limit": 1})
            except Refused as exc:
                if exc.status in (403, 404):
                    return
                raise
            query["from"] = text_at(context, "start")
            yield [each for each in mappings_at(context, "events_before") if text_at(each, "type") in KINDS]
        for _ in range(MOST_PAGES):
            answer = await self.calls("give what was said", "GET", "rooms", room, "messages", query=query)
            yield mappings_at(answer, "chunk")
            if not text_at(answer, "end"):
                return
            query["from"] = text_at(answer, "end")

    async def _thread(self, spot: Spot, before: str) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        """Yield what lies in a thread, from its newest message; what comes after `before`, and that itself, is left out."""
        query: dict[str, Any] = {"dir": "b", "limit": PAGE}
        begun = not before
        for _ in range(MOST_PAGES):
            parts = ("rooms", spot.room, "relations", spot.root, "m.thread")
            answer = await self.calls("give what was said", "GET", *parts, query=query, base="/_matrix/client/v1")
            page = mappings_at(answer, "chunk")
            ids = [text_at(each, "event_id") for each in page]
            if not begun and before in ids:
                begun, page = True, page[ids.index(before) + 1 :]
            if begun:
                yield page
            if not text_at(answer, "next_batch"):
                return
            query["from"] = text_at(answer, "next_batch")
