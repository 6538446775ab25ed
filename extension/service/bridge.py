"""The bridges of one process: a room for each platform, one queue for all of them, and gateways that are kept open until it ends."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

from ..app import App
from ..bridges.gateway import Gateway
from ..bridges.heard import Post
from ..bridges.queue import Queue
from ..bridges.room import Room
from ..bridges.stage import Asked
from ..commands.groups.every import COMMANDS
from ..commands.running import Running
from ..errors import BridgeRuns, FamiliarError, SettingsError, StoreError
from ..settings import load, replace_text
from ..texts import speak, tr
from .adapters import Adapter
from .claim import FOLDER, PANEL_LOCK, Claim, is_held
from .figures import Figures
from .health import Health
from .keeper import Keeper, Pauses

log = logging.getLogger(__name__)

GLANCE = 2.0
"""Seconds between two looks at whether that program is there."""

Say = Callable[[str], None]


class Bridge:
    """Runs until it is told to end, or until no gateway is left. `say` is told in sentences what a person should know."""

    def __init__(self, app: App, adapters: Sequence[Adapter], say: Say, *, watched: bool = False, pauses: Pauses | None = None) -> None:
        """`watched` says that a panel started it, with whose program it may have to end."""
        self._app, self._adapters, self._say, self._watched, self._pauses = app, adapters, say, watched, pauses
        settings = app.settings
        self._folder = settings.data_dir / FOLDER
        self._queue = Queue(settings.slots, settings.queue_longest, settings.queue_each)
        self._rooms: list[Room] = []
        self._keepers: list[Keeper] = []
        self._held: list[Claim] = []
        self._health: Health | None = None
        self._started = datetime.now(UTC)
        self._end = Event()
        self.again = False
        """Whether it is to be started anew once it is closed."""

    def open(self) -> None:
        """Claim the accounts and open the gateways, in the background.

        Raises BridgeRuns where all of them are taken, SettingsError, StoreError.
        """
        settings, running = self._app.settings, Running(self._app, COMMANDS)
        speak(settings.language)
        adapters = self._claimed()
        self._health = Health(settings.bridge_listen, settings.bridge_port, lambda: self.figures)
        for claim in self._held:
            claim.answers_at(self._health.address)
        for adapter in adapters:
            room = Room(self._app, running, adapter.name, queue=self._queue)
            room.program = self
            self._rooms.append(room)
            self._keepers.append(self._keeper(adapter, room))
        if self._watched:
            Thread(target=self._watch, name="familiar-watch", daemon=True).start()
        for keeper in self._keepers:
            keeper.start()

    @property
    def figures(self) -> Figures:
        """How it is."""
        return Figures(self._started, [keeper.condition for keeper in self._keepers], self._queue)

    @property
    def address(self) -> str:
        """Where its health is; '' before it is open."""
        return self._health.address if self._health else ""

    @property
    def ending(self) -> bool:
        """Whether it was told to end."""
        return self._end.is_set()

    def wait(self) -> bool:
        """Wait until it is told to end, or no gateway is left; return whether it was told."""
        while not self._end.wait(0.2):
            if all(keeper.ended for keeper in self._keepers):
                return self._end.is_set()
        return True

    def shut_down(self) -> None:
        """End it."""
        self._end.set()

    def restart(self, asked: Asked) -> None:
        """End it, to be started anew; who asked is told once it is back."""
        try:
            replace_text(self._folder / "back.json", json.dumps(asdict(asked)), 0o600)
        except StoreError as exc:
            log.warning("Nobody will be told that it is back: %s", exc)
        self.again = True
        self._end.set()

    def close(self) -> None:
        """Begin nothing new, let what is being written end for some seconds, and let go of everything but the application."""
        for room in self._rooms:
            room.closing.set()  # what waits in any of them is left to the next process
        for room in self._rooms:
            room.close()
        self._queue.close()
        for keeper in self._keepers:
            keeper.stop()
        for keeper in self._keepers:
            keeper.join()
        if self._health:
            self._health.close()
        for claim in self._held:
            claim.release()

    def _claimed(self) -> list[Adapter]:
        """Claim what is free, and return it; raise the last refusal where nothing is."""
        found, refused = [], None
        for adapter in self._adapters:
            claim = Claim(self._app.settings.data_dir, adapter.name, adapter.key(self._app.settings))
            try:
                claim.take(watched=self._watched)
            except BridgeRuns as exc:
                refused = exc
                self._say(str(exc))
                continue
            self._held.append(claim)
            found.append(adapter)
        if not found and refused is not None:
            raise refused
        return found

    def _keeper(self, adapter: Adapter, room: Room) -> Keeper:
        def opened(gateway: Gateway) -> None:
            self._say(f"{adapter.title}: here as {gateway.vital().account or 'somebody without a name'}.")
            self._tell_back(adapter.name, gateway)

        return Keeper(
            adapter.name,
            lambda: adapter.make(room, self._app.settings),
            opened,
            lambda text: self._say(f"{adapter.title}: {text}"),
            self._pauses,
        )

    def _tell_back(self, platform: str, gateway: Gateway) -> None:
        """Tell who asked for a new start that it is over. Never raises."""
        path = self._folder / "back.json"
        try:
            asked = Asked(**json.loads(path.read_text(encoding="utf-8")))
            if asked.door != platform:
                return
            path.unlink()
            handle = gateway.handle(asked.place)
            if handle is not None:
                handle.post(Post(tr("I am back."), (asked.person,)))
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, FamiliarError) as exc:
            path.unlink(missing_ok=True)
            log.warning("Nobody was told that it is back (%s)", type(exc).__name__)

    def _watch(self) -> None:
        """End with the program whose panel started this, if that is chosen then."""
        while not self._end.wait(GLANCE):
            if _orphaned(self._app.settings.data_dir):
                self._say("The program that started this has ended, and this ends with it.")
                self._end.set()


def _orphaned(data_dir: Path) -> bool:
    """Return whether a bridge that a panel started is to end: its program is gone, and that was chosen."""
    if is_held(data_dir / FOLDER / PANEL_LOCK):
        return False
    try:
        return load(data_dir=data_dir).bridge_ends
    except SettingsError as exc:
        log.warning("Whether this is to end with its program is not known now: %s", exc)
        return False
