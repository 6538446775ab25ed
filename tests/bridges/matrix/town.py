"""The stand of the conformance suite over a real Synapse: what people do goes over the wire, and what is seen is what the server keeps."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Condition
from time import monotonic
from typing import Any
from urllib.parse import unquote

from extension.bridges.heard import Attached, Capabilities, Heard, Pressed
from extension.bridges.loopback import OURS, Channel, Sent
from extension.bridges.matrix_bridge.gateway import Matrix
from extension.bridges.matrix_bridge.handle import MATRIX, MatrixHandle
from extension.bridges.matrix_bridge.hearing import Hearing
from extension.messages import Person

from ..stand import LEVELS, LONG, Stand
from .people import PASSWORD, Homeserver, One

CALL = f"<@{OURS.id}>"
LINK = re.compile(r"https://matrix\.to/#/(?P<room>[^/]+)/(?P<root>[^?]+)\?")
QUICK = replace(MATRIX, limit=2000, pace=0.0)
KINDS = (("typing", "/typing/"), ("seen", "/receipt/"), ("history", "/messages?"), ("history", "/context/"), ("edit", '"m.replace"'))
LONGEST = 60_000
"""What people's programs send as a message; what is longer they send as a file."""


class Posted(Sent):
    """A message as it is on the server: it calls whom it says that it calls."""

    @property
    def pings(self) -> frozenset[str]:
        return frozenset(self.mentions)


@dataclass
class Reader:
    """What a room holds, as one of those in it sees it."""

    one: One
    at: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)

    def read(self) -> list[dict[str, Any]]:
        new, self.at = self.one.events(*([self.room] if not self.at else [self.room, self.at]))
        self.events += new
        return self.events

    room: str = ""


@dataclass
class Town:
    """What people do on the server, in the words of the platform in memory."""

    server: Homeserver
    capabilities: Capabilities = QUICK
    gateway: Matrix | None = None
    refuses: Callable[[str], bool] = field(default=lambda what: False)
    typing: list[tuple[str, bool]] = field(default_factory=list)
    rooms: dict[str, Channel] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    readers: dict[str, Reader] = field(default_factory=dict)
    spaces: dict[str, str] = field(default_factory=dict)
    _raw: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    """Events by their ids, with their rooms, as the gateway was told of them."""
    _untold: list[str] = field(default_factory=list)
    _done: set[str] = field(default_factory=set)
    _changed: Condition = field(default_factory=Condition)

    def __post_init__(self) -> None:
        self.bot = self.server.join("Familiar")
        self.rooms_of: dict[str, str] = {}

    def attend(self, gateway: Matrix) -> None:
        """Watch a gateway: what it takes up, and what it asks the server for."""
        self.gateway = gateway
        hearing: Hearing = gateway._syncing._hearing  # type: ignore[union-attr]
        take, client = hearing._take, gateway.connection.client
        send = client.send

        async def watched(room: str, given: Mapping[str, Any], batch: Any, *, late: bool) -> None:
            event = dict(given)
            if event.get("content", {}).get("body") not in self._untold:
                await take(room, given, batch, late=late)
            with self._changed:
                self._raw[event.get("event_id", "")] = (room, event)
                self._done.add(event.get("event_id", ""))
                self._changed.notify_all()

        async def refusing(method: str, path: str, data: Any = None, *more: Any, **named: Any) -> Any:
            text = f"{path}{data.decode('utf-8', 'replace') if isinstance(data, bytes) else ''}"
            for what, sign in KINDS:
                if sign in text and self.refuses(what):
                    return Refusal()
            if "/typing/" in path:
                room = unquote(path.split("/rooms/")[1].split("/")[0])
                self.typing.append((f"matrix:{room}", '"typing": true' in text))
            return await send(method, path, data, *more, **named)

        async def opened(user: str) -> str:
            """Let them have opened the room: what is sent into one of ours could not be read by plain requests."""
            person = next(Person(f"matrix:{each.id}") for each in self.server.people.values() if each.id == user)
            return (await asyncio.to_thread(self.direct, person)).id.removeprefix("matrix:")

        gateway.invites.private_room = opened  # type: ignore[method-assign]
        hearing._take = watched  # type: ignore[method-assign]
        client.send = refusing

    def one(self, name: str) -> One:
        return self.server.known(name)

    def _by(self, person: Person) -> One:
        return next(each for each in self.server.people.values() if f"matrix:{each.id}" == person.id)

    def person(self, name: str, *roles: str) -> Person:
        return Person(f"matrix:{self.one(name).id}", name)

    def channel(self, name: str, category: str = "") -> Channel:
        """Return a room, made if there is none, into which anybody may come."""
        for each in self.rooms.values():
            if each.name == name:
                return each
        olga = self.one("Olga")
        room = self._opened(olga, name, preset="public_chat")
        if category:
            space = self._opened(olga, category, creation_content={"type": "m.space"})
            olga.set(space, "m.space.child", {"via": ["lab.test"]}, room)
            self._until(lambda: room in self.gateway.connection.client.rooms[space].children)
        return self._noted(room, name, olga)

    def direct(self, person: Person) -> Channel:
        one = self._by(person)
        found = self.gateway.connection.wait(self.gateway.connection.rooms.with_only(one.id))
        if found and f"matrix:{found}" in self.rooms:
            return self.rooms[f"matrix:{found}"]
        if found:
            one.enter(found)
            return self._noted(found, "", one)
        return self._noted(self._opened(one, "", is_direct=True), "", one)

    def _opened(self, one: One, name: str, **more: Any) -> str:
        room = one.room(name, (self.bot.id,), **more)
        self._until(lambda: self.gateway.connection.rooms.known(room))
        return room

    def _noted(self, room: str, name: str, by: One) -> Channel:
        made = Channel(f"matrix:{room}", name, "lab.test" if name else "", members=() if name else (by.id,))
        self.rooms[made.id] = made
        self.members[room] = {by.id}
        self.readers[room] = Reader(by, room=room)
        return made

    def thread(self, parent: Channel, name: str, *, ours: bool = False) -> Channel:
        room = parent.id.removeprefix("matrix:")
        link = self.gateway.handle(parent.id).make_thread(name) if ours else ""
        root = unquote(LINK.match(link)["root"]) if ours else self.readers[room].one.say(room, name)
        return Channel(f"{parent.id}/{root}", name, parent.server, parent=parent.id, ours=ours)

    def say(
        self,
        channel: Channel,
        by: Person,
        text: str,
        reply_to: str = "",
        attachments: Sequence[Attached] = (),
        *,
        is_bot: bool = False,
        told: bool = True,
    ) -> str:
        if not told and self._listens:
            self._untold.append(text)
        room, root = self._place(channel.id)
        one = self._in(room, by)
        files = [self._file(one, each) for each in attachments]
        event = ""
        related = self._related(reply_to, root)
        for content in [*([self._content(text, is_bot=is_bot)] if text or not files else []), *files]:
            event = one.send(room, {**content, **related})
        self._wait(event)
        return event

    def _content(self, text: str, *, is_bot: bool) -> dict[str, Any]:
        plain = text.encode("utf-8", "replace").decode().replace("\x00", "")
        content: dict[str, Any] = {"msgtype": "m.notice" if is_bot else "m.text", "body": plain}
        if CALL in text:
            content |= {"body": plain.replace(CALL, "Familiar"), "m.mentions": {"user_ids": [self.bot.id]}}
        return content

    def _file(self, one: One, attached: Attached) -> dict[str, Any]:
        try:
            url = one.upload(attached.read())
        except Exception:
            url = "mxc://lab.test/gone"
        return {"msgtype": "m.file", "body": attached.name, "url": url, "info": {"size": attached.size}}

    def _related(self, reply_to: str, root: str) -> dict[str, Any]:
        if root:
            replied = {"m.in_reply_to": {"event_id": reply_to or root}, "is_falling_back": not reply_to}
            return {"m.relates_to": {"rel_type": "m.thread", "event_id": root, **replied}}
        return {"m.relates_to": {"m.in_reply_to": {"event_id": reply_to}}} if reply_to else {}

    def deliver(self, message: str) -> None:
        """Tell the gateway once more of what it was told of."""
        self._until(lambda: message in self._raw)
        room, event = self._raw[message]
        gateway = self.gateway
        hearing = gateway._syncing._hearing
        batch = hearing.progress.begin("")
        gateway.connection.wait(hearing.take(room, [event], batch, late=False))
        gateway.lanes.settle(LONG)

    def edit(self, message: str, text: str) -> None:
        room, event = self._raw[message]
        self._wait(self._sender(event).edit(room, message, text))

    def delete(self, message: str) -> None:
        room, event = self._find(message)
        one = self.readers[room].one if event["sender"] == self.bot.id else self._sender(event)
        self._wait(one.redact(room, message))

    def react(self, message: str, by: Person, emoji: str, *, added: bool = True) -> None:
        room, _ = self._find(message)
        one = self._in(room, by)
        if added:
            key = (message, by.id, emoji)
            self.rooms_of["\n".join(key)] = event = one.react(room, message, emoji)
        else:
            event = one.redact(room, self.rooms_of["\n".join((message, by.id, emoji))])
        self._wait(event)

    def press(self, message: str, by: Person, button: str, **values: str) -> None:
        """Press a button, which is not there: its id can be forged."""
        room, event = self._find(message)
        root = (event["content"].get("m.relates_to") or {}).get("event_id", "")
        place = f"matrix:{room}/{root}" if (event["content"].get("m.relates_to") or {}).get("rel_type") == "m.thread" else f"matrix:{room}"
        self.gateway.room.pressed(Pressed(button, message, self._from(place, by), values), self.handle(place))

    def seen_in(self, channel: Channel, *, ours: bool | None = None) -> list[Sent]:
        room, _ = self._place(channel.id)
        found = [each for each in self._messages(room).values() if each.channel == channel.id]
        return [each for each in found if ours is None or (each.by == OURS) == ours]

    @property
    def sent(self) -> dict[str, Sent]:
        found = [each for room in self.readers for each in self._messages(room).values()]
        return {each.id: each for each in sorted(found, key=lambda each: each.when)}

    @property
    def channels(self) -> dict[str, Channel]:
        threads = [self._linked(each) for each in self.sent.values() if LINK.search(each.text)]
        return {each.id: each for each in [*self.rooms.values(), *threads]}

    def _linked(self, sent: Sent) -> Channel:
        found = LINK.search(sent.text)
        above = self.rooms[f"matrix:{unquote(found['room'])}"]
        return replace(above, id=f"{above.id}/{unquote(found['root'])}", parent=above.id)

    def handle(self, channel: str) -> MatrixHandle:
        found = self.gateway.handle(channel)
        assert found is not None
        return found

    def heard(self, message: str) -> Heard | None:
        room, event = self._find(message)
        root = self._related_root(event)
        return self.handle(f"matrix:{room}/{root}" if root else f"matrix:{room}").message(message)

    def _from(self, channel: str, by: Person) -> Heard:
        return self.handle(channel).by(by.id.removeprefix("matrix:"))

    def _messages(self, room: str) -> dict[str, Sent]:
        """Return the messages of a room as they are now, by what happened in it."""
        found: dict[str, Sent] = {}
        reactions: dict[str, tuple[str, str, str]] = {}
        for event in self.readers[room].read():
            content, kind = event["content"], event["type"]
            relation = content.get("m.relates_to") or {}
            if kind == "m.room.redaction":
                found.pop(event.get("redacts") or content.get("redacts"), None)
            elif kind == "m.room.message" and relation.get("rel_type") == "m.replace":
                if relation["event_id"] in found:
                    old = found[relation["event_id"]]
                    found[old.id] = replace(old, text=content["m.new_content"]["body"], edits=old.edits + 1)
            elif kind == "m.room.message" and content.get("body") is not None:
                found[event["event_id"]] = self._shown(room, event)
        del reactions
        return found

    def _shown(self, room: str, event: dict[str, Any]) -> Sent:
        content, root = event["content"], self._related_root(event)
        files = (Attached(content["body"], 0, lambda: b""),) if content["msgtype"] == "m.file" else ()
        mentions = content.get("m.mentions") or {}
        pings = (*(f"matrix:{each}" for each in mentions.get("user_ids", ())), *(["@room"] if mentions.get("room") else []))
        ours = event["sender"] == self.bot.id
        return Posted(
            event["event_id"],
            f"matrix:{room}/{root}" if root else f"matrix:{room}",
            OURS if ours else Person(f"matrix:{event['sender']}"),
            "" if files else content["body"],
            datetime.fromtimestamp(event["origin_server_ts"] / 1000, UTC),
            attachments=files,
            mentions=pings,
        )

    def _related_root(self, event: dict[str, Any]) -> str:
        relation = event["content"].get("m.relates_to") or {}
        return str(relation["event_id"]) if relation.get("rel_type") == "m.thread" else ""

    def _find(self, message: str) -> tuple[str, dict[str, Any]]:
        if message in self._raw:
            return self._raw[message]
        for room, reader in self.readers.items():
            for event in reader.read():
                if event["event_id"] == message:
                    return room, event
        raise KeyError(message)

    def _sender(self, event: dict[str, Any]) -> One:
        return next(each for each in self.server.people.values() if each.id == event["sender"])

    def _place(self, channel: str) -> tuple[str, str]:
        room, thread, root = channel.removeprefix("matrix:").partition("/$")
        return room, f"${root}" if thread else ""

    def _in(self, room: str, person: Person) -> One:
        one = self._by(person)
        if one.id not in self.members[room]:
            one.enter(room)
            self.members[room].add(one.id)
        return one

    @property
    def _listens(self) -> bool:
        return not self.gateway.wait(0)

    def _wait(self, event: str) -> None:
        """Wait until the gateway has taken up an event, where one listens."""
        if not self._listens:
            return
        with self._changed:
            assert self._changed.wait_for(lambda: event in self._done, LONG), "the gateway did not hear of it"
        assert self.gateway.lanes.settle(LONG)

    def _until(self, true: Callable[[], Any]) -> None:
        end = monotonic() + LONG
        with self._changed:
            while True:
                with suppress(KeyError):
                    if true():
                        return
                assert monotonic() < end, "it did not happen"
                self._changed.wait(0.01)


class Refusal:
    """What a server answers that does not let us."""

    status = 403
    headers: Mapping[str, str] = {}

    async def read(self) -> bytes:
        return b'{"errcode": "M_FORBIDDEN", "error": "You may not."}'


@dataclass
class MatrixStand(Stand):
    """The server with the core and the gateway behind it."""

    server: Homeserver = None  # type: ignore[assignment]
    capabilities: Capabilities = QUICK
    door: str = "matrix"

    def __post_init__(self) -> None:
        self.platform = Town(self.server, self.capabilities)  # type: ignore[assignment]
        for name in LEVELS:
            self.platform.one(name.capitalize())
        secrets = {"matrix_homeserver": self.server.url, "matrix_user": self.platform.bot.id, "matrix_password": PASSWORD}
        self.settings = {"matrix_invites": "lab.test", **secrets, **self.settings}
        self.start()

    def connect(self) -> None:
        """Open the gateway, and wait until it has heard what there was."""
        self.gateway = Matrix(self.room, capabilities=self.capabilities)
        self.gateway.open()
        self.platform.attend(self.gateway)
        self.platform._until(lambda: self.gateway.vital().connected)

    def kill(self) -> None:
        """End the program as `kill -9` does: what it was about to do is not done any more."""
        super().kill()
        self.gateway._connection.loop.call_soon_threadsafe(self.gateway._stop.set)
        self.gateway._thread.join()

    def stop(self) -> None:
        """End the gateway and the program."""
        self.model.go.set()
        self.gateway.close()
        super().stop()

    def settle(self) -> None:
        """Let everybody pause, and wait until all is answered."""
        assert self.gateway.lanes.settle(LONG)
        super().settle()

    def button(self, reply: Sent, action: str) -> str:
        """Return the id that a button of a reply would have."""
        link = self.app.memories.links.of(reply.channel, [reply.id])[reply.id]
        return f"familiar:{action}:{link.exchange}"

    def agree(self, channel: Channel, name: str, asked: Sent) -> None:
        """Let somebody say yes to a question."""
        self.ask(channel, name, "--yes")
