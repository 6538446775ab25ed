"""The stand of the conformance suite over the double of Discord: what people do goes over a real socket to unmodified discord.py."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event
from time import monotonic, sleep
from typing import Any

from extension.app import App
from extension.bridges.discord_bridge.gateway import Discord
from extension.bridges.discord_bridge.handle import DiscordHandle
from extension.bridges.discord_bridge.places import around, number
from extension.bridges.heard import Attached, Button, Heard
from extension.bridges.loopback import OURS, Channel, Sent
from extension.bridges.room import Room
from extension.commands.running import Given
from extension.messages import Person

from ..stand import LONG, Killed, Stand
from .double import TOKEN, Double, Interaction
from .world import CATEGORY, TEXT, THREAD, Message
from .world import Channel as There

COMMAND, COMPONENT, COMPLETION, FORM = 2, 3, 4, 5
QUICK = {"guild_ready_timeout": 0.01}


class Posted(Sent):
    """A message as it is on the double: it calls whom Discord would call."""

    @property
    def pings(self) -> frozenset[str]:
        return frozenset(self.mentions)


@dataclass
class Guild:
    """What people do on the double, in the words of the platform in memory."""

    double: Double
    gateway: Discord | None = None
    people: dict[str, int] = field(default_factory=dict)

    @property
    def refuses(self) -> Callable[[str], bool]:
        return self.double.refuses

    @refuses.setter
    def refuses(self, refuses: Callable[[str], bool]) -> None:
        self.double.refuses = refuses

    @property
    def capabilities(self) -> Any:
        return self.handle(next(iter(self.channels))).capabilities

    @property
    def typing(self) -> list[tuple[str, bool]]:
        return [(f"discord:{channel}", on) for channel, on in self.double.typing]

    @property
    def channels(self) -> dict[str, Channel]:
        with self.double.lock:
            return {f"discord:{each.id}": self._seen(each) for each in self.double.world.channels.values() if each.kind != CATEGORY}

    @property
    def sent(self) -> dict[str, Sent]:
        with self.double.lock:
            return {str(each.id): self._sent(each) for each in self.double.world.messages.values()}

    def _seen(self, there: There) -> Channel:
        world = self.double.world
        above = world.channels.get(there.parent)
        members = tuple(f"discord:{each}" for each in there.people)
        parent = f"discord:{there.parent}" if there.kind == THREAD else ""
        category = above.name if above is not None and above.kind == CATEGORY else ""
        server = str(there.guild) if there.guild else ""
        return Channel(f"discord:{there.id}", there.name, server, category, parent, members, there.owner == world.bot.id)

    def _sent(self, message: Message) -> Sent:
        world = self.double.world
        ours = message.author == world.bot.id or bool(message.webhook)
        by = Person(f"discord:{world.bot.id}", "Familiar") if ours else self._person(message.author)
        return Posted(
            str(message.id),
            f"discord:{message.channel}",
            by,
            message.content,
            message.when,
            str(message.reply_to or ""),
            tuple(Attached(each["filename"], each["size"], self.double.files[each["id"]]) for each in message.attachments),
            tuple(Button(*each) for each in self.double.shown_buttons(message.id)),
            tuple(message.pings),
            message.username,
            message.private,
            message.is_bot,
            tuple((emoji, f"discord:{user}") for emoji, user in message.reactions),
            message.edits,
        )

    def _person(self, user: int) -> Person:
        return Person(f"discord:{user}", self.double.world.users[user].name)

    def person(self, name: str, *roles: str) -> Person:
        """Return a person of a name, who joins the server now if they were not there."""
        double = self.double
        with double.lock:
            if name in self.people:
                return self._person(self.people[name])
            made = double.world.user(name)
            self.people[name] = made.id
            double.emit("GUILD_MEMBER_ADD", {**made.member(), "guild_id": str(double.world.guild)})
            return self._person(made.id)

    def channel(self, name: str, category: str = "") -> Channel:
        """Return a channel on the server, made if there is none."""
        with self.double.lock:
            above = self._made(CATEGORY, category) if category else None
            return self._seen(self._made(TEXT, name, above.id if above else 0))

    def _made(self, kind: int, name: str, parent: int = 0) -> There:
        world = self.double.world
        found = next((each for each in world.channels.values() if (each.kind, each.name) == (kind, name)), None)
        if found is None:
            found = There(world.number(), kind, name, world.guild, parent)
            world.channels[found.id] = found
            self.double.emit("CHANNEL_CREATE", found.payload(world))
        return found

    def direct(self, person: Person) -> Channel:
        with self.double.lock:
            return self._seen(self.double.dm(number(person.id)))

    def thread(self, parent: Channel, name: str, *, ours: bool = False) -> Channel:
        with self.double.lock:
            world = self.double.world
            owner = world.bot.id if ours else world.number()
            return self._seen(self.double.make_thread(world.channels[number(parent.id)], name, owner))

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
        double = self.double
        with double.lock:
            world = double.world
            text = text.replace(f"<@{OURS.id}>", f"<@{world.bot.id}>").encode("utf-8", "replace").decode()
            files = [double.attach(each.name, each.size, each.read) for each in attachments]
            kind = 19 if reply_to else 0
            author = self._bot() if is_bot else number(by.id)
            made = Message(world.number(), number(channel.id), author, text, world.clock(), kind, number(reply_to), files)
            world.add(made)
        if told:
            self.deliver(str(made.id))
        return str(made.id)

    def _bot(self) -> int:
        """Return another bot, which joins now."""
        made = self.double.world.user("Beep", bot=True)
        self.double.emit("GUILD_MEMBER_ADD", {**made.member(), "guild_id": str(self.double.world.guild)})
        return made.id

    def deliver(self, message: str) -> None:
        self._event("MESSAGE_CREATE", message)

    def edit(self, message: str, text: str) -> None:
        with self.double.lock:
            found = self.double.world.messages[int(message)]
            found.content, found.edited = text, self.double.world.clock()
        self._event("MESSAGE_UPDATE", message)

    def _event(self, name: str, message: str) -> None:
        with self.double.lock:
            world = self.double.world
            self.double.emit(name, world.payload(world.messages[int(message)], event=True))
        self.flush()

    def delete(self, message: str) -> None:
        with self.double.lock:
            self.double.gone(self.double.world.messages[int(message)])
        self.flush()

    def react(self, message: str, by: Person, emoji: str, *, added: bool = True) -> None:
        with self.double.lock:
            world = self.double.world
            found, user = world.messages[int(message)], world.users[number(by.id)]
            found.reactions = [each for each in found.reactions if each != (emoji, user.id)] + ([(emoji, user.id)] if added else [])
            data: dict[str, Any] = {"user_id": str(user.id), "channel_id": str(found.channel), "message_id": message, "type": 0}
            data |= {"emoji": {"id": None, "name": emoji}, "burst": False}
            if guild := world.channels[found.channel].guild:
                data |= {"guild_id": str(guild), **({"member": user.member()} if added else {})}
            self.double.emit(f"MESSAGE_REACTION_{'ADD' if added else 'REMOVE'}", data)
        self.flush()

    def press(self, message: str, by: Person, button: str, **values: str) -> Interaction:
        """Let somebody press a button, whether or not it is there, or send the form it stands for."""
        channel = self.double.world.messages[int(message)].channel
        if values:
            typed = [{"type": 18, "component": {"type": 4, "custom_id": name, "value": value}} for name, value in values.items()]
            return self.use(FORM, channel, by, {"custom_id": button, "components": typed})
        return self.use(COMPONENT, channel, by, {"custom_id": button, "component_type": 2}, int(message))

    def command(self, channel: Channel, by: Person, name: str, /, **options: Any) -> Interaction:
        """Let somebody use a slash command; two words of its name are a group and what is in it."""
        first, _, second = name.partition(" ")
        given = [{"name": each, "type": 4 if isinstance(value, int) else 3, "value": value} for each, value in options.items()]
        data = {"id": "1", "name": first, "type": 1, "options": [{"name": second, "type": 1, "options": given}] if second else given}
        return self.use(COMMAND, number(channel.id), by, data)

    def complete(self, channel: Channel, by: Person, name: str, option: str, begun: str = "", /, **options: Any) -> list[str]:
        """Return what somebody is offered for an argument of a command."""
        first, _, second = name.partition(" ")
        given: list[dict[str, Any]] = [{"name": each, "type": 3, "value": value} for each, value in options.items()]
        given.append({"name": option, "type": 3, "value": begun, "focused": True})
        data = {"id": "1", "name": first, "type": 1, "options": [{"name": second, "type": 1, "options": given}] if second else given}
        return [each["value"] for each in self.use(COMPLETION, number(channel.id), by, data).choices]

    def menu(self, message: str, by: Person, name: str) -> Interaction:
        """Let somebody choose something on a message."""
        found = self.double.world.messages[int(message)]
        resolved = {"messages": {message: self.double.world.payload(found)}}
        return self.use(COMMAND, found.channel, by, {"id": "1", "name": name, "type": 3, "target_id": message, "resolved": resolved})

    def use(self, kind: int, channel: int, by: Person, data: dict[str, Any], message: int = 0) -> Interaction:
        made = self.double.interact(kind, channel, number(by.id), data, message)
        assert made.called.wait(LONG), "the interaction was not answered"
        self.flush()
        return made

    def seen_in(self, channel: Channel, *, ours: bool | None = None) -> list[Sent]:
        found = [each for each in self.sent.values() if each.channel == channel.id]
        return [each for each in found if ours is None or (number(each.by.id) == self.double.world.bot.id) == ours]

    def handle(self, channel: str) -> DiscordHandle:
        assert self.gateway is not None
        found = self.gateway.handle(channel)
        assert found is not None
        return found

    def heard(self, message: str) -> Heard | None:
        return self.handle(f"discord:{self.double.world.messages[int(message)].channel}").message(message)

    def _from(self, channel: str, by: Person) -> Heard:
        handle = self.handle(channel)

        async def found() -> Heard:
            guild = getattr(handle.channel, "guild", None)
            who = await handle.account.member(guild, number(by.id)) if guild else await handle.account.user(number(by.id))
            return around(handle.channel, guild, who, handle.account.whom)

        return handle.account.line.call(found(), "looking")

    def flush(self) -> None:
        """Wait until the bot has taken up everything it was told."""
        gateway = self.gateway
        if gateway is None or gateway._account is None:
            return
        client, sent = gateway._account.client, Event()
        sequence = []

        def reached() -> None:
            current = self.double.gate.current
            sequence.append(0 if current is None else current.sequence)
            sent.set()

        self.double.loop.call_soon_threadsafe(reached)
        assert sent.wait(LONG)
        until = monotonic() + LONG
        while client.ws.sequence is None or client.ws.sequence < sequence[0]:
            assert monotonic() < until, "the bot does not hear"
            sleep(0.001)
        for _ in range(2):
            gateway._line.call(_passed(), "waiting")
            assert gateway.settle(LONG)


async def _passed() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def _dead(work: Any, *_: object, **__: object) -> None:
    work.close()
    raise Killed("Discord")


@dataclass
class DiscordStand(Stand):
    """The bot on the double, with the core behind it."""

    double: Double = field(default_factory=Double)
    door: str = "discord"
    killed: list[tuple[Room, Discord, App]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.platform: Any = Guild(self.double)
        self.settings = {"discord_token": TOKEN, **self.settings}
        self.start()

    def connect(self) -> None:
        self.gateway = Discord(self.room, self.app.settings, **QUICK)
        self.platform.gateway = self.gateway
        self.gateway.open()

    def kill(self) -> None:
        gateway = self.gateway
        gateway._line.call = _dead
        super().kill()
        asyncio.run_coroutine_threadsafe(gateway._leave(), gateway._line._loop).result(LONG)
        self.killed.append((self.room, gateway, self.dead.pop()))

    def bury(self) -> None:
        """Let go of what those that were killed left open."""
        for room, gateway, app in self.killed:
            for each, name in ((gateway._line, "call"), (app.memories.database, "read"), (app.memories.database, "write")):
                vars(each).pop(name)
            room.close(0)
            gateway.close()
            app.close()
        self.killed.clear()

    def stop(self) -> None:
        self.model.go.set()
        self.room.close()
        self.gateway.close()
        self.platform.gateway = None
        super().stop()
        self.bury()

    def give(self, channel: Channel, name: str, text: str) -> str:
        given = self.running.find(text)
        assert isinstance(given, Given)
        self.platform.command(channel, self.who(name), given.command.name, **given.texts)
        return self.latest()

    def is_ours(self, sent: Sent) -> bool:
        return number(sent.by.id) == self.double.world.bot.id

    def show_everybody(self) -> None:
        """Nothing is to be done: only commands after a slash are answered to one person alone."""

    def settle(self) -> None:
        super().settle()
        self.platform.flush()
        super().settle()
