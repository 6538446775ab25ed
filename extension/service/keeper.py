"""Keeps one gateway open: opened, watched, and opened again with growing pauses for as long as that can help."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from time import monotonic
from typing import Literal

from ..bridges.gateway import Gateway, Vital
from ..errors import BridgeUnreachable, FamiliarError

log = logging.getLogger(__name__)

State = Literal["opening", "open", "waiting", "ended"]
GLANCE = 0.5
"""Seconds between two looks at whether the program ends."""
LONGEST_CLOSE = 20.0
STEADY = 60.0
"""Seconds after which an open gateway is well again, so that the pauses begin anew."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds between two tries; doubled with each that failed."""

    first: float = 5.0
    longest: float = 300.0

    def after(self, failures: int) -> float:
        """Return how long to wait after so many tries in a row that failed."""
        return float(min(self.first * 2 ** min(failures - 1, 20), self.longest))


@dataclass(frozen=True, slots=True)
class Condition:
    """How the bridge to a platform is."""

    platform: str
    state: State
    """*waiting* for the next try; *ended* when nobody tries any more."""
    vital: Vital
    """With what earlier gateways of this program counted."""
    since: datetime | None = None
    """Since when it is open."""


class Keeper:
    """A gateway in a thread of its own. `opened` is called each time it is open, `said` with what a person should read."""

    def __init__(
        self,
        platform: str,
        make: Callable[[], Gateway],
        opened: Callable[[Gateway], None],
        said: Callable[[str], None],
        pauses: Pauses | None = None,
    ) -> None:
        self.platform = platform
        self._make, self._opened, self._said = make, opened, said
        self._pauses = pauses or Pauses()
        self._gateway: Gateway | None = None
        self._state: State = "opening"
        self._since: datetime | None = None
        self._before = Vital(False)
        self._trouble = ""
        self._stop = Event()
        self._lock = Lock()
        self._thread = Thread(target=self._run, name=f"familiar-{platform}", daemon=True)

    @property
    def condition(self) -> Condition:
        """How it is, at once."""
        with self._lock:
            now, before = self._gateway.vital() if self._gateway else Vital(False), self._before
            vital = replace(
                now,
                account=now.account or before.account,
                heard=now.heard or before.heard,
                waits=now.waits + before.waits,
                waited=now.waited + before.waited,
                reconnects=now.reconnects + before.reconnects,
                trouble=now.trouble or self._trouble,
            )
            return Condition(self.platform, self._state, vital, self._since)

    @property
    def ended(self) -> bool:
        """Whether nobody tries any more."""
        return self._state == "ended"

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Try no more, and begin to close the gateway."""
        self._stop.set()

    def join(self) -> None:
        """Wait until it is closed, or has taken far too long for it."""
        self._thread.join(LONGEST_CLOSE)

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            began = monotonic()
            trouble, final = self._tried()
            if self._stop.is_set():
                break
            failures = 1 if monotonic() - began > STEADY else failures + 1
            self._ended_with(trouble)
            if final:
                self._tell(f"{trouble} It is not tried again.")
                break
            pause = self._pauses.after(failures)
            self._tell(f"{trouble or 'The connection ended.'} It is tried again in {pause:.0f} seconds.")
            self._state = "waiting"
            self._stop.wait(pause)
        self._state = "ended"

    def _tried(self) -> tuple[str, bool]:
        """Keep a gateway open until it ends; return why it did, and whether that is for good."""
        self._state = "opening"
        try:
            gateway = self._make()
            gateway.open()
        except BridgeUnreachable as exc:
            return str(exc), False
        except FamiliarError as exc:
            return str(exc), True
        except Exception as exc:
            log.exception("The bridge to %s could not be opened", self.platform)
            return f"It could not be opened ({type(exc).__name__}); the log has the details.", False
        with self._lock:
            self._gateway, self._state, self._since, self._trouble = gateway, "open", datetime.now(UTC), ""
        self._opened(gateway)
        while not self._stop.is_set():
            if gateway.wait(GLANCE):
                break
        trouble = gateway.vital().trouble
        self._closed(gateway)
        return trouble, bool(trouble)

    def _closed(self, gateway: Gateway) -> None:
        try:
            gateway.close()
        except Exception:
            log.exception("The bridge to %s was not closed well", self.platform)

    def _ended_with(self, trouble: str) -> None:
        """Keep what the gateway counted, for the next one to go on with."""
        before = self.condition.vital
        with self._lock:
            counted = before.reconnects + (self._gateway is not None)
            self._before = replace(before, connected=False, heartbeat=None, reconnects=counted, trouble="")
            self._gateway, self._since, self._trouble = None, None, trouble

    def _tell(self, text: str) -> None:
        log.warning("The bridge to %s: %s", self.platform, text)
        self._said(text)
