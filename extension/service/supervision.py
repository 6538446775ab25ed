"""The bridges seen from outside their process: which run and how they are, and starting and stopping them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx

from ..errors import BridgeError
from .claim import Holder, holders

LONGEST_STOP = 45.0
"""Seconds that a bridge is given to end before it is killed."""
LONGEST_START = 60.0
LOG = "bridge.log"
"""In the data directory: what the bridge says where a panel started it."""
LARGEST_LOG = 1_000_000
"""Bytes after which it begins anew; the one before is kept."""
_GLANCE = 0.2


@dataclass(frozen=True, slots=True)
class Seen:
    """A bridge that runs."""

    holder: Holder
    """Of one of its accounts."""
    platforms: tuple[str, ...]
    """Of all of them."""
    status: Mapping[str, Any] = field(default_factory=dict)
    """What it says of itself; nothing where it does not answer."""

    def of(self, platform: str) -> Mapping[str, Any]:
        """Return what it says of a platform."""
        found = self.status.get("platforms")
        said = found.get(platform) if isinstance(found, dict) else None
        return said if isinstance(said, dict) else {}


def seen(data_dir: Path) -> list[Seen]:
    """Return the bridges that run on a data directory. Never raises."""
    by_process: dict[int, list[Holder]] = {}
    for holder in holders(data_dir):
        by_process.setdefault(holder.pid, []).append(holder)
    return [Seen(each[0], tuple(one.platform for one in each), asked(each[0])) for each in by_process.values()]


def asked(holder: Holder) -> dict[str, Any]:
    """Return what a bridge says of itself, nothing where it does not answer. Never raises."""
    if not holder.address:
        return {}
    try:
        answer = httpx.get(f"{holder.address}/status", timeout=3.0, trust_env=False)
        found = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return {}
    return found if isinstance(found, dict) and found.get("pid") == holder.pid else {}


def stop(data_dir: Path, process: int | None = None) -> list[str]:
    """End the bridges that run, or the one of a process; return the platforms that they were on. Raises BridgeError."""
    ended = [each for each in seen(data_dir) if process in (None, each.holder.pid)]
    for each in ended:
        _signal(each.holder.pid, signal.SIGTERM)
    for each in ended:
        if not _wait(data_dir, each.holder.pid, LONGEST_STOP):
            _signal(each.holder.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            if not _wait(data_dir, each.holder.pid, LONGEST_STOP):
                raise BridgeError(f"The bridge (process {each.holder.pid}) does not end. End it by hand.")
    return [platform for each in ended for platform in each.platforms]


@dataclass(frozen=True, slots=True)
class Environment:
    """Where our own program is: its Python, and the folder that it is run in."""

    python: Path
    folder: Path
    module: str = "extension"


def here() -> Environment:
    """Return the environment of this process."""
    return Environment(Path(sys.executable), Path(__file__).resolve().parents[2])


def start(environment: Environment, data_dir: Path, words: Sequence[str], secrets: Mapping[str, str]) -> int:
    """Start a bridge as a process of its own that outlives this one, and return its id. `secrets` are for its environment.

    Raises BridgeError.
    """
    log = data_dir / LOG
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".old.log"))
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 (our own program)
                [str(environment.python), "-m", environment.module, "bridge", *words, "--data-dir", str(data_dir)],
                cwd=environment.folder,
                env={**_own(os.environ), **secrets},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
    except OSError as exc:
        raise BridgeError(f"{environment.python} could not be run ({exc.strerror or exc}). Set FAMILIAR_BRIDGE_PYTHON.") from exc
    _Children.kept.append(process)
    return process.pid


def wait_for(data_dir: Path, process: int) -> Seen:
    """Return a bridge that was started, once it answers. Raises BridgeError where it ended instead, with the last line that it said."""
    until = monotonic() + LONGEST_START
    while monotonic() < until:
        found = next((each for each in seen(data_dir) if each.holder.pid == process and each.status), None)
        if found is not None:
            return found
        if not _Children.alive(process):
            raise BridgeError(f"The bridge ended at once: {last_line(data_dir)}")
        sleep(_GLANCE)
    raise BridgeError(f"The bridge does not answer. {LOG} in the data directory says how far it came.")


def last_line(data_dir: Path) -> str:
    """Return the last line of what a bridge said, where a panel started it."""
    try:
        lines = (data_dir / LOG).read_text(encoding="utf-8", errors="replace")[-4000:].strip().splitlines()
    except OSError:
        lines = []
    return lines[-1].removeprefix("Error: ")[:500] if lines else "it said nothing."


class _Children:
    """Processes that this one started, so that those that ended leave nothing behind."""

    kept: list[subprocess.Popen[bytes]] = []  # noqa: RUF012 (of the process)

    @classmethod
    def alive(cls, process: int) -> bool:
        """Return whether one of them runs."""
        cls.kept = [each for each in cls.kept if each.poll() is None]
        return any(each.pid == process for each in cls.kept)


FOREIGN = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "LD_PRELOAD")
"""Variables of another program's environment, which are not for ours."""


def _own(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name not in FOREIGN}


def _signal(process: int, number: int) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return
    except OSError as exc:
        raise BridgeError(f"The bridge (process {process}) cannot be ended from here: {exc.strerror}.") from exc


def _wait(data_dir: Path, process: int, seconds: float) -> bool:
    """Wait until a process holds no account any more; return whether that is so."""
    until = monotonic() + seconds
    while monotonic() < until:
        _Children.alive(process)
        if not any(holder.pid == process for holder in holders(data_dir)):
            return True
        sleep(_GLANCE)
    return False


def sentences(found: Sequence[Seen]) -> list[str]:
    """Return in words what runs, a line for each platform and one for each process."""
    lines = []
    for each in found:
        for platform in each.platforms:
            lines.append(f"{platform.capitalize()}: {described(each, platform)}")
        queue = each.status.get("queue") or {}
        if each.status:
            lines.append(
                f"Process {each.holder.pid} since {each.holder.since}, {each.holder.address}: "
                f"{each.status['answers']} answered, {each.status['failures']} failed, {queue['running']} being written, "
                f"{queue['waiting']} waiting, {each.status['tokens_per_second']} tokens/s"
            )
    return lines


def described(each: Seen, platform: str) -> str:
    """Return how a platform of a bridge is, in a sentence."""
    said = each.of(platform)
    if not said:
        return "started, and does not answer yet."
    state = f"here as {said['account']}" if said["connected"] else str(said["state"])
    told = ", ".join(
        [
            state,
            *([f"since {said['since']}"] if said["since"] else []),
            *([f"last message {said['last_inbound']}"] if said["last_inbound"] else []),
        ]
    )
    waited = f" Waited {said['rate_limit_seconds']} s for rate limits." if said["rate_limit_waits"] else ""
    return " ".join(filter(None, (f"{told}.{waited}", str(said["trouble"]))))
