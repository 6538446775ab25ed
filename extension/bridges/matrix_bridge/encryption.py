"""Encryption of what is sent: whether a room is encrypted, who gets its key, and never a word in the clear where it is."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...errors import BridgeError
from .calls import Calls, Refused, reaching
from .ledger import Ledger
from .rooms import Rooms
from .wire import Content, text_at

if TYPE_CHECKING:
    from nio import AsyncClient, MatrixRoom

log = logging.getLogger(__name__)

MEGOLM = "m.megolm.v1.aes-sha2"
UNKNOWN = "?"
"""What is kept of an algorithm that is not said in words."""
TRIES = 4


@dataclass
class Encryption:
    """Encrypts for the rooms of an account. Only for its event loop."""

    client: AsyncClient
    calls: Calls
    rooms: Rooms
    ledger: Ledger
    _known: dict[str, str] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def note(self, room: str, content: Content) -> None:
        """Take notice that a room is encrypted: from now on it is, whatever comes."""
        algorithm = text_at(content, "algorithm") or UNKNOWN
        self._known[room] = algorithm
        self.ledger.keep_algorithm(room, algorithm)

    def forget(self, room: str) -> None:
        """Look up how a room is the next time, since we left it."""
        self._known.pop(room, None)

    async def algorithm(self, room: str) -> str:
        """Return how a room is encrypted, '' for one that is not. Raises BridgeError where that cannot be known."""
        if room not in self._known:
            self._known[room] = await self._asked(room) or self.ledger.algorithm(room)
        return self._known[room]

    async def _asked(self, room: str) -> str:
        try:
            content = await self.calls("tell whether a room is encrypted", "GET", "rooms", room, "state", "m.room.encryption", "")
        except Refused as exc:
            if exc.code == "M_NOT_FOUND" and exc.status == 404:
                return ""
            raise
        algorithm = text_at(content, "algorithm") or UNKNOWN
        self.ledger.keep_algorithm(room, algorithm)
        return algorithm

    async def sealed(self, room: str, kind: str, content: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the type and content of an event as it is sent: encrypted, where the room is. Raises BridgeError."""
        from nio import EncryptionError, LocalProtocolError

        algorithm = await self.algorithm(room)
        if not algorithm:
            return kind, content
        if algorithm != MEGOLM or self.client.olm is None:
            raise BridgeError(
                "This room is encrypted in a way that is not known here, so nothing is sent into it. Use a room with the usual encryption."
            )
        async with self._lock:
            try:
                with reaching("give the key of this room to those in it", self.client.homeserver):
                    await self._share(await self._room(room))
                sealed: tuple[str, dict[str, Any]] = self.client.encrypt(room, kind, content)
            except (EncryptionError, LocalProtocolError) as exc:
                raise BridgeError(f"This could not be encrypted ({type(exc).__name__}), so it was not sent. Try again.") from None
        return sealed

    async def _room(self, room: str) -> MatrixRoom:
        """Return a room with all who are in it, so that none of them is without its key."""
        from nio import MatrixRoom

        known = self.client.rooms.setdefault(room, MatrixRoom(room, self.client.user_id, encrypted=True))
        known.encrypted = True
        await self.rooms.load(known)
        return known

    async def _share(self, room: MatrixRoom) -> None:
        """Give the key of a room to every device in it. Raises BridgeError where some that could have it did not get it."""
        if self.client.should_query_keys:
            await self.client.keys_query()
        if not self.client.olm.should_share_group_session(room.room_id):
            return
        for count in range(TRIES):
            self.client.sharing_session.pop(room.room_id, None)  # nio leaves it there where the line breaks
            await self.client.share_group_session(room.room_id, ignore_unverified_devices=True)
            session = self.client.olm.outbound_group_sessions[room.room_id]
            missing = self._could(room) - session.users_shared_with - session.users_ignored
            if not missing:
                return
            session.shared = False  # nio counts it as shared, whatever became of the requests
            log.warning("The key of %s did not reach %d devices: trying again", room.room_id, len(missing))
            await asyncio.sleep(0.5 * 2**count)
        raise BridgeError("The key of this room did not reach everybody in it, so nothing was sent. Try again in a minute.")

    def _could(self, room: MatrixRoom) -> set[tuple[str, str]]:
        """Return the devices that can be given a key: those with a session."""
        olm = self.client.olm
        devices = [(user, device) for user in room.users for device in olm.device_store.active_user_devices(user)]
        others = [(user, device) for user, device in devices if device.id != self.client.device_id]
        return {(user, device.id) for user, device in others if olm.session_store.get(device.curve25519)}
