"""What the conversation core adds to a reply: on the chat platform in memory, with a model that answers at once.

    python -m bench.bridge [--places 100] [--messages 1000] [--embedder hashing] [--json]

*Quiet*: one message at a time; the delay is from the moment it is sent to the moment the whole reply stands there, without the pause that
a person is given to go on. *Busy*: in every place somebody says the next thing as soon as they have their reply. *Fair*: one person keeps
as many messages waiting as anybody may while the model takes its time, and others ask once; counted is how many of the first person's
replies come before each of theirs, and how many would in the order of arrival. Everything is kept as it would be: the journal, the diary
in SQLite on the disk, the indexes. Embeddings are a hash of the words unless told otherwise, so that the core is measured and not MiniLM.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event, Lock
from time import perf_counter, sleep
from typing import Any

from bench.machine import machine, told
from bench.turn import percentiles
from extension.app import build
from extension.bridges.lanes import Lanes
from extension.bridges.loopback import Channel, Platform
from extension.bridges.room import Room
from extension.commands.groups.every import COMMANDS
from extension.commands.running import Running
from extension.hosts.scripted import Scripted
from extension.messages import Person
from extension.settings import load

PATIENCE = 120.0
WORKING = 0.2
"""Seconds that the model takes for a reply where fairness is measured."""


class Watched(Platform):
    """The platform, told of every reply that stands there whole."""

    def __init__(self) -> None:
        super().__init__()
        self.lanes = Lanes()
        self.answered: dict[str, Event] = {}
        self.order: list[str] = []
        self._guard = Lock()

    def ask(self, channel: Channel, by: Person, text: str) -> str:
        """Say something, as an adapter hears it, and return the message."""
        message = self.say(channel, by, text, told=False)
        with self._guard:
            self.answered[message] = Event()
        self.lanes.put(channel.id, lambda: self.deliver(message))
        return message

    def wait(self, message: str) -> None:
        """Wait for the reply to a message."""
        if not self.answered[message].wait(PATIENCE):
            raise TimeoutError("A message was not answered.")

    def over(self, message: str) -> None:
        """Note that a message has its reply."""
        with self._guard:
            self.order.append(message)
        if message in self.answered:
            self.answered[message].set()


@contextmanager
def platform(embedder: str, seconds: float = 0.0) -> Iterator[Watched]:
    """Yield a platform with the core behind it, over a data directory of its own."""
    with tempfile.TemporaryDirectory() as folder:
        rules = {"permissions": {"default": "visible"}, "burst_pause": 0, "queue_longest": 10_000, "embedder": embedder}
        settings = load({}, data_dir=Path(folder), **rules)
        numbers = count(1)

        def answer(messages: Any) -> str:
            sleep(seconds)
            return f"This is answer {next(numbers)}, in some words of a usual length for a short reply."

        app = build(settings, Scripted(answer))
        made = Watched()
        made.room = Room(app, Running(app, COMMANDS), "loopback")
        end = made.room.journal.end

        def ended(place: str, messages: Any) -> None:
            ids = list(messages)
            end(place, ids)
            for each in ids:
                made.over(each)

        made.room.journal.end = ended  # type: ignore[method-assign]
        yield made
        made.lanes.close()
        made.room.close()
        app.close()


def places(made: Watched, number: int) -> list[tuple[Channel, Person]]:
    """Return places in which the companion answers, each with a person."""
    return [(made.channel(f"familiar-direct-{each}"), made.person(f"P{each}")) for each in range(number)]


def quiet(embedder: str, number: int, messages: int) -> dict[str, float]:
    """Return the delay of one message at a time, in milliseconds."""
    with platform(embedder) as made:
        where, delays = places(made, number), []
        for turn in range(messages + 20):
            begun = perf_counter()
            made.wait(made.ask(*where[turn % number], f"message {turn} about wrens and bread"))
            delays.append(1_000 * (perf_counter() - begun))
        return percentiles(delays[20:])  # the first ones load what is loaded once


def busy(embedder: str, number: int, messages: int) -> dict[str, Any]:
    """Return messages per second, and the delay in milliseconds, where in every place somebody always waits for a reply."""
    with platform(embedder) as made:
        where, begun = places(made, number), perf_counter()
        waiting = {made.ask(*each, "message 0 about wrens"): (each, perf_counter()) for each in where}
        delays, left = [], messages - number
        while waiting:
            message = next((each for each in waiting if made.answered[each].is_set()), None)
            if message is None:
                sleep(0.001)
                continue
            each, since = waiting.pop(message)
            delays.append(1_000 * (perf_counter() - since))
            if left > 0:
                left -= 1
                waiting[made.ask(*each, f"message {left} about bread")] = (each, perf_counter())
        return {"messages_per_second": round(messages / (perf_counter() - begun), 1), "delay_ms": percentiles(delays)}


def fair(embedder: str, others: int) -> dict[str, Any]:
    """Return how many replies of somebody who floods come before that of each who asks once."""
    with platform(embedder, WORKING) as made:
        where, flooder = places(made, 8), made.person("Flooder")
        before, ahead = [], []
        flood = [made.ask(channel, flooder, "more") for channel, _ in where]
        for number in range(others):
            flood = [each for each in flood if not made.answered[each].is_set()]
            flood += [made.ask(where[each][0], flooder, f"more {number}") for each in range(8 - len(flood))]
            sleep(WORKING)
            ahead.append(sum(not made.answered[each].is_set() for each in flood))
            done = len(made.order)
            message = made.ask(made.channel(f"familiar-direct-other-{number}"), made.person(f"O{number}"), "once")
            made.wait(message)
            before.append(sum(each in flood for each in made.order[done : made.order.index(message)]))
        return {"asked": others, "before": percentiles(before), "most_before": max(before), "in_order_of_arrival": percentiles(ahead)}


def main() -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--places", type=int, default=100)
    parser.add_argument("--messages", type=int, default=1_000)
    parser.add_argument("--embedder", choices=("hashing", "minilm"), default="hashing")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    if given.places < 1 or given.messages < max(2, given.places):
        parser.error("--messages takes a number of at least 2, and of at least as many as there are places")
    figures = {
        "benchmark": "bridge",
        "machine": machine(),
        "places": given.places,
        "messages": given.messages,
        "embedder": given.embedder,
        "quiet_ms": quiet(given.embedder, given.places, given.messages // 4),
        "busy": busy(given.embedder, given.places, given.messages),
        "fair": fair(given.embedder, 50),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(figures, indent=2) if given.json else table(figures))


def table(figures: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    busily, fairly = figures["busy"], figures["fair"]
    about = f"{figures['messages']:,} messages in {figures['places']:,} places, embeddings: {figures['embedder']}."
    rows = (
        ("added delay, one message at a time", "{p50} / {p95} ms".format(**figures["quiet_ms"])),
        ("messages per second, all places at once", str(busily["messages_per_second"])),
        ("delay then", "{p50} / {p95} ms".format(**busily["delay_ms"])),
        ("replies of one who floods before another's", "{p50} / {p95}, at most ".format(**fairly["before"]) + str(fairly["most_before"])),
        ("in the order of arrival", "{p50} / {p95}".format(**fairly["in_order_of_arrival"])),
        ("memory, peak", f"{figures['peak_memory_mib']} MiB"),
    )
    lines = [told(figures["machine"]), "", about, "", "| | p50 / p95 |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {value} |" for name, value in rows)])


if __name__ == "__main__":
    main()
