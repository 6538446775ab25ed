"""Rooms, threads in them, and who is there: what the core calls places and people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...messages import Person, Place
from .calls import Calls
from .opening import FAULTS
from .wire import is_event, is_room, is_user

if TYPE_CHECKING:
    from nio import AsyncClient, MatrixRoom

PLATFORM = "matrix"
LONGEST_NAME = 100
CLOSED = frozenset({"invite", "knock", "private"})
"""Rules under which nobody joins a room by themselves."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A room, or a thread in it by its first message."""

    room: str
    root: str = ""

    @classmethod
    def of(cls, place_id: str) -> Spot | None:
        """Return the spot of a place, None for a place of another platform."""
        platform, _, rest = place_id.partition(":")
        room, thread, root = rest.rpartition("/$")
        found = cls(room, f"${root}") if thread else cls(rest)
        return found if platform == PLATFORM and is_room(found.room) and (not found.root or is_event(found.root)) else None

    @property
    def id(self) -> str:
        """The id of the place."""
        return f"{PLATFORM}:{self.room}/{self.root}" if self.root else f"{PLATFORM}:{self.room}"

    @property
    def above(self) -> Spot:
        """The room itself."""
        return Spot(self.room)


@dataclass(frozen=True)
class Rooms:
    """The rooms of an account, as nio keeps them. Reading is safe in every thread."""

    client: AsyncClient
    calls: Calls

    def known(self, room: str) -> bool:
        """Return whether we are in a room."""
        return room in self.client.rooms

    def is_private(self, room: str) -> bool:
        """Return whether one person and we are in a room, and nobody else can come and read."""
        found = self.client.rooms.get(room)
        if found is None:
            return False
        return _count(found) == 2 and found.join_rule in CLOSED and found.history_visibility != "world_readable"

    def place(self, spot: Spot) -> Place:
        """Return a place as the diary knows it."""
        found = self.client.rooms.get(spot.room)
        return Place(spot.id, shared=not self.is_private(spot.room), title=_line(found.display_name if found else ""))

    def names(self, room: str) -> tuple[str, ...]:
        """Return what a room is called, and the space that it lies in."""
        found = self.client.rooms.get(room)
        space = self.client.rooms.get(self.space(room))
        return tuple(_line(each.named_room_name() or "") for each in (found, space) if each is not None and each.named_room_name())

    def space(self, room: str) -> str:
        """Return the id of a space that says a room lies in it, and that we are in; '' for none."""
        return next((name for name, each in list(self.client.rooms.items()) if room in each.children), "")

    def person(self, room: str, user: str) -> Person:
        """Return somebody as they are called in a room."""
        found = self.client.rooms.get(room)
        name = found.user_name(user) if found is not None else None
        return Person(f"{PLATFORM}:{user}", _line(name or user.removeprefix("@").partition(":")[0]))

    def people(self, room: str) -> list[Person]:
        """Return who is in a room beside us."""
        found = self.client.rooms.get(room)
        return [self.person(room, user) for user in list(found.users) if user != self.client.user_id] if found is not None else []

    def own_names(self, room: str) -> tuple[str, ...]:
        """Return what we are called in a room."""
        user = self.client.user_id
        return (user, user.removeprefix("@").partition(":")[0], self.person(room, user).name)

    async def with_only(self, user: str) -> str:
        """Return a room with somebody and nobody else, an encrypted one if there is one; '' for none. Raises BridgeError."""
        private = [each for name, each in list(self.client.rooms.items()) if self.is_private(name)]
        for each in private:
            await self.load(each)
        found = [each for each in private if user in each.users]
        return next((each.room_id for each in sorted(found, key=lambda each: not each.encrypted)), "")

    async def load(self, room: MatrixRoom) -> None:
        """Learn who is in a room, once. Raises BridgeError."""
        from nio import Event

        if room.members_synced:
            return
        answer = await self.calls("tell who is in a room", "GET", "rooms", room.room_id, "members")
        chunk: Any = answer.get("chunk")
        for given in chunk if isinstance(chunk, list) else []:
            try:
                event = Event.parse_event(given) if isinstance(given, Mapping) else None
                if hasattr(event, "membership"):
                    room.handle_membership(event)
            except FAULTS:
                continue
        room.members_synced = True
        if self.client.olm is not None:
            self.client.olm.update_tracked_users(room)


def user_of(person_id: str) -> str:
    """Return somebody's name on Matrix, '' for people of other platforms."""
    user = person_id.removeprefix(f"{PLATFORM}:")
    return user if user != person_id and is_user(user) else ""


def is_counted(room: MatrixRoom) -> bool:
    """Return whether it is known how many are in a room."""
    return room.members_synced or (room.summary is not None and room.summary.joined_member_count is not None)


def _count(room: MatrixRoom) -> int:
    """Return how many are in a room or invited into it; 0 where that is not known."""
    if room.members_synced:
        return len(room.users)
    told = room.summary
    return int(told.joined_member_count) + int(told.invited_member_count or 0) if told is not None and is_counted(room) else 0


def _line(text: str) -> str:
    shown = "".join(each if each.isprintable() else " " for each in text[: LONGEST_NAME * 2])
    return " ".join(shown.split())[:LONGEST_NAME]
