"""Which invitations are accepted, and the private rooms that are opened."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...errors import BridgeError
from ...messages import Person, Place
from ...permissions.authorizer import Asker
from ...permissions.level import Level
from .calls import Refused
from .encryption import MEGOLM
from .rooms import PLATFORM, Spot
from .wire import is_room, is_user, mapping_at, mappings_at, server_of, text_at

if TYPE_CHECKING:
    from .gateway import Matrix

log = logging.getLogger(__name__)

NOBODY = "none"
DIRECT = "m.direct"


@dataclass
class Invites:
    """Answers invitations. What is a coroutine is only for the event loop of the account."""

    gateway: Matrix
    _answering: set[str] = field(default_factory=set)

    def take(self, invited: Mapping[str, Any]) -> None:
        """Accept or refuse each invitation that a sync tells of. Raises StoreError."""
        on = self.gateway.connection
        for room, given in invited.items():
            if is_room(room):
                on.ledger.keep_invite(room, _inviter(given, on.client.user_id))
        self.answer()

    def answer(self) -> None:
        """Answer what invitations there are. Raises StoreError."""
        for room, inviter in self.gateway.connection.ledger.invites():
            if room not in self._answering:
                self._answering.add(room)
                self.gateway.connection.in_background(self._answer(room, inviter))

    def accepts(self, user: str, room: str) -> bool:
        """Return whether somebody may invite us into a room."""
        listed = [each.strip() for each in self.gateway.settings.matrix_invites.split(",") if each.strip()]
        if listed == [NOBODY] or not is_user(user):
            return False
        if listed:
            return user in listed or server_of(user) in listed
        asker = Asker(Person(f"{PLATFORM}:{user}", user), Place(Spot(room).id, shared=True), server_of(user))
        return self.gateway.room.app.authorizer.level(asker) > Level.IGNORED

    async def _answer(self, room: str, inviter: str) -> None:
        try:
            await self._answered(room, inviter)
        except Refused as exc:
            log.warning("An invitation into %s by %s came to nothing: %s", room, inviter, exc)
        finally:
            self._answering.discard(room)
        self.gateway.connection.ledger.answered_invite(room)

    async def _answered(self, room: str, inviter: str) -> None:
        calls = self.gateway.connection.calls
        if self.accepts(inviter, room):
            await calls("join a room", "POST", "rooms", room, "join", content={}, query={"via": server_of(inviter)})
            log.info("An invitation into %s by %s was accepted", room, inviter)
            return
        await calls("refuse an invitation", "POST", "rooms", room, "leave", content={})
        why = "see permissions, and the setting matrix_invites"
        log.warning("An invitation into %s by %s was refused: %s", room, inviter or "somebody", why)
        await calls("forget a room", "POST", "rooms", room, "forget", content={})

    async def private_room(self, user: str) -> str:
        """Open an encrypted room with somebody, who is invited into it, and return its id. Raises BridgeError."""
        calls, own = self.gateway.connection.calls, self.gateway.connection.client.user_id
        content = {
            "preset": "trusted_private_chat",
            "is_direct": True,
            "invite": [user],
            "initial_state": [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": MEGOLM}}],
        }
        found = await calls("open a private room", "POST", "createRoom", content=content, once=True)
        room = text_at(found, "room_id")
        if not room:
            raise BridgeError("The server opened a private room and does not say which. Invite the companion into one.")
        self.gateway.joined(room)
        self.gateway.connection.encryption.note(room, {"algorithm": MEGOLM})
        await self._mark(own, user, room)
        return room

    async def _mark(self, own: str, user: str, room: str) -> None:
        """Mark a room as private between two, which programs show as such."""
        calls, parts = self.gateway.connection.calls, ("user", own, "account_data", DIRECT)
        try:
            found = await calls("name the private rooms", "GET", *parts)
        except Refused:
            found = {}
        rooms = found.get(user)
        kept = [each for each in rooms if isinstance(each, str)] if isinstance(rooms, list) else []
        try:
            await calls("keep a private room as such", "PUT", *parts, content={**found, user: [*kept, room]})
        except Refused as exc:
            log.info("A private room is not marked as one: %s", exc)


def _inviter(given: Any, us: str) -> str:
    """Return who invites, '' where that is not said."""
    for event in mappings_at(mapping_at(given if isinstance(given, Mapping) else {}, "invite_state"), "events"):
        if text_at(event, "type") == "m.room.member" and text_at(event, "state_key") == us:
            return text_at(event, "sender")
    return ""
