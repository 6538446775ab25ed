"""What the conformance suite needs of an adapter: a platform with people on it, the core behind it, and time that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from time import monotonic, sleep

from extension.app import App, build
from extension.bridges.heard import Capabilities
from extension.bridges.loopback import EVERYTHING, OURS, Channel, Platform, Sent
from extension.bridges.room import Room
from extension.commands.groups.every import COMMANDS
from extension.commands.running import Running
from extension.embedders import Hashing
from extension.hosts.scripted import Scripted
from extension.messages import Message, Person
from extension.settings import load

LONG = 30.0
LEVELS = {"ada": "visible", "bob": "visible", "cy": "visible", "max": "mod", "olga": "owner"}
"""Of people by their names; whoever is not named is a stranger, and ignored."""


class Model:
    """A model that keeps what it was shown, and answers what it is told to, when it is let."""

    def __init__(self) -> None:
        self.prompts: list[list[Message]] = []
        self.go = Event()
        self.go.set()
        self.begun = Event()
        self.answers: list[str] = []
        self._lock = Lock()

    def __call__(self, messages: Sequence[Message]) -> str:
        with self._lock:
            self.prompts.append(list(messages))
            number = len(self.prompts)
            answer = self.answers.pop(0) if self.answers else f"answer {number}"
        self.begun.set()
        assert self.go.wait(LONG)
        return answer

    @property
    def last(self) -> str:
        """Everything the model was shown last, as one text."""
        return "\n".join(f"[{message.role}] {message.content}" for message in self.prompts[-1])


class Pauses:
    """The timer of bursts: nothing happens until the test lets people pause."""

    def __init__(self) -> None:
        self._calls: list[Callable[[], None]] = []

    def __call__(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        self._calls.append(call)
        return lambda: self._calls.remove(call) if call in self._calls else None

    def over(self) -> None:
        calls, self._calls = self._calls, []
        for call in calls:
            call()


@dataclass
class Stand:
    """The loopback platform with the core behind it. Another adapter derives its own stand, and overrides `connect`."""

    folder: Path
    capabilities: Capabilities = EVERYTHING
    settings: dict[str, object] = field(default_factory=dict)
    model: Model = field(default_factory=Model)

    def __post_init__(self) -> None:
        self.platform = Platform(self.capabilities)
        self.start()

    def start(self) -> None:
        """Start the program over the same data, as after a restart."""
        rules = {"default": "ignored", "levels": {self.who(name).id: level for name, level in LEVELS.items()}}
        given = {"permissions": rules, "embedder": "hashing", "patience": 0, "max_new_tokens": 1000, **self.settings}
        host = Scripted(self.model, context_length=16_000)
        self.app: App = build(load({}, data_dir=self.folder, **given), host, Hashing())
        self.pauses = Pauses()
        self.running = Running(self.app, COMMANDS)
        self.room = Room(self.app, self.running, "loopback", timer=self.pauses)
        self.platform.room = self.room

    def stop(self) -> None:
        """End the program."""
        self.model.go.set()
        self.room.close()
        self.app.close()

    def restart(self) -> None:
        """End it and start it again."""
        self.stop()
        self.start()

    def who(self, name: str) -> Person:
        """Return a person of the platform."""
        return self.platform.person(name.capitalize())

    def settle(self) -> None:
        """Let everybody pause, and wait until all is answered."""
        self.pauses.over()
        until = monotonic() + LONG
        while self.room.queue.waiting or self.room.queue.running:
            assert monotonic() < until, "what was asked is not answered"
            sleep(0.005)

    def ask(self, channel: Channel, name: str, text: str, **more: object) -> str:
        """Let somebody say something, and wait for what comes of it; return the message's id."""
        message = self.platform.say(channel, self.who(name), text, **more)  # type: ignore[arg-type]
        self.settle()
        return message

    def ours(self, channel: Channel) -> list[Sent]:
        """Return our messages in a channel."""
        return self.platform.seen_in(channel, ours=True)

    def texts(self, channel: Channel) -> list[str]:
        """Return the texts of our messages in a channel."""
        return [each.text for each in self.ours(channel)]

    def exchanges(self) -> list[tuple[str, str]]:
        """Return what is in the diary, the oldest first."""
        return [(each.said, each.reply) for each in reversed(self.app.memories.diary.browse())]

    def choose(self, name: str, text: str, channel: Channel) -> None:
        """Choose an option for a channel."""
        heard = self.platform._from(channel.id, self.who("olga"))
        self.app.options.set(name, text, "channel", heard.spot, "loopback:olga")


CALL = f"<@{OURS.id}>"
"""A mention of the companion."""
