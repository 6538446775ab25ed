"""The claim on an account: one bridge for each account on one data directory, and where the one that runs can be asked.

A lock of the operating system, which goes with its process however that ends; beside it a file that says who holds it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ..errors import BridgeRuns, StoreError
from ..settings import replace_text

FOLDER = "bridges"
"""In the data directory."""
PANEL_LOCK = "panel.lock"
"""Held by the program whose panel started the bridge, for as long as the bridge is to end with it."""
PATIENCE = 2.0
"""Seconds to wait for a lock, since others look at it for a moment to see whether it is held."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an account."""

    platform: str
    pid: int
    address: str
    """Of its health, `http://127.0.0.1:1234`; '' before it answers."""
    since: str
    """ISO 8601, UTC."""
    watched: bool = False
    """Whether a panel started it."""


class Claim:
    """The claim of this process on one account."""

    def __init__(self, data_dir: Path, platform: str, key: str) -> None:
        """`key` is the account's name in files."""
        self._path = data_dir / FOLDER / f"{key}.json"
        self._platform = platform
        self._lock = FileLock(self._path.with_suffix(".lock"), thread_local=False)

    def take(self, *, watched: bool = False) -> None:
        """Take it. Raises BridgeRuns while another process has it, StoreError where the folder cannot be written."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire(timeout=PATIENCE)
        except Timeout:
            found = _read(self._path)
            who = f" (process {found.pid}, since {found.since})" if found else ""
            raise BridgeRuns(
                f"A bridge for this account on {self._platform.capitalize()} runs already on this data directory{who}. "
                "`familiar bridge --status` shows it, `familiar bridge --stop` ends it."
            ) from None
        except OSError as exc:
            raise StoreError(f"Cannot write {self._path.parent}: {exc.strerror}. Check the folder's permissions.") from exc
        self._holder = Holder(self._platform, os.getpid(), "", datetime.now(UTC).isoformat(timespec="seconds"), watched)
        self._write()

    def answers_at(self, address: str) -> None:
        """Say where the health of this process is. Raises StoreError."""
        self._holder = Holder(**{**asdict(self._holder), "address": address})
        self._write()

    def release(self) -> None:
        """Let go of it."""
        self._path.unlink(missing_ok=True)
        self._lock.release()

    def _write(self) -> None:
        replace_text(self._path, json.dumps(asdict(self._holder)), 0o600)


def holders(data_dir: Path) -> Iterator[Holder]:
    """Yield who holds an account on a data directory now."""
    for lock in sorted((data_dir / FOLDER).glob("*-*.lock")):
        if is_held(lock) and (found := _read(lock.with_suffix(".json"))) is not None:
            yield found


def is_held(path: Path) -> bool:
    """Return whether a process holds a lock. Never raises."""
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except (Timeout, OSError):
        return True


def _read(path: Path) -> Holder | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        made = Holder(**found)
    except (OSError, ValueError, TypeError):
        return None
    return made if type(made.pid) is int and made.pid > 1 and isinstance(made.address, str) and isinstance(made.platform, str) else None
