"""A place of a platform as commands find it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Protocol

from ..commands.scene import Scene
from ..errors import CommandRefused, FamiliarError, HostError, Stopped
from ..memory.diary import Answer
from ..messages import Exchange, Generation, Message, Person
from ..texts import tr
from .heard import Handle, Heard, Post, defused
from .splitter import split

if TYPE_CHECKING:
    from .room import Room


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for a new start, and where they are told that it is over."""

    door: str
    place: str
    person: str


class Program(Protocol):
    """The program that places of platforms are in."""

    def restart(self, asked: Asked) -> None:
        """End it and start it anew; who asked is told once it is back."""

    def shut_down(self) -> None:
        """End it."""


MOST_TURNS = 20
"""Turns that companions go on by themselves at most."""
PATIENCE = 120.0
"""Seconds that a swap of models waits for what is being written."""


@dataclass(eq=False)
class Generating:
    """A prompt that waits for its turn in the queue."""

    person: str
    place: str
    pieces: Iterator[str]
    text: str = ""
    key: str = ""

    def run(self, stop: Event) -> None:
        """Ask the model."""
        for piece in self.pieces:
            self.text += piece
            if stop.is_set():
                return


@dataclass(kw_only=True)
class Stage(Scene):
    """What a place can do for commands."""

    room: Room
    heard: Heard
    handle: Handle
    _held: ExitStack = field(default_factory=ExitStack)
    _afterwards: Callable[[], None] | None = None

    def shown(self) -> Sequence[Message]:
        """As Scene says: the chat as it is, and no question yet."""
        return self.room.turns.shown(self.heard, self.handle, self.companion, "").messages()

    def talk(self) -> Sequence[Exchange]:
        """As Scene says."""
        return self.room.turns.context.rows(replace(self.heard, reply_to=""), self.handle, self.companion, None)

    def people(self, named: str) -> list[Person]:
        """As Scene says."""
        wanted = named.strip().lstrip("@").casefold()
        found = [each for each in self.handle.people() if not wanted or wanted in (each.id.casefold(), each.name.casefold())]
        is_id = bool(wanted) and ":" in wanted
        return found or ([Person(named.strip())] if is_id else [])

    def roles(self, person: Person) -> tuple[str, ...]:
        """As Scene says."""
        return self.handle.roles(person)

    def make_thread(self, name: str) -> str:
        """As Scene says."""
        if self.heard.thread:
            raise CommandRefused(tr("This is a thread already; make one in the channel."))
        if self.heard.direct or not self.handle.capabilities.threads:
            raise CommandRefused(tr("There are no threads here."))
        link = self.handle.make_thread(" ".join(name.split())[:100])
        return f"Here we can talk without mentions: {link}"

    def speak(self, companion: str, text: str) -> None:
        """As Scene says: it is part of the conversation from then on, as whatever the companion says."""
        self._said(self.room.companion_named(companion), text)

    def voice(self, name: str, text: str) -> str:
        """As Scene says: it is part of the conversation from then on."""
        self._said(name, text)
        return ""

    def _said(self, name: str, text: str) -> None:
        can, app = self.handle.capabilities, self.room.app
        said = text if can.names else f"{name}: {text}"
        posts = [Post(part, speaker=name if can.names else "") for part in split(defused(said), can.limit, measure=can.measure)]
        sent = [self.handle.post(each) for each in posts]
        turn = app.turn("", self.heard.place, name, self.heard.person)
        if (number := app.memories.remember(turn, Answer(text))) is not None:
            app.memories.links.note(self.heard.place.id, sent, "reply", number)

    def answer(self, companions: Sequence[str], turns: int = 1) -> None:
        """As Scene says."""
        names = [self.room.companion_named(each) for each in companions]
        if not 0 < len(names) * turns <= MOST_TURNS:
            raise CommandRefused(tr("From 1 to {most} turns in all can be asked for.", most=MOST_TURNS))
        self.room.go_on(self.heard, self.handle, names * turns)

    def generate(self, messages: Sequence[Message], generation: Generation) -> Iterator[str]:
        """As Scene says."""
        yield from self.waiting(self.room.app.host.generate(messages, generation))

    def waiting(self, pieces: Iterator[str]) -> Iterator[str]:
        """As Scene says."""
        job = Generating(self.heard.person.id, self.heard.place.id, pieces)
        ticket = self.room.queue.submit(job)
        ticket.wait()
        if isinstance(ticket.error, FamiliarError):
            raise ticket.error
        if ticket.state == "stopped" and not job.text:
            raise Stopped(tr("It was stopped."))
        if ticket.error is not None:
            raise HostError(f"The model failed ({type(ticket.error).__name__}); the log has the details.")
        yield job.text

    def hold(self) -> None:
        """As Scene says."""
        self._held.enter_context(self.room.queue.hold(PATIENCE))

    def release(self) -> None:
        """As Scene says."""
        self._held.close()

    def restart(self) -> None:
        """As Scene says."""
        if self.room.program is None:
            super().restart()
        else:
            self._afterwards = partial(self.room.program.restart, Asked(self.door, self.heard.place.id, self.heard.person.id))

    def shut_down(self) -> None:
        """As Scene says."""
        if self.room.program is None:
            super().shut_down()
        else:
            self._afterwards = self.room.program.shut_down

    def over(self) -> None:
        """Do what was to be done once a command was answered."""
        if self._afterwards is not None:
            self._afterwards()

    def silences(self, *, everybody: bool) -> Sequence[str]:
        """As Scene says."""
        found = self.room.silences.of(self.heard.place.id)
        return [f"{each.when:%H:%M:%S} UTC: {each.reason}" for each in found if everybody or each.person == self.heard.person.id]

    def queue(self) -> str:
        """As Scene says."""
        return f"Queue: {len(self.room.queue.running)} being written, {self.room.queue.waiting} waiting"
