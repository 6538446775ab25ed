"""Chaos: connections that are closed and sessions forgotten, limits, cut requests, events told again, and the process killed at any moment.

`python -m pytest tests/bridges/discord/test_chaos.py --rounds 200` plays longer than the usual run does.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from time import monotonic, sleep

import pytest

from .double import Double
from .gate import RECONNECT
from .stand import DiscordStand

PATIENCE = 120.0
ROUNDS = 40
UNTOUCHED = ("me", "sync")
"""What goes well: a bot that cannot log in is started again by whatever watches it."""


@dataclass
class Storm:
    """What goes wrong, by chance."""

    stand: DiscordStand
    random: Random
    kills: bool
    blowing: bool = True

    def __post_init__(self) -> None:
        self.stand.double.mischief = self.mischief

    def mischief(self, what: str) -> float | int | None:
        if not self.blowing or what in UNTOUCHED:
            return None
        return self.random.choices((None, 0.02, 0), (80, 15, 5))[0]

    def blow(self) -> None:
        """Let one thing go wrong."""
        double = self.stand.double
        wrong = [self.close, self.reconnect, self.forget, self.again, self.nothing, self.nothing, *[self.kill] * self.kills]
        what = self.random.choice(wrong)
        with suppress(ConnectionError):
            what(double)

    def close(self, double: Double) -> None:
        double.on_loop(double.gate.close(self.random.choice((4000, 1000, 1001))))

    def reconnect(self, double: Double) -> None:
        double.loop.call_soon_threadsafe(double.gate.say, RECONNECT)

    def forget(self, double: Double) -> None:
        sockets = [each.socket for each in double.gate.sessions.values() if each.socket is not None]
        double.loop.call_soon_threadsafe(double.gate.forget)
        for each in sockets:
            double.on_loop(each.close(code=4000))

    def again(self, double: Double) -> None:
        with double.lock:
            messages = [each for each in double.world.messages.values() if not each.private]
            for each in self.random.sample(messages, min(5, len(messages))):
                double.emit("MESSAGE_CREATE", double.world.payload(each, event=True))

    def nothing(self, double: Double) -> None:
        """Let it go on."""

    def kill(self, double: Double) -> None:
        self.stand.kill()
        self.stand.start()


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # who is killed, dies in any thread,
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # and closes nothing
@pytest.mark.parametrize("kills", [False, True], ids=["the network", "kills"])
def test_whatever_happens_every_question_is_answered_exactly_once(tmp_path, double, request, kills):
    random = Random(request.config.getoption("--seed"))
    stand = DiscordStand(tmp_path, double=double, settings={"queue_each": 1000, "queue_longest": 10_000, "catch_up_messages": 1000})
    names = ("ada", "bob", "cy", "max")
    places = [(stand.platform.direct(stand.who(name)), name) for name in names]
    places += [(stand.platform.channel("familiar-direct"), name) for name in names]
    for place, name in places:
        stand.ask(place, name, f"q{name}{place.id} at first")
    storm, asked = Storm(stand, random, kills), 0
    request.addfinalizer(stand.stop)
    for _ in range(request.config.getoption("--rounds") or ROUNDS):
        storm.blow()
        for place, name in random.sample(places, random.randint(0, 3)):
            asked += 1
            say(stand, place, name, f"question {asked}.", times=random.choice((1, 1, 1, 2)))
        sleep(random.random() * 0.1)
        stand.pauses.over()
    storm.blowing = False
    storm.close(double)
    until_all_is_answered(stand, asked)
    for place in {place.id: place for place, _ in places}.values():
        replies = [reply for where, _, reply in answered(stand) if where == place.id]
        assert Counter(stand.texts(place)) == Counter(replies), f"after {len(stand.killed)} kills"
    said = [number for _, text, _ in answered(stand) for number in re.findall(r"question (\d+)\.", text)]
    assert Counter(said) == Counter(str(number) for number in range(1, asked + 1)), f"after {len(stand.killed)} kills"
    assert bool(stand.killed) == kills


def say(stand, place, name, text, times) -> None:
    """Let somebody say something that the bot is told so many times; the first of these may come while nobody hears it."""
    message = stand.platform.say(place, stand.who(name), text, told=False)
    world = stand.double.world
    with stand.double.lock:
        for _ in range(times):
            stand.double.emit("MESSAGE_CREATE", world.payload(world.messages[int(message)], event=True))


def answered(stand) -> list[tuple[str, str, str]]:
    """Return places, what was said there and the replies."""
    return [(each.place.id, each.said, each.reply) for each in stand.app.memories.diary.browse(limit=None) if each.reply]


def state(stand) -> str:
    """Say what it is about, and what was said instead of answers."""
    with stand.double.lock:
        said = [each.content for each in stand.double.world.messages.values() if each.author == stand.double.world.bot.id]
    others = Counter(each for each in said if not re.fullmatch(r"answer \d+", each)).most_common(5)
    queue, left = stand.room.queue, stand.app.memories.unfinished.of("discord")
    return f"{queue.waiting} wait, {queue.running} run, {len(left)} are open, {stand.gateway.vital()}; said: {others}"


def until_all_is_answered(stand, asked) -> None:
    end, missing = monotonic() + PATIENCE, {""}
    while missing:
        assert monotonic() < end, f"not answered: {sorted(missing)}; {state(stand)}"
        stand.pauses.over()
        sleep(0.05)
        idle = not (stand.room.queue.waiting or stand.room.queue.running) and stand.gateway.vital().connected
        if idle and stand.gateway.settle(0.1) and not stand.pauses._calls and not stand.app.memories.unfinished.of("discord"):
            done = {number for _, text, _ in answered(stand) for number in re.findall(r"question (\d+)\.", text)}
            missing = {str(number) for number in range(1, asked + 1)} - done
    stand.settle()
