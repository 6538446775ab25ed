"""What the conformance suite needs of an adapter: a platform with people on it, the core behind it, and time that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from threading import Condition, Event, Lock, current_thread
from time import monotonic, sleep

from extension.app import App, build
from extension.bridges.gateway import Vital
from extension.bridges.heard import Capabilities, Handle
from extension.bridges.loopback import EVERYTHING, OURS, Channel, Platform, Sent
from extension.bridges.room import Room
from extension.commands.groups.every import COMMANDS
from extension.commands.running import Running
from extension.embedders import Hashing
from extension.errors import StoreError
from extension.hosts.scripted import Scripted
from extension.messages import Message, Person
from extension.ports import Embedder, Host
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
class Line:
    """The connection to the platform in memory. Once it is cut, whatever asks through it is dead, as after `kill -9`."""

    platform: Platform
    name: str = "loopback"
    cut: Callable[[str], bool] = field(default=lambda what: False)
    """Whether the kill comes now; asked before and after everything that is done on the platform."""
    dead: bool = False
    transactions: int = 0
    """Transactions under way: they end before a kill is over, as those of a real process do or never happened."""
    changed: Condition = field(default_factory=Condition)

    def open(self) -> None:
        """Nothing is to be done."""

    def close(self) -> None:
        """Nothing is to be done."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.dead

    def vital(self) -> Vital:
        return Vital(not self.dead, OURS.name, 0.0)

    def handle(self, place_id: str) -> Handle | None:
        return Mortal(self.platform.handle(place_id), self) if place_id in self.platform.channels else None

    def places(self, since: datetime, known: Sequence[str]) -> Sequence[str]:
        return list(self.platform.channels)

    def pulse(self, what: str) -> None:
        """Die where it is time."""
        if self.dead or self.cut(what):
            self.dead = True
            raise Killed(what)


BESIDES = ("familiar-idle", "familiar-catch-up")
"""Threads that are not about the platform: they end in their own way."""


class Killed(SystemExit):
    """Whoever gets this is dead and does nothing more."""


class Mortal:
    """A handle through a line that may be cut."""

    def __init__(self, handle: Handle, line: Line) -> None:
        self._handle, self._line = handle, line

    def __getattr__(self, name: str):
        found = getattr(self._handle, name)
        if name == "capabilities" or not callable(found):
            return found

        def call(*given, **named):
            self._line.pulse(f"before {name}")
            result = found(*given, **named)
            self._line.pulse(f"after {name}")
            return Mortal(result, self._line) if name == "direct" else result

        return call


@dataclass
class Stand:
    """The loopback platform with the core behind it. Another adapter derives its own stand, and overrides `connect`."""

    folder: Path
    capabilities: Capabilities = EVERYTHING
    settings: dict[str, object] = field(default_factory=dict)
    model: Model = field(default_factory=Model)
    door: str = "loopback"
    host: Host | None = None
    """What answers instead of the script."""
    embedder: Embedder = field(default_factory=Hashing)
    long: float = LONG
    """Seconds within which everything must be answered."""
    dead: list[App] = field(default_factory=list)
    """What was killed: it does nothing more, but its threads are there until it is buried."""

    def __post_init__(self) -> None:
        self.platform = Platform(self.capabilities)
        self.start()

    def start(self) -> None:
        """Start the program over the same data, as after a restart."""
        rules = {"default": "ignored", "levels": {self.who(name).id: level for name, level in LEVELS.items()}}
        given = {"permissions": rules, "embedder": "hashing", "patience": 0, "max_new_tokens": 1000, **self.settings}
        host = self.host or Scripted(self.model, context_length=16_000)
        self.app: App = build(load({}, data_dir=self.folder, **given), host, self.embedder)
        self.pauses = Pauses()
        self.running = Running(self.app, COMMANDS)
        self.room = Room(self.app, self.running, self.door, timer=self.pauses)
        self.line = Line(self.platform)
        bind(self.app, self.line)
        self.connect()

    def connect(self) -> None:
        """Let the program hear what happens on the platform."""
        self.platform.room = self.room
        self.platform.through = self.line.handle
        self.room.connected(self.line)

    def kill(self) -> None:
        """End it as `kill -9` does: nothing is written or said any more by what ran."""
        with self.line.changed:
            self.line.dead = True
            assert self.line.changed.wait_for(lambda: not self.line.transactions, LONG)
        self.platform.room = None
        self.model.go.set()
        self.dead.append(self.app)

    def stop(self) -> None:
        """End the program, and let go of what those that were killed left open."""
        self.model.go.set()
        self.room.close()
        self.app.close()
        for app in self.dead:
            for name in ("read", "write"):
                vars(app.memories.database).pop(name)
            app.close()
        self.dead.clear()

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
        until = monotonic() + self.long
        while self.room.queue.waiting or self.room.queue.running:
            assert monotonic() < until, "what was asked is not answered"
            sleep(0.005)

    def settle_for(self, seconds: float) -> None:
        """Let things happen for a moment."""
        self.pauses.over()
        sleep(seconds)

    def ask(self, channel: Channel, name: str, text: str, **more: object) -> str:
        """Let somebody say something, and wait for what comes of it; return the message's id."""
        message = self.platform.say(channel, self.who(name), text, **more)  # type: ignore[arg-type]
        self.settle()
        return message

    def give(self, channel: Channel, name: str, text: str) -> str:
        """Let somebody give a command in the way in which its answer can be shown to them alone, and return what they are told."""
        self.ask(channel, name, text)
        return self.latest()

    def latest(self) -> str:
        """Return the text of the message that we sent last, wherever that was."""
        return [each.text for each in self.platform.sent.values() if self.is_ours(each)][-1]

    def is_ours(self, sent: Sent) -> bool:
        """Return whether we sent a message."""
        return sent.by == OURS

    def show_everybody(self) -> None:
        """From now on nothing that is said in a channel can be answered to one person alone."""
        self.platform.capabilities = replace(self.capabilities, private=False)

    def ours(self, channel: Channel) -> list[Sent]:
        """Return our messages in a channel."""
        return self.platform.seen_in(channel, ours=True)

    def texts(self, channel: Channel) -> list[str]:
        """Return the texts of our messages in a channel."""
        return [each.text for each in self.ours(channel)]

    def exchanges(self) -> list[tuple[str, str]]:
        """Return what is in the diary, the oldest first."""
        return [(each.said, each.reply) for each in reversed(self.app.memories.diary.browse(limit=None))]

    def choose(self, name: str, text: str, channel: Channel) -> None:
        """Choose an option for a channel."""
        heard = self.platform._from(channel.id, self.who("olga"))
        self.app.options.set(name, text, "channel", heard.spot, self.who("olga").id)

    def shown_as(self, companion: str) -> str:
        """Return the name under which a companion's messages are shown: '' where all of them have ours."""
        return companion if self.capabilities.names else ""

    def button(self, reply: Sent, action: str) -> str:
        """Return the id of a button of a reply."""
        return f"familiar:{action}:{reply.buttons[0].id.rpartition(':')[2]}"

    def agree(self, channel: Channel, name: str, asked: Sent) -> None:
        """Let somebody say yes to a question."""
        self.platform.press(asked.id, self.who(name), asked.buttons[0].id)


def bind(app: App, line: Line) -> None:
    """Let nothing that belongs to a dead process reach the data any more."""
    database = app.memories.database

    def guarded(method: Callable[..., AbstractContextManager[object]]) -> Callable[..., AbstractContextManager[object]]:
        @contextmanager
        def call(*given: object, **named: object) -> Iterator[object]:
            with line.changed:
                if line.dead:
                    raise StoreError("dead") if current_thread().name in BESIDES else Killed("database")
                line.transactions += 1
            try:
                with method(*given, **named) as connection:
                    yield connection
            finally:
                with line.changed:
                    line.transactions -= 1
                    line.changed.notify_all()

        return call

    for name in ("read", "write"):
        setattr(database, name, guarded(getattr(database, name)))


CALL = f"<@{OURS.id}>"
"""A mention of the companion."""
