"""The course of a training as the panel takes it: files looked at and kept, a recipe, its dataset, what it costs, and the run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from threading import Lock, Thread

from ...app import App
from ...errors import CommandRefused, Denied, FamiliarError, ImportRefused
from ...hosts import smollm2
from ...refresh.building import renderer_of
from ...refresh.chats import Chats
from ...refresh.dataset import Dataset
from ...refresh.gathering import gathered
from ...refresh.imports.intake import Found, Wish, called, take
from ...refresh.people import People
from ...refresh.recipe.recipe import Recipe
from ...refresh.rendering.loading import tokenizer
from ...refresh.rendering.viewer import Token, view
from ...refresh.report import Report
from ...refresh.training import base, folder, run, samples
from ...refresh.training.estimate import Cost, cost
from ...refresh.training.folder import Run
from ...refresh.training.progress import Progress, read
from ...refresh.videos import Videos
from ..door import Door

log = logging.getLogger(__name__)

OTHERS = "Training is the business of whoever owns this machine."


@dataclass(frozen=True, slots=True)
class Built:
    """A dataset, and what it was made with."""

    recipe: Recipe
    model: Path
    dataset: Dataset
    report: Report


class Course:
    """What the owner of this machine does until an adapter is trained. Every method raises Denied for anybody else. Safe to use from
    several threads.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._built: Built | None = None
        self._started: dict[str, Popen[bytes]] = {}
        self._lock = Lock()

    @property
    def app(self) -> App:
        """The application, for its owner. Raises Denied."""
        app = self._door.app()
        if self._door.person().id != app.settings.person:
            raise Denied(OTHERS)
        return app

    @property
    def chats(self) -> Chats:
        """The imported chats."""
        app = self.app
        return Chats(app.memories.database, app.settings.retention_days)

    @property
    def people(self) -> People:
        """The index of people."""
        app = self.app
        return People(app.memories.database, app.settings.person)

    def looked(self, files: Sequence[str]) -> list[Found]:
        """Return what files hold that the browser sent; nothing is kept."""
        self.app  # noqa: B018 (raises Denied)
        return self._taken(None, files)

    def kept(self, files: Sequence[str], me: str) -> list[Found]:
        """Keep the chats of files that the browser sent, and remove the copies that its server made of them.

        Who is called `me` in them is the owner; raises ImportRefused, once they are kept, where nobody is.
        """
        found = self._taken(self.chats, files)
        self.anew()
        dropped(files)
        for number in called(me, found) if me.strip() else ():
            self.people.claim(number)
        return found

    def anew(self) -> None:
        """Let go of the dataset: what it is made of has changed."""
        with self._lock:
            self._built = None

    def built(self, recipe: Recipe, progress: Callable[[int, int], None] = lambda done, total: None) -> Built:
        """Return the dataset of a recipe, made anew where that has changed. Raises as `gathered` does."""
        app = self.app
        with self._lock:
            if self._built is None or self._built.recipe != recipe:
                settings = app.settings
                model = base.located(recipe.model.model_id, None if recipe.model.model_id else smollm2.folder(settings.data_dir))
                database = app.memories.database
                titles = Videos(settings.data_dir, settings.youtube_api_key).titles
                made, report = gathered(
                    database, settings.data_dir, recipe, model, settings.person, settings.retention_days, titles, progress
                )
                self._built = Built(recipe, model, made, report)
            return self._built

    def sample(self, built: Built, number: int) -> list[Token]:
        """Return the tokens of a sample, which are counted from 0."""
        entry, (half, at) = built.dataset.entries[number], built.dataset.half(number)
        used = renderer_of(built.dataset.manifest, tokenizer(built.model)).tokenizer
        return view(*half.sample(at), entry.spans, entry.conversation.turns, used)

    def cost(self, built: Built) -> Cost:
        """Return what a training would need. Raises TrainingRefused for too little data."""
        train = built.dataset.train
        samples.suffices(train)
        return cost(built.recipe, built.model, *run.estimated_plan(built.recipe, built.model, train.lengths), train)

    def start(self, built: Built) -> Run:
        """Start a training, which goes on when this program ends. Raises TrainingRefused, TrainingRuns, StoreError."""
        data_dir = self.app.settings.data_dir
        if folder.busy(data_dir):
            raise CommandRefused("Another training runs. Stop it first, or wait until it is done.")
        samples.suffices(built.dataset.train)
        made = run.prepared(data_dir, built.recipe, built.dataset, built.model)
        self._follow(made)
        return made

    def go_on(self, name: str) -> Run:
        """Go on with a training that was stopped. Raises as `run.resumed` does."""
        made = run.resumed(folder.found(self.app.settings.data_dir, name))
        self._follow(made)
        return made

    def stop(self, name: str) -> None:
        """Let a training end its step and stop. Raises TrainingError."""
        run.stop(folder.found(self.app.settings.data_dir, name))

    def runs(self) -> list[Run]:
        """Return the runs, the newest first."""
        return list(folder.runs(self.app.settings.data_dir))

    def one(self, name: str) -> Run:
        """Return a run by its name. Raises NotFound."""
        return folder.found(self.app.settings.data_dir, name)

    def progress(self, made: Run) -> Progress:
        """Return how far a run is. One that was started here lives before it can say so itself."""
        process = self._started.get(made.name)
        return read(made.spoken) if process is not None and process.poll() is None else made.progress()

    def remove(self, name: str) -> None:
        """Delete a run with its adapter. Raises TrainingRuns, StoreError."""
        folder.remove(self.one(name))

    def _taken(self, chats: Chats | None, files: Sequence[str]) -> list[Found]:
        found: list[Found] = []
        for path in map(Path, files):
            try:
                if not _uploaded(path):
                    raise ImportRefused("It was not sent by this page.")
                found += take(chats, path, Wish(self.app.settings.person))
            except ImportRefused as exc:
                found.append(Found(path.name, refused=str(exc)))
        return found

    def _follow(self, made: Run) -> None:
        process = self._started[made.name] = run.start(made)

        def watch() -> None:
            try:
                run.follow(made, process, lambda progress: None)
            except FamiliarError as exc:
                log.warning("The training %s could not be followed: %s", made.name, exc)

        Thread(target=watch, name="familiar-training", daemon=True).start()


def dropped(files: Sequence[str] | None) -> None:
    """Remove the copies that the browser's server made of files."""
    for path in map(Path, files or ()):
        with suppress(OSError):
            if _uploaded(path):
                path.unlink()
                path.parent.rmdir()


def _uploaded(path: Path) -> bool:
    from gradio.utils import get_upload_folder

    return path.resolve().is_relative_to(Path(get_upload_folder()).resolve())
