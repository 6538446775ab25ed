"""`familiar clones evaluate`: how much clones sound like their people, by figures, and as a sheet to read."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ..app import App
from ..clones.clones import Clones
from ..clones.evaluating.authors import Authors
from ..clones.evaluating.held_out import halves
from ..clones.evaluating.journal import Journal
from ..clones.evaluating.occasions import Occasion, occasions, texts
from ..clones.evaluating.persona import Persona, generated, persona
from ..clones.evaluating.sheet import Sheet, sheet
from ..clones.evaluating.sweep import MIN_PS, TEMPERATURES, TOP_PS, Grid, Scored, sweep
from ..clones.voices import checkpoints_of
from ..messages import Generation, digest
from ..refresh.training.folder import Run
from ..settings import replace_text
from . import console
from .clones import Run as RunName
from .clones import Seed, Temperature, Tokens, TopP, generation, open_
from .options import AsJson, DataDir, Verbose, settings
from .program import opened

What = Annotated[
    Literal["persona", "sheet", "sweep"],
    typer.Option("--what", help="Whether people can be told; every checkpoint side by side; or which sampling settings suit them best."),
]
Numbers = Annotated[list[float] | None, typer.Option(help="For the sweep, once for each value.", show_default=False)]


def evaluate(
    ctx: typer.Context,
    what: What = "persona",
    run: RunName = None,
    count: Annotated[int, typer.Option("--occasions", min=1, max=5000, help="Moments of the held-out chats.")] = 60,
    versions: Annotated[int, typer.Option("--n", min=1, max=20, help="Texts for each of them.")] = 1,
    temperature: Temperature = None,
    top_p: TopP = None,
    temperatures: Numbers = None,
    top_ps: Numbers = None,
    min_ps: Numbers = None,
    seed: Seed = 0,
    max_tokens: Tokens = 100,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Measure how much clones sound like their people, on what was held out from training.

    Ctrl+C stops; the next run goes on there. What comes of it is in the folder `evaluation` of the run.
    """
    grid = Grid(tuple(temperatures or TEMPERATURES), tuple(top_ps or TOP_PS), tuple(min_ps or MIN_PS))
    with opened(settings(ctx)) as app:
        clones = open_(app, run)
        evaluation = Evaluation.of(app, clones, count, generation(app, temperature, top_p, None, seed, max_tokens))
        found: Persona | Sheet | list[Scored]
        if what == "persona":
            found = evaluation.persona(versions)
        elif what == "sheet":
            found = evaluation.sheet()
        else:
            found = evaluation.sweep(grid)
        paths = evaluation.write(what, found)
    if as_json:
        console.answer_json({"run": clones.voice.name, "what": what, "result": plain(found), "files": [str(path) for path in paths]})
    else:
        console.answer(shown(found))
        console.say("\n".join(map(str, paths)))


class Evaluation:
    """The evaluation of one run: where it is kept, and on which occasions."""

    def __init__(self, app: App, clones: Clones, run: Run, moments: Sequence[Occasion], options: Generation) -> None:
        self._app, self._clones, self._run, self._moments, self._options = app, clones, run, moments, options
        self._folder = run.path / "evaluation"

    @classmethod
    def of(cls, app: App, clones: Clones, count: int, options: Generation) -> Evaluation:
        """Return it for so many occasions in which people spoke who agreed. Raises as `halves` does."""
        run = app.voices.run(clones.voice.name)
        _, held_out = halves(run)
        people = [part.speaker for part in clones.everybody()]
        return cls(app, clones, run, occasions(held_out, people, count), options)

    def persona(self, versions: int) -> Persona:
        """Return how well people are told by what their clones say."""
        made = generated(self._clones, self._moments, self._options, versions, self._journal("persona", versions), _progress("persona"))
        return persona(self._authors(), self._moments, made)

    def sweep(self, grid: Grid) -> list[Scored]:
        """Return every combination of sampling settings, the best first."""
        return sweep(self._clones, self._authors(), self._moments, self._options, grid, self._journal, _told)

    def sheet(self) -> Sheet:
        """Return what every checkpoint says."""
        voices = checkpoints_of(self._run)
        return sheet([(voice.name, self._app.voices.of(voice)) for voice in voices], self._moments, self._options, self._journal, _told)

    def write(self, what: str, found: Persona | Sheet | list[Scored]) -> list[Path]:
        """Keep what came of it, and return the files. Raises StoreError."""
        kept = {f"{what}.json": json.dumps(plain(found), indent=2)}
        if isinstance(found, Sheet):
            kept |= {f"{what}.csv": found.csv(), f"{what}.html": found.html(), f"{what}.md": found.markdown()}
        for name, text in kept.items():
            replace_text(self._folder / name, text)
        return [self._folder / name for name in kept]

    def _authors(self) -> Authors:
        learned, _ = halves(self._run)
        return Authors(texts(learned))

    def _journal(self, name: str, versions: int = 1) -> Journal:
        about = {
            "options": asdict(replace(self._options, stop=())),
            "versions": versions,
            "adapter": str(self._run.adapter.stat().st_mtime_ns),
        }
        return Journal(self._folder / "journal" / f"{digest(name)[:12]}.jsonl", {"name": name, **about})


def plain(found: Persona | Sheet | list[Scored]) -> Any:
    """Return a result as JSON takes it."""
    if isinstance(found, list):
        return [{"settings": each.name, "score": each.score, **asdict(each.persona)} for each in found]
    return asdict(found)


def shown(found: Persona | Sheet | list[Scored]) -> str:
    """Return a result for people."""
    if isinstance(found, Sheet):
        return f"{console.counted(len(found.rows), 'prompt', 'prompts')} to {len(found.columns) - 3} checkpoints."
    if isinstance(found, list):
        lines = [f"{each.score:5.2f}  {each.name:<28}  told {each.persona.generated.accuracy:4.0%}" for each in found]
        return "\n".join(["score  settings", *lines])
    human, made = found.held_out, found.generated
    return "\n".join(
        [
            f"who wrote it is told of {human.accuracy:.0%} of {human.texts} real texts (guessing: {human.chance:.0%}),"
            f" and of {made.accuracy:.0%} of {made.texts} generated ones",
            f"mean confidence {made.confidence:.2f} (real texts {human.confidence:.2f})",
            f"distinct-2 {found.distinct:.2f} (real texts {found.distinct_held_out:.2f})",
            f"repetition {found.repetition:.2f}, empty {found.empty}",
        ]
    )


def _progress(name: str) -> Callable[[int, int], None]:
    return lambda done, of: _told(name, done, of)


def _told(name: str, done: int, of: int) -> None:
    if done and (done == of or done % 10 == 0):
        console.aside(f"{name}: {done} of {of}")
