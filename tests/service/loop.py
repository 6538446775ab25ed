"""Platforms in memory for bridges that run as processes: a gateway hears what is put into a file, and shows in another what was sent."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

from extension.bridges.gateway import Vital
from extension.bridges.lanes import Lanes
from extension.bridges.loopback import Loopback, Platform
from extension.bridges.room import Room
from extension.errors import BridgeError, BridgeUnreachable
from extension.service import adapters
from extension.service.adapters import Adapter
from extension.settings import Settings, replace_text

BAD = "The token is not good. Make a new one, and set FAMILIAR_DISCORD_TOKEN to it."


@dataclass
class Loop:
    """A gateway over a platform in memory. Lines of `said-PLATFORM.jsonl` in the data directory are said on it, or tell it to end.

    The environment's TEST_BAD names a platform whose account is not good, TEST_DOWN one that cannot be reached while `down` is there.
    """

    name: str
    room: Room
    settings: Settings
    platform: Platform = field(default_factory=Platform)
    _over: Event = field(default_factory=Event)
    _trouble: str = ""
    _heard: datetime | None = None

    def __post_init__(self) -> None:
        self._lanes = Lanes()
        self.platform.room = self.room

    def open(self) -> None:
        if os.environ.get("TEST_BAD") == self.name:
            raise BridgeError(BAD)
        if os.environ.get("TEST_DOWN") == self.name and (self.settings.data_dir / "down").exists():
            raise BridgeUnreachable("Nothing answers there.")
        self.platform.direct(self.platform.person("Olga"))
        before = self.settings.data_dir / f"said-{self.name}.jsonl"
        self._before = len(before.read_text().splitlines()) if before.exists() else 0
        Thread(target=self._work, daemon=True).start()
        self.room.connected(self)

    def close(self) -> None:
        self._over.set()
        self._lanes.close()
        self._show()

    def wait(self, timeout: float | None = None) -> bool:
        return self._over.wait(timeout)

    def vital(self) -> Vital:
        return Vital(not self._over.is_set(), f"Familiar on {self.name}", 1.5, self._heard, 3, 4.5, 0, self._trouble)

    def handle(self, place_id: str) -> Loopback | None:
        return self.platform.handle(place_id) if place_id in self.platform.channels else None

    def places(self, since: datetime, known: Sequence[str]) -> list[str]:
        return [each for each in known if each in self.platform.channels]

    def _work(self) -> None:
        path, done = self.settings.data_dir / f"said-{self.name}.jsonl", self._before
        while not self._over.wait(0.02):
            lines = path.read_text().splitlines() if path.exists() else []
            for line in lines[done:]:
                self._hear(json.loads(line))
            done = len(lines)
            self._show()

    def _hear(self, told: dict[str, str]) -> None:
        if "end" in told:
            self._trouble = told["end"]
            self._over.set()
            return
        self._heard = datetime.now(UTC)
        place = self.platform.direct(self.platform.person(told["by"]))
        self._lanes.put(place.id, lambda: self.platform.say(place, self.platform.person(told["by"]), told["text"]))

    def _show(self) -> None:
        with self.platform._lock:
            sent = [{"place": each.channel, "by": each.by.name, "text": each.text} for each in self.platform.sent.values()]
            buttons = [(each.id, button.id) for each in self.platform.sent.values() for button in each.buttons]
        replace_text(self.settings.data_dir / f"shown-{self.name}.json", json.dumps({"sent": sent, "buttons": buttons}))


class LoopAdapter(Adapter):
    """Makes such a gateway."""

    def kind(self) -> Any:
        return partial(Loop, self.name)


def register() -> None:
    """Let discord and matrix be platforms in memory, in this process."""
    for name, each in adapters.PLATFORMS.items():
        adapters.PLATFORMS[name] = LoopAdapter(each.name, each.title, each.gateway, each.needs, each.account)


@dataclass(frozen=True)
class People:
    """Those who are on a platform of another process."""

    data_dir: Path
    name: str = "discord"

    def say(self, by: str, text: str) -> None:
        self._tell({"by": by, "text": text})

    def end(self, trouble: str) -> None:
        self._tell({"end": trouble})

    def _tell(self, told: dict[str, str]) -> None:
        with (self.data_dir / f"said-{self.name}.jsonl").open("a") as file:
            file.write(json.dumps(told) + "\n")

    @property
    def shown(self) -> list[dict[str, Any]]:
        path = self.data_dir / f"shown-{self.name}.json"
        return list(json.loads(path.read_text())["sent"]) if path.exists() else []

    @property
    def ours(self) -> list[str]:
        """What the companion said, the oldest first."""
        return [each["text"] for each in self.shown if each["by"] == "Familiar"]


def until(condition: Any, within: float = 60.0) -> Any:
    """Wait until something holds, and return it."""
    end = monotonic() + within
    while not (found := condition()):
        assert monotonic() < end, "it did not come to hold"
        sleep(0.05)
    return found
