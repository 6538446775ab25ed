"""A training seen from outside its process: prepared, started, followed, stopped and gone on with."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from ...errors import SettingsError, StoreError, StoreFull, TrainingError, TrainingRefused, TrainingRuns
from ..dataset import Dataset
from ..recipe.files import changed
from ..recipe.recipe import Recipe
from . import base, folder, machine, samples
from .folder import Run
from .plan import Plan, keep, kept_plan, plan
from .progress import Progress
from .shape import shape_of

GLANCE = 0.2
LONGEST_START = 30.0
LONGEST_STOP = 120.0
"""Seconds that a training is given to end its step and write a checkpoint before it is killed."""
FOREIGN = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "LD_PRELOAD")
"""Variables of another program's environment, which are not for ours."""
FIXED = ("model.model_id", "model.quant_method", "lora", "dataset", "format", "data", "training.packing", "training.seed")
"""What a run that goes on cannot change: it would be another run."""


def prepared(data_dir: Path, recipe: Recipe, dataset: Path | Dataset, model: Path, name: str = "") -> Run:
    """Make the run folder of a training, with everything checked that can be before it.

    A dataset that was just built is kept in the run folder; one in a folder of its own stays there. Raises FamiliarError.
    """
    if recipe.model.backend == "unsloth":
        raise TrainingRefused(_unsloth())
    model = base.located(str(model))
    base.config_of(model)
    known = {"model": str(model), "base": base.digest(model)}
    if isinstance(dataset, Path):
        made = folder.created(data_dir, recipe, known | {"dataset": str(dataset.resolve()), "data": samples.read(dataset).digest}, name)
    else:
        made = _with_its_own(data_dir, recipe, dataset, known, name)
    try:
        _room(made, recipe, model)
    except StoreFull:
        shutil.rmtree(made.path, ignore_errors=True)
        raise
    return made


def _with_its_own(data_dir: Path, recipe: Recipe, dataset: Dataset, known: dict[str, str], name: str) -> Run:
    partial = data_dir / folder.FOLDER / f".dataset.{os.getpid()}"
    try:
        dataset.save(partial)
        made = folder.created(data_dir, recipe, known | {"dataset": "dataset", "data": samples.read(partial).digest}, name)
        partial.rename(made.path / "dataset")
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return made


def _unsloth() -> str:
    from importlib.util import find_spec

    if find_spec("unsloth") is None:
        return "The backend unsloth is not installed, and needs a CUDA graphics card. Set `backend` in the section `model` to transformers."
    return (
        "The backend unsloth is there, but changes the libraries it runs on as it is imported: what it trains could not be resumed or"
        " checked. Set `backend` in the section `model` to transformers."
    )


def _room(run: Run, recipe: Recipe, model: Path) -> None:
    """Raises StoreFull where the disk has no room for the adapter and its checkpoints."""
    adapter = shape_of(model).adapted(recipe.lora.lora_r, recipe.lora.target_modules, dora=recipe.lora.use_dora) * 4
    wanted = adapter * (1 + 4 * 3) + 50_000_000  # each checkpoint has the weights and two states of each
    free = shutil.disk_usage(run.path).free
    if free < wanted:
        raise StoreFull(
            f"The disk has {free / 1e9:.1f} GB left, and the checkpoints of this training take up to {wanted / 1e9:.1f} GB."
            " Make room, or lower `lora_r`."
        )


def resumed(run: Run, given: Sequence[str] = ()) -> Run:
    """Make a run ready to go on, with some of its recipe changed (`training.learning_rate=1e-4`). Raises FamiliarError."""
    if run.running():
        raise TrainingRuns(f"{run.name} is being trained already. `familiar runs show {run.name}` shows how far it is.")
    if run.progress().state == "done":
        raise TrainingError(f"{run.name} is done: its adapter is {run.adapter}. Start a new run to train further.")
    config, before = run.config(), run.recipe()
    after = changed(before, given)
    for key in FIXED:
        if _at(before, key) != _at(after, key):
            raise SettingsError(f"`{key}` cannot change while a run goes on: it would be another run. Start one without --resume.")
    model = Path(config["model"])
    if base.digest(base.located(str(model))) != config["base"]:
        raise TrainingRefused(f"The model in {model} is not the one that {run.name} began with. Put that back, or start a new run.")
    if after != before:
        run.keep(after)
        _follow_batch(run, after)
    return run


def _follow_batch(run: Run, recipe: Recipe) -> None:
    """Take over into the plan of a run what may change while it goes on."""
    made, wanted = kept_plan(run), recipe.training
    if made is None:
        return
    rows = made.batch * made.accumulation
    batch = made.batch if wanted.batch_size == "auto" else min(wanted.batch_size, rows)
    if rows % batch:
        raise SettingsError(f"A step of {run.name} has {rows} rows, which batches of {batch} do not divide. Choose another `batch_size`.")
    checkpointing = made.checkpointing if wanted.gradient_checkpointing == "auto" else wanted.gradient_checkpointing
    keep(run, replace(made, batch=batch, accumulation=rows // batch, checkpointing=checkpointing))


def _at(recipe: Recipe, key: str) -> Any:
    found: Any = recipe
    for part in key.split("."):
        found = getattr(found, part)
    return found


def command(run: Run, processes: int = 1, python: Path | None = None) -> list[str]:
    """Return the command that trains a run: of Python, or of `accelerate launch` for several processes, one for each graphics card."""
    words, program = ["-m", str(__package__), str(run.path)], str(python or sys.executable)
    if processes == 1:
        return [program, *words]
    launch = ["-m", "accelerate.commands.launch", "--num_processes", str(processes), "--num_machines", "1", "--mixed_precision", "no"]
    return [program, *launch, "--dynamo_backend", "no", *words]


def home() -> Path:
    """Return the folder in which `command` is run."""
    return Path(__file__).resolve().parents[len(str(__package__).split("."))]


def start(
    run: Run,
    processes: int | None = None,
    environ: Mapping[str, str] = os.environ,
    python: Path | None = None,
    place: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start the process that trains a run, in a group of its own, so that no Ctrl+C meant for this one reaches it.

    It goes on when this process ends. `python` is another one to run it with, and `place` the folder our program is in then: the
    webui's own has not all that a training needs. Raises TrainingRuns while another training runs, StoreError.
    """
    if folder.busy(run.path.parent.parent):
        raise TrainingRuns("Another training runs on this data directory. `familiar runs` shows it, `familiar runs stop NAME` stops it.")
    here = machine.here() if processes is None else None
    own = {name: value for name, value in environ.items() if name not in FOREIGN}
    try:
        Progress("starting").write(run.spoken)
        with run.printed.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 (our own program)
                command(run, processes or (here.count if here else 1), python),
                cwd=place or home(),
                env={"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false", **own},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as exc:
        raise StoreError(f"The training could not be started ({exc.strerror or exc}). Check {run.path}.") from exc
    _children[:] = [each for each in _children if each.poll() is None]
    _children.append(process)
    return process


_children: list[subprocess.Popen[bytes]] = []
"""Those that this process started, so that none that ended stays behind as a zombie."""


def follow(run: Run, process: subprocess.Popen[bytes], told: Callable[[Progress], None]) -> Progress:
    """Tell of each change until the process ends, and return its last word."""
    last = Progress()
    while True:
        ended = process.poll() is not None
        now = run.progress() if ended else _spoken(run)
        if now.updated != last.updated or now.step != last.step:
            told(now)
            last = now
        if ended:
            return _ended(run, now, process.returncode)
        sleep(GLANCE)


def _spoken(run: Run) -> Progress:
    """Return its last word without asking whether it lives: it is our child, and may not have its lock yet."""
    from . import progress

    return progress.read(run.spoken)


def _ended(run: Run, last: Progress, code: int) -> Progress:
    """Return the last word of a process that ended, in its place where it could not say it."""
    if last.state in ("done", "stopped", "failed"):
        return last
    why = "the system killed it, for want of memory as a rule" if code == -signal.SIGKILL else f"it ended with status {code}"
    from .attempts import what_would_fit

    trouble = f"The training did not end by itself: {why}. {what_would_fit(kept_plan(run))} `familiar train --resume {run.name}` goes on."
    said = replace(last, state="killed", trouble=trouble, eta=None)
    said.write(run.spoken)
    return said


def stop(run: Run, patience: float = LONGEST_STOP) -> Progress:
    """Let a training end its step, write a checkpoint and stop; kill it where it does not. Return its last word.

    Raises TrainingError where it does not run, or is another user's.
    """
    if not run.running():
        raise TrainingError(f"{run.name} is not being trained now ({run.progress().state}).")
    pid = run.progress().pid
    _signal(pid, signal.SIGTERM)
    until = monotonic() + patience
    while run.running():
        if monotonic() > until:
            _signal(pid, signal.SIGKILL)
            until = float("inf")
        sleep(GLANCE)
    return run.progress()


def _signal(pid: int, number: int) -> None:
    try:
        group = os.getpgid(pid)
        if number == signal.SIGKILL and group == pid:
            os.killpg(group, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        return
    except OSError as exc:
        raise TrainingError(f"The training (process {pid}) cannot be ended from here: {exc.strerror}.") from exc


def estimated_plan(recipe: Recipe, model: Path, lengths: Sequence[int]) -> tuple[Plan, machine.Machine]:
    """Return what a recipe comes to on this machine, and the machine. Raises FamiliarError."""
    here = machine.here()
    return plan(recipe, shape_of(model), here, lengths, here.count), here


def all_runs(data_dir: Path) -> Iterator[tuple[Run, Progress]]:
    """Yield the runs, the newest first, with how far they are."""
    for run in folder.runs(data_dir):
        yield run, run.progress()
