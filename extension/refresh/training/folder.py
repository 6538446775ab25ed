"""Run folders: `<data dir>/runs/<name>/`, one for each training.

config.json     what is trained on what: paths and digests; written first
recipe.yaml     the recipe
plan.json       what `auto` came to on the machine that trains: batch, precision, length of rows
progress.json   the last word of the training; log.jsonl its losses; run.log everything it printed
checkpoints/    what it resumes from
adapter/        the result; its manifest.json is written last
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from ...errors import NotFound, SettingsError, StoreError, TrainingRefused, TrainingRuns
from ...settings import replace_text
from ..recipe.recipe import Recipe
from . import progress
from .progress import Log, Progress

FOLDER = "runs"
FORMAT = 1
NAME = re.compile(r"[A-Za-z0-9][\w.+-]{0,79}")
PATIENCE = 2.0
"""Seconds to wait for a lock: others look at it for a moment to see whether it is held."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder."""

    path: Path

    @property
    def name(self) -> str:
        """Of the run and of its adapter."""
        return self.path.name

    @property
    def log(self) -> Log:
        """Its losses."""
        return Log(self.path / "log.jsonl")

    @property
    def printed(self) -> Path:
        """What the process printed."""
        return self.path / "run.log"

    @property
    def checkpoints(self) -> Path:
        """What it resumes from."""
        return self.path / "checkpoints"

    @property
    def adapter(self) -> Path:
        """The result, there once it is whole."""
        return self.path / "adapter"

    @property
    def spoken(self) -> Path:
        """The file of its last word."""
        return self.path / "progress.json"

    def config(self) -> dict[str, Any]:
        """Return what is trained on what. Raises TrainingRefused where the folder is not a run of ours."""
        found = read_json(self.path / "config.json")
        if found is None or found.get("format") != FORMAT:
            raise TrainingRefused(f"{self.path} is no run folder of this version: config.json is missing, damaged or of another format.")
        return found

    def recipe(self) -> Recipe:
        """Return the recipe. Raises TrainingRefused."""
        try:
            return Recipe.model_validate(yaml.safe_load((self.path / "recipe.yaml").read_text(encoding="utf-8")))
        except (OSError, ValueError, yaml.YAMLError) as exc:
            raise TrainingRefused(f"The recipe in {self.path} cannot be read ({type(exc).__name__}). Start a new run.") from exc

    def keep(self, recipe: Recipe) -> None:
        """Write the recipe. Raises StoreError."""
        text = yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
        replace_text(self.path / "recipe.yaml", text)

    def running(self) -> bool:
        """Return whether its process lives."""
        return _held(self.path / "run.lock")

    def progress(self) -> Progress:
        """Return how far it has come, `killed` where its process ended without a word."""
        found = progress.read(self.spoken)
        if found.state in ("starting", "training") and not self.running():
            return replace(found, state="killed", eta=None)
        return found


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the object in a file; None where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def created(data_dir: Path, recipe: Recipe, config: dict[str, Any], name: str = "") -> Run:
    """Make a run folder under a name of its own; a name that is taken gets a number. Raises SettingsError, StoreError."""
    wanted = name or recipe.name or datetime.now(UTC).strftime("adapter-%Y-%m-%d")
    if not NAME.fullmatch(wanted):
        raise SettingsError(f"A run cannot be called {wanted[:80]!r}: letters, digits and . _ + - are allowed, at most 80.")
    runs = data_dir / FOLDER
    for number in range(1, 10_000):
        path = runs / (wanted if number == 1 else f"{wanted}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as exc:
            raise StoreError(f"Cannot make {path}: {exc.strerror}. Check the folder's permissions and the free space.") from exc
        made = Run(path)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        replace_text(path / "config.json", json.dumps({"format": FORMAT, "created": now, **config}, indent=2))
        made.keep(recipe.model_copy(update={"name": path.name}))
        return made
    raise StoreError(f"{runs} is full of runs called {wanted}. Give this one another name.")


def found(data_dir: Path, name: str) -> Run:
    """Return a run by its name. Raises NotFound."""
    run = Run(data_dir / FOLDER / name)
    if not NAME.fullmatch(name) or not (run.path / "config.json").is_file():
        raise NotFound(f"There is no run {name[:80]}. `familiar runs` lists them.")
    return run


def runs(data_dir: Path) -> Iterator[Run]:
    """Yield the runs, the newest first."""
    made = [Run(path.parent) for path in (data_dir / FOLDER).glob("*/config.json")]
    yield from sorted(made, key=lambda run: str((read_json(run.path / "config.json") or {}).get("created", "")), reverse=True)


def remove(run: Run) -> None:
    """Delete a run with its adapter. Raises TrainingRuns while it goes on, StoreError."""
    if run.running():
        raise TrainingRuns(f"{run.name} is being trained. `familiar runs stop {run.name}` stops it.")
    try:
        shutil.rmtree(run.path)
    except OSError as exc:
        raise StoreError(f"Cannot delete {run.path}: {exc.strerror}. Check its permissions.") from exc


class Claim:
    """The right of this process to train a run: one at a time for each data directory. The system lets go of it when the process ends."""

    def __init__(self, run: Run) -> None:
        self._locks = [FileLock(path, thread_local=False) for path in (run.path.parent / ".training.lock", run.path / "run.lock")]

    def take(self) -> None:
        """Take it. Raises TrainingRuns while another process has it, StoreError."""
        try:
            for lock in self._locks:
                lock.acquire(timeout=PATIENCE)
        except Timeout:
            self.release()
            raise TrainingRuns(
                "Another training runs on this data directory: two at once would take each other's memory."
                " `familiar runs` shows it, `familiar runs stop NAME` stops it."
            ) from None
        except OSError as exc:
            raise StoreError(f"Cannot lock the run folder: {exc.strerror}. Check its permissions.") from exc

    def release(self) -> None:
        """Let go of it."""
        for lock in self._locks:
            lock.release()


def busy(data_dir: Path) -> bool:
    """Return whether a training runs on a data directory."""
    return _held(data_dir / FOLDER / ".training.lock")


def _held(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except (Timeout, OSError):
        return True
