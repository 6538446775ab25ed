"""The switches of a panel: which bridges it starts, with its program or at a press, and whether they end with it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any

from filelock import FileLock, Timeout

from ..app import App
from ..errors import BridgeError, FamiliarError
from ..settings import Settings, save
from . import supervision
from .adapters import PLATFORMS, Adapter
from .claim import FOLDER, PANEL_LOCK
from .supervision import Environment, Seen, described

log = logging.getLogger(__name__)

GLANCE = 0.3
LONGEST_WATCH = 30.0
"""Seconds that a panel waits for a platform to be there."""
OVER_TO_YOU = "It was started in a terminal or as a service: end it there, or with `familiar bridge --stop`."


@dataclass(frozen=True, slots=True)
class Generating:
    """Where a bridge has its model from: words for its command line, and secrets for its environment."""

    words: Sequence[str]
    secrets: Mapping[str, str] = field(default_factory=dict)


def as_set(settings: Settings) -> Generating:
    """Let it generate as the settings say."""
    return Generating(("--host", settings.host, "--model", settings.model))


@dataclass(frozen=True, slots=True)
class Row:
    """How a platform is, for the panel."""

    platform: Adapter
    on: bool
    """Whether its switch is."""
    running: Seen | None
    missing: tuple[str, ...]
    """Variables of the environment that are still to be set."""

    @property
    def status(self) -> Mapping[str, Any]:
        """What the bridge says of it; nothing while it does not run, or does not answer."""
        return self.running.of(self.platform.name) if self.running else {}


class Supervisor:
    """Starts and ends the bridges of one data directory. Made once in a process. Safe to use from several threads."""

    def __init__(
        self,
        app: Callable[[], App],
        environment: Callable[[Settings], Environment] = lambda settings: supervision.here(),
        generating: Callable[[Settings], Generating] = as_set,
    ) -> None:
        """`environment` and `generating` raise FamiliarError with what a person has to do before a bridge can be started from here."""
        self._app, self._environment, self._generating = app, environment, generating
        self._lock = Lock()
        self._held: FileLock | None = None
        self.trouble = ""
        """Why what was switched on does not run, as far as the last try told."""

    @property
    def ends(self) -> bool:
        """Whether what it starts ends with this program."""
        return self._app().settings.bridge_ends

    def ours(self) -> Environment:
        """Return our own environment, for what is more than a chat. Raises FamiliarError with what to do where there is none."""
        return self._environment(self._app().settings)

    def rows(self) -> list[Row]:
        """Return how each platform is. Raises SettingsError."""
        settings = self._app().settings
        running = {name: each for each in supervision.seen(settings.data_dir) for name in each.platforms}
        on = _on(settings)
        return [Row(each, each.name in on, running.get(each.name), tuple(each.missing(settings))) for each in PLATFORMS.values()]

    def begin(self) -> None:
        """Start what is switched on and does not run, as this program begins. Never raises: `trouble` says why it does not."""
        try:
            with self._lock:
                self._hold()
                if _on(self._app().settings):
                    self._settle()
            self.trouble = ""
        except FamiliarError as exc:
            self.trouble = str(exc)
            log.warning("The bridge was not started: %s", exc)
        except Exception:
            self.trouble = "The bridge could not be started; the log has the details."
            log.exception("The bridge could not be started")

    def switch(self, platform: str, on: bool) -> str:
        """Switch a platform on or off, and keep that; return in a sentence what came of it. Raises FamiliarError."""
        with self._lock:
            before = _on(self._app().settings)
            wanted = [name for name in PLATFORMS if (on if name == platform else name in before)]
            if on and (missing := PLATFORMS[platform].missing(self._app().settings)):
                raise BridgeError(f"Set {' and '.join(missing)} in the environment of this program, and start it again.")
            self._keep(bridges=" ".join(wanted))
            self.trouble = ""
            self._settle(platform)
        return self._watched(platform) if on else "Switched off."

    def end_together(self, on: bool) -> None:
        """Choose whether what it starts ends with this program. Raises StoreError."""
        with self._lock:
            if on:
                self._hold(wanted=True)
            self._keep(bridge_ends=on)
            if not on and self._held is not None:
                self._held.release()
                self._held = None

    def _watched(self, platform: str) -> str:
        """Wait until a platform is there. Raises BridgeError where it does not come."""
        until = monotonic() + LONGEST_WATCH
        while True:
            row = next(each for each in self.rows() if each.platform.name == platform)
            if row.running is None:
                raise BridgeError(f"The bridge ended: {supervision.last_line(self._app().settings.data_dir)}")
            if row.status.get("state", "opening") != "opening" or monotonic() > until:
                break
            sleep(GLANCE)
        if row.status.get("trouble") or not row.status:
            raise BridgeError(described(row.running, platform))
        return "Switched on."

    def _settle(self, platform: str = "") -> None:
        """Let run what is switched on, in one process, and nothing else of ours. `platform` is the one that was switched last."""
        settings = self._app().settings
        running = supervision.seen(settings.data_dir)
        others = {name for each in running if not each.holder.watched for name in each.platforms}
        ours = next((each for each in running if each.holder.watched), None)
        wanted = [name for name in _on(settings) if name not in others and PLATFORMS[name].is_set_up(settings)]
        if ours is not None and set(ours.platforms) != set(wanted):
            supervision.stop(settings.data_dir, ours.holder.pid)
            ours = None
        if platform in others and platform not in _on(settings):
            raise BridgeError(OVER_TO_YOU)
        if not wanted or ours is not None:
            return
        found = self._generating(settings)
        words = [*wanted, "--watched", *found.words]
        process = supervision.start(self._environment(settings), settings.data_dir, words, found.secrets)
        supervision.wait_for(settings.data_dir, process)

    def _keep(self, **values: Any) -> None:
        app = self._app()
        app.use(save(app.settings, **values))

    def _hold(self, *, wanted: bool = False) -> None:
        """Hold what a bridge that ends with this program looks at. Another program on this data directory may hold it already."""
        settings = self._app().settings
        if self._held is not None or not (wanted or settings.bridge_ends):
            return
        path: Path = settings.data_dir / FOLDER / PANEL_LOCK
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(path, thread_local=False)
        try:
            lock.acquire(timeout=2)
        except Timeout:
            return
        self._held = lock


def _on(settings: Settings) -> list[str]:
    """Return the platforms that are switched on. Raises BridgeError for one there is not."""
    names = settings.bridges.lower().replace(",", " ").split()
    if unknown := [name for name in names if name not in PLATFORMS]:
        raise BridgeError(f"The setting `bridges` names {unknown[0][:60]}, which is no platform. There are {' and '.join(PLATFORMS)}.")
    return list(dict.fromkeys(names))
