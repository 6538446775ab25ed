"""One answer of a sync after the other: keys first, then who is where, then what was said."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...errors import BridgeError
from .calls import Refused, Unreachable, reaching
from .hearing import Hearing, since_we_came
from .opening import FAULTS
from .rooms import is_counted
from .wire import is_room, mapping_at, mappings_at, text_at

if TYPE_CHECKING:
    from nio import MatrixRoom

    from .gateway import Matrix

log = logging.getLogger(__name__)

POLL = 30_000
"""Milliseconds that the server waits for something new."""
TIMELINE = 50
"""Events of a room that come with an answer; what is more is asked for."""
FILTER = json.dumps(
    {
        "room": {
            "timeline": {"limit": TIMELINE, "lazy_load_members": True},
            "state": {"lazy_load_members": True},
            "ephemeral": {"types": []},
            "account_data": {"types": []},
        },
        "presence": {"types": []},
        "account_data": {"types": []},
    }
)


@dataclass
class Syncing:
    """Syncs an account. Only for its event loop."""

    gateway: Matrix
    since: str = ""
    trouble: str = ""
    """What the server refused of our keys, '' for nothing."""
    _hearing: Hearing = field(init=False)
    _sessions: list[str] = field(default_factory=list)
    """Those whose keys have come, and whose events are not taken up yet."""

    def __post_init__(self) -> None:
        self._hearing = Hearing(self.gateway)
        self.since = self.gateway.connection.ledger.since()

    async def ask(self, *, first: bool) -> Mapping[str, Any]:
        """Return what is new. The `first` time the state of every room comes along. Raises BridgeError."""
        query = {"filter": FILTER, "timeout": 0 if first else POLL}
        query |= {"since": self.since} if self.since else {}
        query |= {"full_state": "true"} if first else {}
        answer = await self.gateway.connection.calls("tell what is new", "GET", "sync", query=query, once=True, timeout=POLL / 1000 + 30)
        if not text_at(answer, "next_batch"):
            raise BridgeError("The server's answer to a sync is none. Is the address that of a Matrix homeserver?")
        return answer

    async def meet(self, answer: Mapping[str, Any]) -> None:
        """Take up keys, and who is where."""
        self._sessions += self._to_device(mappings_at(mapping_at(answer, "to_device"), "events"))
        await self._feed(answer, _joined(answer))
        self._left(mapping_at(mapping_at(answer, "rooms"), "leave"))
        await self._keys()

    async def hear(self, answer: Mapping[str, Any], *, late: bool) -> None:
        """Take up what was said; where that fails, it comes once more. Raises FamiliarError."""
        progress, fresh = self._hearing.progress, not self.since
        batch = progress.begin(text_at(answer, "next_batch"))
        try:
            self.gateway.invites.take(mapping_at(mapping_at(answer, "rooms"), "invite"))
            for room, given in _joined(answer).items():
                events = [] if fresh else await self._events(room, mapping_at(given, "timeline"))
                await self._hearing.take(room, [*_encryptions(given), *events], batch, late=late)
            await self._hearing.retry([""] if late else self._sessions, batch)
        except BaseException:
            progress.drop(batch)
            raise
        progress.done(batch)
        self._sessions.clear()
        self.since = text_at(answer, "next_batch")

    async def _events(self, room: str, timeline: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Return what happened in a room, with what the answer left out of it."""
        on, events = self.gateway.connection, mappings_at(timeline, "events")
        if timeline.get("limited") is True and (start := text_at(timeline, "prev_batch")):
            most = self.gateway.settings.catch_up_messages
            try:
                events = [*await on.history.between(room, start, self.since, most), *events]
            except Refused as exc:
                log.warning("What was said before in %s is not known: %s", room, exc)
        return since_we_came(events, on.client.user_id)

    def _to_device(self, events: Sequence[Mapping[str, Any]]) -> list[str]:
        """Take up what was sent to this device, and return the sessions whose keys came with it."""
        from nio import ForwardedRoomKeyEvent, RoomKeyEvent, ToDeviceEvent

        sessions, olm = [], self.gateway.connection.client.olm
        for given in events:
            try:
                event = ToDeviceEvent.parse_event(dict(given))
                found = olm.handle_to_device_event(event) if olm is not None and event is not None else None
            except FAULTS as exc:
                log.warning("What %s sent to this device is nothing that could be read (%s)", text_at(given, "sender"), type(exc).__name__)
                continue
            if isinstance(found, (RoomKeyEvent, ForwardedRoomKeyEvent)):
                sessions.append(found.session_id)
        return sessions

    async def _feed(self, answer: Mapping[str, Any], joined: Mapping[str, Mapping[str, Any]]) -> None:
        """Let nio know who is where, and whose devices changed; of what was said it is told nothing."""
        from nio import SyncResponse

        client = self.gateway.connection.client
        rooms = {room: _state(given) for room, given in joined.items()}
        changed, left = (_texts(mapping_at(answer, "device_lists").get(name)) for name in ("changed", "left"))
        lists = {"changed": changed, "left": left}
        told = {"next_batch": answer["next_batch"], "device_lists": lists, "rooms": {"join": rooms}}
        try:
            response = SyncResponse.from_dict(told)
            await client.receive_response(response) if isinstance(response, SyncResponse) else log.warning("nio does not take a sync")
        except FAULTS as exc:
            log.warning("nio does not take a sync (%s)", type(exc).__name__)
        for room in joined:
            self.gateway.joined(room)
            if not is_counted(client.rooms[room]):
                await self._count(client.rooms[room])
        count = mapping_at(answer, "device_one_time_keys_count").get("signed_curve25519")
        if client.olm is not None and isinstance(count, int):
            client.olm.uploaded_key_count = count

    async def _count(self, room: MatrixRoom) -> None:
        """Learn who is in a room where the server did not say how many."""
        try:
            await self.gateway.connection.rooms.load(room)
        except Refused as exc:
            log.warning("Who is in %s is not known: %s", room.room_id, exc)

    def _left(self, rooms: Mapping[str, Any]) -> None:
        on = self.gateway.connection
        for room in rooms:
            if on.client.rooms.pop(room, None) is not None:
                log.info("We are not in %s any more", room)
            on.encryption.forget(room)
            on.ledger.waited_in(room)

    async def _keys(self) -> None:
        """Do what keys ask for: upload ours, look at others', answer requests. What fails is tried with the next sync."""
        from nio import ErrorResponse, LocalProtocolError

        client = self.gateway.connection.client
        try:
            with reaching("exchange keys", client.homeserver):
                if client.should_upload_keys:
                    answer = await client.keys_upload()
                    failed = isinstance(answer, ErrorResponse)
                    self.trouble = "The server does not take the keys of this device: see `familiar doctor --matrix`." if failed else ""
                if client.should_query_keys:
                    await client.keys_query()
                if client.should_claim_keys:
                    await client.keys_claim(client.get_users_for_key_claiming())
                await client.send_to_device_messages()
        except (Unreachable, LocalProtocolError, *FAULTS) as exc:
            log.warning("Keys were not exchanged now: %s", type(exc).__name__)


def _joined(answer: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    rooms = mapping_at(mapping_at(answer, "rooms"), "join")
    return {room: given for room, given in rooms.items() if is_room(room) and isinstance(given, Mapping)}


def _texts(given: Any) -> list[str]:
    return [each for each in given if isinstance(each, str)] if isinstance(given, list) else []


def _encryptions(joined: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what the state of a room says of its encryption."""
    return [each for each in mappings_at(mapping_at(joined, "state"), "events") if text_at(each, "type") == "m.room.encryption"]


def _state(joined: Mapping[str, Any]) -> dict[str, Any]:
    """Return what nio is told of a room: its state, as far as nio can read it."""
    state = mappings_at(mapping_at(joined, "state"), "events")
    timeline = [each for each in mappings_at(mapping_at(joined, "timeline"), "events") if isinstance(each.get("state_key"), str)]
    summary = mapping_at(joined, "summary")
    counts = {name: value for name, value in summary.items() if name.endswith("_member_count") and isinstance(value, int)}
    return {
        "state": {"events": [dict(each) for each in state if _is_readable(each)]},
        "timeline": {"events": [dict(each) for each in timeline if _is_readable(each)], "limited": False, "prev_batch": ""},
        "summary": counts,
    }


def _is_readable(given: Mapping[str, Any]) -> bool:
    from nio import BadEvent, Event, UnknownBadEvent

    try:
        return not isinstance(Event.parse_event(dict(given)), (BadEvent, UnknownBadEvent, type(None)))
    except FAULTS:
        return False
