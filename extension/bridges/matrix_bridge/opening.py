"""Decryption of what is heard, by keys of devices that belong to who sends it; what has no key yet waits, and is said."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import time
from typing import TYPE_CHECKING, Any

from ...errors import StoreError
from .calls import Calls, Unreachable, reaching
from .ledger import Ledger
from .wire import Event, event_of, mapping_at, text_at

if TYPE_CHECKING:
    from nio import AsyncClient

log = logging.getLogger(__name__)

TROUBLED_AFTER = 60.0
"""Seconds that an event may wait for its key before it is said."""
TROUBLED_FOR = 86_400.0
"""Seconds after which it is said no more: then only the doctor tells."""
FAULTS = (AttributeError, KeyError, TypeError, ValueError, RecursionError)
"""What nio raises for events that nobody sends in good faith."""


@dataclass
class Opening:
    """Decrypts events of an account. Only for its event loop."""

    client: AsyncClient
    calls: Calls
    ledger: Ledger
    _asked: set[str] = field(default_factory=set)
    """Sessions whose keys were asked for."""

    async def opened(self, given: Mapping[str, Any], room: str) -> Event | None:
        """Return an event as it was meant; None where it cannot be decrypted (yet), or is none."""
        event = event_of(given)
        if event is None or event.redacted or event.type != "m.room.encrypted":
            return event
        found = await self._decrypted(given, room)
        if found is None:
            return None
        told = {name: value for name, value in given.items() if name not in ("type", "content")}
        outer = mapping_at(event.content, "m.relates_to")
        content = {**mapping_at(found, "content")}
        content.pop("m.relates_to", None)
        if outer:  # how events relate is said in the clear, and only that counts, since the server goes by it
            content["m.relates_to"] = outer
        return event_of({**told, "type": text_at(found, "type"), "content": content})

    async def whole(self, given: Mapping[str, Any], room: str) -> Event | None:
        """Return an event with its newest edit; None where it cannot be decrypted, or is none."""
        event = await self.opened(given, room)
        if event is None or event.edit is None:
            return event
        edit = await self.opened(event.edit, room)
        return event if edit is None else event.edited(edit)

    async def wait(self, given: Mapping[str, Any], room: str) -> None:
        """Keep an event until its key comes, and ask for that. It is said at once in the log, and after a while to people."""
        event = event_of(given)
        if event is None:
            return
        session = text_at(event.content, "session_id")
        try:
            self.ledger.wait(event.id, room, session, time(), dict(given))
        except StoreError as exc:
            log.warning("That an event waits for its key could not be kept: %s", exc)
        log.warning("The event %s in %s cannot be decrypted yet: asking for its key", event.id, room)
        if session not in self._asked:
            self._asked.add(session)
            await self._ask(given, room)

    def trouble(self) -> str:
        """Return what is to be said of what waits for keys, '' for nothing."""
        try:
            late = [room for _, room, since, _ in self.ledger.waiting() if TROUBLED_AFTER < time() - since < TROUBLED_FOR]
        except StoreError as exc:
            return str(exc)
        if not late:
            return ""
        return (
            f"Messages that cannot be decrypted: {len(late)}, in {', '.join(sorted(set(late))[:5])}. Their senders' programs did not give "
            "the key; let them send it again. `familiar doctor --matrix` says more."
        )

    async def _decrypted(self, given: Mapping[str, Any], room: str) -> Mapping[str, Any] | None:
        from nio import EncryptionError, MegolmEvent
        from nio import Event as Parsed

        try:
            parsed = Parsed.parse_event(dict(given))
            if not isinstance(parsed, MegolmEvent) or self.client.olm is None:
                return None
            parsed.room_id = room
            found = self.client.decrypt_event(parsed)
        except (EncryptionError, *FAULTS) as exc:
            log.info("An event in %s cannot be decrypted (%s)", room, type(exc).__name__)
            return None
        if not await self._belongs(parsed.sender, parsed.sender_key):
            log.warning("The event %s in %s comes from a device that is not its sender's: it is not heard", parsed.event_id, room)
            return None
        source = getattr(found, "source", None)
        return source if isinstance(source, Mapping) else None

    async def _belongs(self, user: str, key: str) -> bool:
        """Return whether a key is that of a device of somebody, as their server said first: else the server might speak for anybody."""
        if user == self.client.user_id and key == self.client.olm.account.identity_keys["curve25519"]:
            return True
        if self._device(user, key):
            return True
        self.client.olm.users_for_key_query.add(user)
        try:
            with reaching("name the keys", self.client.homeserver):
                await self.client.keys_query()
        except Unreachable as exc:
            log.warning("Whose a device is, is not known now: %s", exc)
        return self._device(user, key)

    def _device(self, user: str, key: str) -> bool:
        """Return whether somebody has a device of a key, or had one."""
        return any(device.curve25519 == key for device in self.client.device_store[user].values())

    async def _ask(self, given: Mapping[str, Any], room: str) -> None:
        """Ask our other devices and the sender's for a key."""
        from nio import Event as Parsed
        from nio import LocalProtocolError, MegolmEvent

        try:
            parsed = Parsed.parse_event(dict(given))
            if not isinstance(parsed, MegolmEvent):
                return
            parsed.room_id = room
            with reaching("ask for a key", self.client.homeserver):
                await self.client.request_room_key(parsed)
                device = self.client.device_id
                await self.client.to_device(parsed.as_key_request(parsed.sender, device, parsed.session_id, parsed.device_id))
        except (LocalProtocolError, Unreachable, *FAULTS) as exc:
            log.info("A key in %s was not asked for (%s)", room, type(exc).__name__)
