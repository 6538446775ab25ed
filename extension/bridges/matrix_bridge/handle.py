"""How the core answers in a room or thread of Matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from ...context.limits import MB
from ...errors import BridgeError, Throttled
from ...messages import Person
from ...texts import tr
from ..heard import Attached, Button, Capabilities, Heard, Post
from ..splitter import utf8
from . import content
from .calls import Unreachable
from .connection import Connection, remember
from .markup import sendable
from .media import name_of, size_of
from .rooms import PLATFORM, Spot, user_of
from .wire import FILES, Event, is_automated, is_event, is_removed, mentioned, said, server_of, text_at, without_mention

if TYPE_CHECKING:
    from .gateway import Matrix

TYPING = 20.0
LOST = 2.0
"""Seconds until an edit is tried again that the network lost and that another follows."""
SHOWN = 30_000
"""Milliseconds that typing is shown for, unless it is told again."""
MATRIX = Capabilities(limit=content.LIMIT, measure=utf8, buttons=False, typing=TYPING, receipts=True, pace=1.5, most_edits=40)
"""What can be done on Matrix. How often a reply is shown while it is written follows from the server's limits, too: see allowance.py."""


@dataclass(frozen=True)
class MatrixHandle:
    """A room, or a thread in it."""

    gateway: Matrix
    spot: Spot

    @property
    def capabilities(self) -> Capabilities:
        """As Handle says."""
        return self.gateway.capabilities

    @property
    def _on(self) -> Connection:
        return self.gateway.connection

    def post(self, post: Post) -> str:
        """As Handle says."""
        try:
            data = post.file.read() if post.file else b""
        except OSError as exc:
            raise BridgeError(tr("A file could not be read ({error}). Ask for it again.", error=type(exc).__name__)) from exc
        return self._on.wait(self._post(post, data))

    async def _post(self, post: Post, data: bytes) -> str:
        on, spot = self._on, self.spot
        calls = tuple(filter(None, map(user_of, post.mentions)))
        reply_to = post.reply_to if is_event(post.reply_to) else ""
        if spot.root and not reply_to:
            await on.is_own_thread(spot)  # which tells the newest message there, too
        related = content.relates_to(reply_to, spot.root, on.latest.get(spot.id, ""))
        if post.file is not None:
            made = await on.media.content(spot.room, post.file.name, data)
            if post.text.strip():
                made["body"] = sendable(post.text)
        else:
            made = content.message(post.text, calls)
        event = await on.send(spot.room, "m.room.message", {**made, **({"m.relates_to": related} if related else {})}, post.key)
        on.noted(spot, event)
        remember(on.called, event, calls)
        return event

    def edit(self, message: str, text: str, buttons: Sequence[Button] = (), *, passing: bool = False) -> None:
        """As Handle says."""
        self._on.wait(self._edit(message, text, passing=passing))

    async def _edit(self, message: str, text: str, *, passing: bool) -> None:
        if not passing:
            await self._still_there(message)
        made = content.edit(message, text, self._on.called.get(message, ()))
        try:
            await self._on.send(self.spot.room, "m.room.message", made, passing=passing)
        except Unreachable as exc:
            if passing:  # the message is there, and the next edit may come through
                raise Throttled(LOST) from exc
            raise

    async def _still_there(self, message: str) -> None:
        """Raise BridgeError where a message of ours is there no more: an edit of it would be taken, and shown to nobody."""
        found = await self._on.history.given(self.spot.room, message)
        if text_at(found, "sender") != self._on.client.user_id or is_removed(found):
            raise BridgeError("There is no such message of ours (any more).")

    def delete(self, message: str) -> None:
        """As Handle says."""
        self._on.wait(self._delete(message))

    async def _delete(self, message: str) -> None:
        await self._still_there(message)
        await self._on.remove(self.spot.room, message)

    def react(self, message: str, emoji: str) -> None:
        """As Handle says."""
        self._on.wait(self._on.send(self.spot.room, "m.reaction", content.reaction(message, emoji), f"react {message} {emoji}"))

    def typing(self, on: bool) -> None:
        """As Handle says."""
        told = {"typing": True, "timeout": SHOWN} if on else {"typing": False}
        parts = ("rooms", self.spot.room, "typing", self._on.client.user_id)
        self._on.wait(self._on.calls("show that we are writing", "PUT", *parts, content=told, passing=on))

    def seen(self, message: str) -> None:
        """As Handle says."""
        where = {"thread_id": self.spot.root or "main"}
        parts = ("rooms", self.spot.room, "receipt", "m.read", message)
        self._on.wait(self._on.calls("tell that a message was read", "POST", *parts, content=where, passing=True))

    def make_thread(self, name: str, message: str = "") -> str:
        """As Handle says: a thread is there once somebody replies in it to its first message, which can be any."""
        if self.spot.root:
            raise BridgeError(tr("There are no threads in threads."))
        root = message if is_event(message) else self.post(Post(tr("{name} (reply to this message in a thread)", name=name)))
        via = quote(server_of(self._on.client.user_id), safe="")
        return f"https://matrix.to/#/{quote(self.spot.room, safe='')}/{quote(root, safe='')}?via={via}"

    def history(self, before: str, limit: int) -> Sequence[Heard]:
        """As Handle says."""
        return self._on.wait(self._history(before, limit))

    async def _history(self, before: str, limit: int) -> list[Heard]:
        return [await self.heard(each) for each in await self._on.history.before(self.spot, before, limit)]

    def message(self, message: str) -> Heard | None:
        """As Handle says."""
        return self._on.wait(self._message(message)) if is_event(message) else None

    async def _message(self, message: str) -> Heard | None:
        found = await self._on.history.event(self.spot.room, message)
        here = found is not None and found.is_message and not found.replaces and found.root == self.spot.root
        return await self.heard(found) if found is not None and here else None

    def starter(self) -> Heard | None:
        """As Handle says."""
        return replace(self, spot=self.spot.above).message(self.spot.root) if self.spot.root else None

    def people(self) -> Sequence[Person]:
        """As Handle says."""
        return self._on.wait(self._people())

    async def _people(self) -> list[Person]:
        if (room := self._on.client.rooms.get(self.spot.room)) is not None:
            await self._on.rooms.load(room)
        return self._on.rooms.people(self.spot.room)

    def roles(self, person: Person) -> tuple[str, ...]:
        """As Handle says: there are none on Matrix."""
        return ()

    def direct(self, person: Person) -> MatrixHandle | None:
        """As Handle says."""
        user = user_of(person.id)
        return replace(self, spot=Spot(self._on.wait(self._private(user)))) if user else None

    async def _private(self, user: str) -> str:
        return await self._on.rooms.with_only(user) or await self.gateway.invites.private_room(user)

    async def heard(self, event: Event) -> Heard:
        """Return a message as the core hears it."""
        on, spot = self._on, self.spot
        us, own_names = on.client.user_id, on.rooms.own_names(spot.room)
        calls_us = mentioned(event, us)
        text = said(event)
        return replace(
            self.by(event.sender),
            id=event.id,
            text=without_mention(text, own_names) if calls_us else text,
            when=event.when,
            is_bot=is_automated(event) and event.sender != us,
            is_own=event.sender == us,
            mentioned=calls_us,
            reply_to=event.relation.reply_to,
            attachments=self._attached(event),
            own_thread=await on.is_own_thread(spot),
        )

    def by(self, user: str) -> Heard:
        """Return who somebody is, and where they are."""
        rooms, spot = self._on.rooms, self.spot
        space = rooms.space(spot.room)
        return Heard(
            "",
            rooms.person(spot.room, user),
            rooms.place(spot),
            "",
            self.gateway.clock(),
            server=server_of(user),
            category=f"{PLATFORM}:{space}" if space else "",
            channel=spot.above.id,
            thread=spot.id if spot.root else "",
            names=rooms.names(spot.room),
            direct=rooms.is_private(spot.room),
        )

    def _attached(self, event: Event) -> tuple[Attached, ...]:
        if text_at(event.content, "msgtype") not in FILES:
            return ()
        most = self.gateway.settings.attachment_size * MB
        read = partial(self._read, event, most)
        return (Attached(name_of(event.content), size_of(event.content), read),)

    def _read(self, event: Event, most: int) -> bytes:
        return self._on.wait(self._on.media.fetched(event.content, most))
