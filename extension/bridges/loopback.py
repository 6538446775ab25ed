"""A small chat platform in memory: servers, channels, threads and private messages, with an adapter for the conversation core.

It is what the core is tried on, and what shows a companion among people without any account. Everything that happens is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from threading import RLock
from typing import TYPE_CHECKING

from ..errors import BridgeError
from ..messages import Person, Place
from .heard import Attached, Button, Capabilities, Handle, Heard, Post, Pressed, Reacted

if TYPE_CHECKING:
    from .room import Room

OURS = Person("loopback:familiar", "Familiar")
_MENTION = f"<@{OURS.id}>"
EVERYTHING = Capabilities(names=True, private=True, typing=5.0, receipts=True, pace=0.0)


@dataclass(frozen=True, slots=True)
class Channel:
    """A place of the platform."""

    id: str
    name: str = ""
    server: str = ""
    category: str = ""
    parent: str = ""
    """Of a thread: the id of the channel it lies in."""
    members: tuple[str, ...] = ()
    """Ids of those who are in it beside us; empty for everybody on the server."""
    ours: bool = False
    """Whether it is a thread that was made for talking with us."""

    @property
    def place(self) -> Place:
        """As the diary knows it."""
        return Place(self.id, shared=bool(self.server) or len(self.members) > 1, title=self.name)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message on the platform as it is now."""

    id: str
    channel: str
    by: Person
    text: str
    when: datetime
    reply_to: str = ""
    attachments: tuple[Attached, ...] = ()
    buttons: tuple[Button, ...] = ()
    mentions: tuple[str, ...] = ()
    shown_as: str = ""
    private: bool = False
    is_bot: bool = False
    reactions: tuple[tuple[str, str], ...] = ()
    """Emoji and the id of who reacted."""
    edits: int = 0

    @property
    def pings(self) -> frozenset[str]:
        """Who is called by it, in the way of a platform that trusts its bots: anybody named, and everybody."""
        everybody = {f"@{word}" for word in ("everyone", "here", "room") if f"@{word}" in self.text}
        return frozenset({*everybody, *self.mentions, *(["roles"] if "<@&" in self.text else [])})


@dataclass
class Platform:
    """The platform. What people do on it goes to the rooms of the bots that joined. Safe to use from several threads."""

    capabilities: Capabilities = EVERYTHING
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    channels: dict[str, Channel] = field(default_factory=dict)
    people: dict[str, tuple[Person, tuple[str, ...]]] = field(default_factory=dict)
    """Those there are, with the ids of their roles."""
    sent: dict[str, Sent] = field(default_factory=dict)
    """Messages by their ids, in their order."""
    keys: dict[str, str] = field(default_factory=dict)
    """The messages that were posted under a key."""
    starters: dict[str, str] = field(default_factory=dict)
    """The messages that threads were made at."""
    typing: list[tuple[str, bool]] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    refuses: Callable[[str], bool] = field(default=lambda what: False)
    """Whether the platform refuses something now: `post`, `edit`, `delete`, `typing`, `history`, …"""
    room: Room | None = None
    through: Callable[[str], Handle | None] = field(default=lambda channel: None)
    """The handle through which the bot answers in a channel; None for the usual one."""
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _lock: RLock = field(default_factory=RLock)

    def person(self, name: str, *roles: str) -> Person:
        """Return a person of a name, who joins now if they were not there."""
        made = Person(f"loopback:{name.lower()}", name)
        with self._lock:
            known = self.people.get(made.id)
            self.people[made.id] = (made, roles or (known[1] if known else ()))
        return made

    def channel(self, name: str, server: str = "S1", category: str = "") -> Channel:
        """Return a channel on a server, made if there is none."""
        return self._made(Channel(f"loopback:{server}:{name}", name, server, category))

    def direct(self, *people: Person) -> Channel:
        """Return the private channel of some people and us."""
        ids = tuple(sorted(person.id for person in people))
        return self._made(Channel("loopback:dm:" + "+".join(ids), members=ids))

    def thread(self, parent: Channel, name: str, *, ours: bool = False) -> Channel:
        """Return a thread in a channel."""
        return self._made(replace(parent, id=f"{parent.id}/{name}", name=name, parent=parent.id, ours=ours))

    def _made(self, channel: Channel) -> Channel:
        with self._lock:
            return self.channels.setdefault(channel.id, channel)

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
        """Let somebody say something, and return the message's id; `told` is whether the bot is there to hear it."""
        kept = self.keep(Sent("", channel.id, by, text, self.clock(), reply_to, tuple(attachments), is_bot=is_bot))
        if told:
            self.deliver(kept)
        return kept

    def deliver(self, message: str) -> None:
        """Tell the bot of a message, perhaps once more."""
        heard = self.heard(message)
        if self.room is not None and heard is not None:
            self.room.hear(heard, self.answering(heard.place.id))

    def edit(self, message: str, text: str) -> None:
        """Let who said it edit a message."""
        with self._lock:
            self.sent[message] = replace(self.sent[message], text=text, edits=self.sent[message].edits + 1)
        heard = self.heard(message)
        if self.room is not None and heard is not None:
            self.room.edited(heard, self.answering(heard.place.id))

    def delete(self, message: str) -> None:
        """Let somebody delete a message."""
        with self._lock:
            gone = self.sent.pop(message)
        if self.room is not None:
            self.room.deleted(self.channels[gone.channel].place, message, self.answering(gone.channel))

    def react(self, message: str, by: Person, emoji: str, *, added: bool = True) -> None:
        """Let somebody react to a message, or take that back."""
        with self._lock:
            found = self.sent[message]
            others = tuple(each for each in found.reactions if each != (emoji, by.id))
            self.sent[message] = replace(found, reactions=(*others, (emoji, by.id)) if added else others)
        if self.room is not None:
            self.room.reacted(Reacted(message, emoji, self._from(found.channel, by), added), self.answering(found.channel))

    def press(self, message: str, by: Person, button: str, **values: str) -> None:
        """Let somebody press a button, whether or not it is there: ids can be forged."""
        if self.room is not None:
            channel = self.sent[message].channel
            self.room.pressed(Pressed(button, message, self._from(channel, by), values), self.answering(channel))

    def seen_in(self, channel: Channel, *, ours: bool | None = None) -> list[Sent]:
        """Return the messages of a channel, ours, the others' or all of them."""
        with self._lock:
            found = [each for each in self.sent.values() if each.channel == channel.id]
        return [each for each in found if ours is None or (each.by == OURS) == ours]

    def handle(self, channel: str) -> Loopback:
        """Return how the core answers in a channel."""
        return Loopback(self, self.channels[channel])

    def answering(self, channel: str) -> Handle:
        """Return the handle that the bot is told of with what happens in a channel."""
        return self.through(channel) or self.handle(channel)

    def keep(self, message: Sent, key: str = "") -> str:
        """Keep a new message and return its id: that of the first one of its key, where it has one."""
        with self._lock:
            if key in self.keys:
                return self.keys[key]
            number = f"m{next(self._numbers)}"
            self.sent[number] = replace(message, id=number)
            if key:
                self.keys[key] = number
        return number

    def heard(self, message: str) -> Heard | None:
        """Return a message as the core hears it, None where there is none."""
        with self._lock:
            found = self.sent.get(message)
        if found is None or found.private:
            return None
        heard = self._from(found.channel, found.by)
        return replace(
            heard,
            id=found.id,
            text=found.text.removeprefix(_MENTION).lstrip(" ,:"),
            when=found.when,
            is_bot=found.is_bot,
            is_own=found.by == OURS,
            mentioned=_MENTION in found.text,
            reply_to=found.reply_to,
            attachments=found.attachments,
        )

    def _from(self, channel: str, by: Person) -> Heard:
        where = self.channels[channel]
        parent = self.channels.get(where.parent)
        return Heard(
            "",
            by,
            where.place,
            "",
            self.clock(),
            where.server,
            where.category,
            where.parent or where.id,
            where.id if where.parent else "",
            names=tuple(filter(None, ((parent or where).name, where.category))),
            roles=self.people.get(by.id, (by, ()))[1] if where.server else (),
            direct=not where.server and len(where.members) == 1,
            alone=bool(where.server) and where.members == (by.id,),
            own_thread=where.ours,
        )


@dataclass(frozen=True)
class Loopback:
    """How the core answers in a channel of the platform in memory."""

    platform: Platform
    channel: Channel

    @property
    def capabilities(self) -> Capabilities:
        """Those of the platform."""
        return self.platform.capabilities

    def post(self, post: Post) -> str:
        """As Handle says."""
        self._allowed("post")
        self._fits(post.text)
        files = (Attached(post.file.name, 0, post.file.read),) if post.file else ()
        sent = Sent("", self.channel.id, OURS, post.text, self.platform.clock(), post.reply_to, files, post.buttons, post.mentions)
        return self.platform.keep(replace(sent, shown_as=post.speaker, private=post.private, is_bot=True), post.key)

    def edit(self, message: str, text: str, buttons: Sequence[Button] = (), *, passing: bool = False) -> None:
        """As Handle says."""
        self._allowed("edit")
        self._fits(text)
        with self.platform._lock:
            found = self._own(message)
            self.platform.sent[message] = replace(found, text=text, buttons=tuple(buttons), edits=found.edits + 1)

    def delete(self, message: str) -> None:
        """As Handle says."""
        self._allowed("delete")
        with self.platform._lock:
            self._own(message)
        self.platform.delete(message)

    def react(self, message: str, emoji: str) -> None:
        """As Handle says."""
        self._allowed("react")
        with self.platform._lock:
            found = self.platform.sent[message]
            self.platform.sent[message] = replace(found, reactions=(*found.reactions, (emoji, OURS.id)))

    def typing(self, on: bool) -> None:
        """As Handle says."""
        self._allowed("typing")
        self.platform.typing.append((self.channel.id, on))

    def seen(self, message: str) -> None:
        """As Handle says."""
        self._allowed("seen")
        self.platform.receipts.append(message)

    def make_thread(self, name: str, message: str = "") -> str:
        """As Handle says."""
        self._allowed("thread")
        made = self.platform.thread(self.channel, name, ours=True)
        self.platform.starters[made.id] = message
        return f"<#{made.id}>"

    def history(self, before: str, limit: int) -> Sequence[Heard]:
        """As Handle says."""
        self._allowed("history")
        ids = [each.id for each in self.platform.seen_in(self.channel)]
        earlier = ids[: ids.index(before)] if before in ids else ids
        found = (self.platform.heard(each) for each in reversed(earlier))
        return [each for each in found if each is not None][:limit]

    def message(self, message: str) -> Heard | None:
        """As Handle says."""
        found = self.platform.heard(message)
        return found if found is not None and found.place.id == self.channel.id else None

    def starter(self) -> Heard | None:
        """As Handle says."""
        return self.platform.heard(self.platform.starters.get(self.channel.id, ""))

    def people(self) -> Sequence[Person]:
        """As Handle says."""
        return [person for person, _ in self.platform.people.values()]

    def roles(self, person: Person) -> tuple[str, ...]:
        """As Handle says."""
        return self.platform.people.get(person.id, (person, ()))[1] if self.channel.server else ()

    def direct(self, person: Person) -> Loopback | None:
        """As Handle says."""
        return Loopback(self.platform, self.platform.direct(person))

    def _allowed(self, what: str) -> None:
        if self.platform.refuses(what):
            raise BridgeError(f"The platform refused this ({what}). Look at what the bot may do here.")

    def _fits(self, text: str) -> None:
        length = self.capabilities.measure(text)
        if length > self.capabilities.limit:
            raise BridgeError(f"A message of {length} is over the limit of {self.capabilities.limit}.")

    def _own(self, message: str) -> Sent:
        found = self.platform.sent.get(message)
        if found is None or found.by != OURS:
            raise BridgeError("There is no such message of ours.")
        return found
