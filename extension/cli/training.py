"""`familiar train`: an adapter from a recipe, with its cost told before, its progress while it goes on, and a run to go on with after."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import Popen
from typing import Annotated, Any

import typer

from ..errors import SettingsError, TrainingError
from ..hosts import smollm2
from ..refresh.dataset import Dataset
from ..refresh.diary import COMPANION
from ..refresh.gathering import gathered
from ..refresh.people import People
from ..refresh.recipe import files
from ..refresh.recipe.recipe import Recipe
from ..refresh.training import base, cluster, each, folder, run, samples
from ..refresh.training.estimate import Cost, cost
from ..refresh.training.folder import Run
from ..refresh.training.progress import Progress
from ..refresh.videos import Videos
from ..settings import Settings, replace_text
from . import console
from .options import AsJson, DataDir, Verbose, cleaned, settings
from .program import opened

Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The recipe.", show_default=False)]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change a value of the recipe: training.learning_rate=1e-4; repeat it.", show_default=False
    ),
]
Built = Annotated[
    Path | None, typer.Option("--dataset", metavar="FOLDER", help="Train on a dataset that is built already.", show_default=False)
]
Name = Annotated[str | None, typer.Option("--name", callback=cleaned, help="Of the run and its adapter.", show_default=False)]
Resume = Annotated[str | None, typer.Option("--resume", metavar="NAME", callback=cleaned, help="Go on with a run.", show_default=False)]
Write = Annotated[
    Path | None, typer.Option("--write-config", metavar="FILE", help="Write a recipe with every key explained.", show_default=False)
]
Job = Annotated[str | None, typer.Option("--job", metavar="slurm|pbs", help="Write a job file for a cluster instead.", show_default=False)]
Each = Annotated[
    str | None,
    typer.Option("--each", metavar="person|companion", help="Train an adapter for every one, one after the other.", show_default=False),
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to do with a run once it is prepared."""

    detach: bool
    as_json: bool
    job: str | None
    cards: int
    hours: int


def train(
    ctx: typer.Context,
    config: Config = None,
    changes: Set = None,
    dataset: Built = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Say what it would need and how long it would take, and train nothing.")
    ] = False,
    name: Name = None,
    resume: Resume = None,
    detach: Annotated[bool, typer.Option("--detach", help="Let it go on by itself; `familiar runs` shows it.")] = False,
    each_: Each = None,
    write_config: Write = None,
    job: Job = None,
    cards: Annotated[int, typer.Option("--cards", min=0, help="Graphics cards of the cluster's job.")] = 1,
    hours: Annotated[int, typer.Option("--hours", min=1, help="Hours of the cluster's job; it goes on in another.")] = 12,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Train an adapter on the people's words. Docs: docs/training.md"""
    if write_config is not None:
        files.written(write_config)
        console.answer(f"Written: {write_config}")
        return
    given = settings(ctx)
    wanted = Wanted(detach, as_json, job, cards, hours)
    if resume is not None:
        _carry_out(run.resumed(folder.found(given.data_dir, resume), changes or ()), wanted)
        return
    recipe = files.read(config, changes or ()) if config else files.changed(Recipe(), changes or ())
    if each_ is not None and (detach or dataset):
        raise SettingsError(
            "--each builds a dataset for everyone, and trains one adapter after the other: leave --detach and --dataset out."
        )
    recipe = recipe.model_copy(update={"name": name}) if name else recipe
    for one in _each(given, recipe, each_) if each_ else [recipe]:
        model = base.located(one.model.model_id, None if one.model.model_id else smollm2.folder(given.data_dir))
        source = dataset or _built(given, one, model)
        if estimate:
            _tell(one, model, source, as_json=as_json)
        else:
            _carry_out(run.prepared(given.data_dir, one, source, model), wanted)


def _each(given: Settings, recipe: Recipe, by: str) -> list[Recipe]:
    """Return a recipe for everybody it names, else for everybody who agreed, or every companion there is."""
    with opened(given) as app:
        index = People(app.memories.database, given.person).index()
    if by == "companion":
        return each.recipes(recipe, by, [(member.id.removeprefix(COMPANION),) * 2 for member in index if member.companion])
    return each.recipes(recipe, by, [(member.id, member.name) for member in index if member.agreed and not member.companion])


def _built(given: Settings, recipe: Recipe, model: Path) -> Dataset:
    """Return the dataset of a recipe, and say what became of the messages. Raises FamiliarError."""
    with opened(given) as app:
        titles = Videos(given.data_dir, given.youtube_api_key).titles
        made, report = gathered(app.memories.database, given.data_dir, recipe, model, given.person, given.retention_days, titles)
    kept = f"{report.kept:,} of {console.counted(report.lines, 'message', 'messages')}"
    console.say(f"Dataset: {kept}, {console.counted(made.manifest.samples, 'sample', 'samples')}, {made.manifest.tokens:,} tokens.")
    samples.suffices(made.train)
    return made


def _tell(recipe: Recipe, model: Path, source: Path | Dataset, *, as_json: bool) -> None:
    train = samples.read(source).train if isinstance(source, Path) else source.train
    plan, here = run.estimated_plan(recipe, model, train.lengths)
    found = cost(recipe, model, plan, here, train)
    if as_json:
        console.answer_json(asdict(found) | {"total": found.memory.total, "fits": found.fits, "plan": plan.told()})
        return
    for line in sentences(found):
        console.answer(line)


def sentences(found: Cost) -> list[str]:
    """Return an estimate in words."""
    parts = {name: console.size(value) for name, value in asdict(found.memory).items() if value}
    return [
        f"Model {found.model}: {found.parameters:,} parameters, {found.adapted:,} trained; on {found.device}, {found.plan}.",
        f"Data: {found.samples:,} samples, {found.tokens:,} tokens, {found.learned:,} of them learned; {found.steps:,} steps.",
        f"Memory: {console.size(found.memory.total)} ({', '.join(f'{name} {size}' for name, size in parts.items())}).",
        f"Time: about {duration(found.seconds)}.",
        found.advice,
    ]


def duration(seconds: float) -> str:
    """Return seconds in words: `40 s`, `12 min`, `3.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _carry_out(made: Run, wanted: Wanted) -> None:
    if wanted.job is not None:
        _write_job(made, wanted)
        return
    process = run.start(made)
    if wanted.detach:
        console.answer(f"{made.name} is being trained (process {process.pid}). `familiar runs show {made.name}` shows how far it is.")
        return
    last = _followed(made, process)
    if wanted.as_json:
        console.answer_json({"name": made.name, "folder": str(made.path), **asdict(last)})
    if last.state == "stopped":
        console.say(f"Stopped at step {last.step} of {last.steps}. `familiar train --resume {made.name}` goes on.")
        raise typer.Exit(130)
    if last.state != "done":
        raise TrainingError(last.trouble or f"The training ended ({last.state}). {made.printed} has the details.")
    if not wanted.as_json:
        loss = f", loss on held-out samples {last.eval_loss:.3f}" if last.eval_loss is not None else ""
        console.answer(f"Trained: {made.adapter} ({last.step} steps{loss}).")


def _write_job(made: Run, wanted: Wanted) -> None:
    if wanted.job not in ("slurm", "pbs"):
        raise SettingsError(f"--job {wanted.job}: there are slurm and pbs.")
    path = made.path / f"job.{wanted.job}"
    replace_text(path, cluster.job(wanted.job, made, cards=wanted.cards, hours=wanted.hours))  # type: ignore[arg-type]
    console.answer(f"Written. Submit it with: {cluster.SUBMIT[wanted.job]} {path}")


def _followed(made: Run, process: Popen[bytes]) -> Progress:
    """Show how a training goes on. At the first Ctrl+C it ends its step and stops, at the second it is killed."""
    console.say(f"Training {made.name}. Ctrl+C stops it after a step; it can be gone on with.")
    show = Shown()
    try:
        last = run.follow(made, process, show)
    except KeyboardInterrupt:
        show.end()
        console.say("Stopping after this step, and writing a checkpoint.")
        process.terminate()
        try:
            last = run.follow(made, process, show)
        except KeyboardInterrupt:
            process.kill()
            last = run.follow(made, process, show)
    show.end()
    return last


class Shown:
    """The line on the terminal that says how far a training is; where there is no terminal, a line for each logged step."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._drawn = False
        self._step = -1

    def __call__(self, now: Progress) -> None:
        """Show it."""
        if now.state not in ("training", "done") or (not self._terminal and (now.step == self._step or now.loss is None)):
            return
        self._step = now.step
        if self._terminal:
            console.aside(f"\r{line(now)}", nl=False)
            self._drawn = True
        else:
            console.say(line(now))

    def end(self) -> None:
        """Leave the line."""
        if self._drawn:
            console.say("")
            self._drawn = False


def line(now: Progress) -> str:
    """Return a progress in one line."""
    known: list[Any] = [
        f"step {now.step}/{now.steps}" if now.steps else now.state,
        f"loss {now.loss:.3f}" if now.loss is not None else "",
        f"held out {now.eval_loss:.3f}" if now.eval_loss is not None else "",
        f"{now.tokens_per_second:,.0f} tokens/s" if now.tokens_per_second else "",
        console.size(now.memory) if now.memory else "",
        f"{duration(now.eta)} left" if now.eta is not None else "",
    ]
    return "  ".join(filter(None, known)).ljust(78)
