"""The voices of a data directory: what its trainings left, and the model each speaks with."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..errors import CommandRefused, MissingModel, NotFound
from ..hosts.embedded import Embedded
from ..ports import Host
from ..refresh.dataset import CONVERSATIONS
from ..refresh.entries import Entry
from ..refresh.people import People
from ..refresh.recipe.format import Format
from ..refresh.training import adapter, base, folder
from ..refresh.training.checkpoints import is_whole, numbered
from ..refresh.training.folder import Run
from ..refresh.turns import Speaker
from .clones import Clones
from .voice import Voice

log = logging.getLogger(__name__)

_SPEAKERS = TypeAdapter(tuple[Speaker, ...])


class Voices:
    """Opens clones by the names of runs. Safe to use from several threads.

    Where the usual host runs the model a voice was trained on, that is used; otherwise a host beside it, one for all voices at a time.
    """

    def __init__(self, data_dir: Path, host: Callable[[], Host], people: Callable[[], People]) -> None:
        self._data_dir = data_dir
        self._host = host
        self._people = people
        self._beside: Embedded | None = None
        self._lock = Lock()

    def names(self) -> list[str]:
        """Return the names of the runs that left an adapter, the newest first."""
        return [run.name for run in folder.runs(self._data_dir) if (run.adapter / adapter.MANIFEST).is_file()]

    def run(self, name: str = "") -> Run:
        """Return a run by name, the newest that left an adapter for ''. Raises NotFound."""
        if name:
            return folder.found(self._data_dir, name)
        names = self.names()
        if not names:
            raise NotFound("There is no trained adapter yet that could speak as anybody. `familiar train` makes one.")
        return folder.found(self._data_dir, names[0])

    def clones(self, name: str = "") -> Clones:
        """Return the clones of a run, of the newest one for ''. Raises NotFound, MissingModel, TrainingRefused, StoreError, HostError."""
        return self.of(voice_of(self.run(name)))

    def of(self, voice: Voice) -> Clones:
        """Return the clones of a voice; who agreed is looked up now. Raises StoreError, and what making the host raises."""
        agreed = frozenset(number for each in self._people().index() if each.agreed for number in (each.id, *each.aliases))
        return Clones(self._speaking(voice), voice, lambda speaker: speaker.id in agreed)

    def _speaking(self, voice: Voice) -> Embedded:
        usual = self._host()
        with suppress(MissingModel):
            if isinstance(usual, Embedded) and _same(usual.load().place, voice):
                self._beside = None
                return usual
        with self._lock:
            if self._beside is None or Path(self._beside.load().place) != voice.base:
                self._beside = None  # let go of first: two models may not fit
                self._beside = Embedded(voice.base)
            return self._beside


def voice_of(run: Run) -> Voice:
    """Return what a run left. Raises NotFound before it has, MissingModel and TrainingRefused where that is damaged."""
    if not run.adapter.is_dir():
        raise NotFound(f"{run.name} has no adapter yet. `familiar runs show {run.name}` says how far it is.")
    return _voice(run, adapter.manifest(run.adapter))


def checkpoints_of(run: Run) -> list[Voice]:
    """Return the voices of the checkpoints that are whole, the oldest first, then of the adapter itself. Raises as `voice_of` does."""
    last = voice_of(run)
    return [*(replace(last, name=each.name, adapter=each) for each in numbered(run.checkpoints) if is_whole(each)), last]


def dataset_of(run: Run) -> Path:
    """Return the folder of what a run was trained on. Raises TrainingRefused."""
    return run.path / str(run.config().get("dataset", ""))


def examples_of(run: Run, speaker: Speaker, most: int = 12) -> list[str]:
    """Return the last of what a run learned of somebody, as examples of how they write; nothing where its dataset is gone."""
    found: deque[str] = deque(maxlen=most)
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        for line in (dataset_of(run) / CONVERSATIONS).read_text(encoding="utf-8").splitlines():
            turns = Entry.of(line).conversation.turns
            found.extend(turn.text for turn in turns if turn.learned and turn.speaker.id == speaker.id)
    return list(found)


def _voice(run: Run, told: dict[str, Any]) -> Voice:
    config = run.config()
    try:
        style = Format.model_validate(told.get("rendering"))
        people, others = (_SPEAKERS.validate_python(told.get(key, ())) for key in ("people", "others"))
    except ValidationError as exc:
        raise MissingModel(f"The manifest in {run.adapter} does not say how people speak in it. Train it again.") from exc
    if not people:
        raise CommandRefused(f"{run.name} was trained on nobody's words, so it can speak as nobody.")
    joins = run.recipe().data.cleaning.merge_minutes > 0
    return Voice(run.name, run.adapter, Path(str(config.get("model", ""))), str(config.get("base", "")), style, people, others, joins)


def _same(place: Path | str, voice: Voice) -> bool:
    """Return whether the model in a place is the one of a voice: by its folder, or by its digest where it was moved."""
    if not isinstance(place, Path):
        return False
    return place.resolve() == voice.base.resolve() or base.digest(place) == voice.digest
