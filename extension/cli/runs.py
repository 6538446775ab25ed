"""`familiar runs`: the trainings that were, and the one that goes on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ..refresh.training import folder, gguf_adapter, run
from ..refresh.training.adapter import manifest
from ..refresh.training.folder import Run
from ..refresh.training.progress import Progress, sparkline
from . import console
from .options import AsJson, DataDir, Verbose, cleaned, settings
from .training import duration, line

Name = Annotated[str, typer.Argument(metavar="NAME", callback=cleaned, help="The run.")]
MARKS = {"done": "+", "training": ">", "starting": ">", "waiting": " "}
"""Before a name in the list; `-` is one that did not come to its end."""


def list_(ctx: typer.Context, as_json: AsJson = False, data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """List the runs, the newest first."""
    if ctx.invoked_subcommand is not None:
        return
    found = list(run.all_runs(settings(ctx).data_dir))
    if as_json:
        console.answer_json([_plain(each, now) for each, now in found])
        return
    for each, now in found:
        losses = [loss for _, loss in each.log.losses()]
        fall = f"{losses[0]:.3f} → {losses[-1]:.3f}  {sparkline(losses, 20)}" if losses else ""
        console.answer(console.printable(f"{MARKS.get(now.state, '-')} {each.name}  {now.state}  {now.step}/{now.steps}  {fall}".rstrip()))
    if not found:
        console.say("Nothing was trained yet: `familiar train` does.")


def show(ctx: typer.Context, name: Name, as_json: AsJson = False, data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """Show a run: how far it is, its losses, its adapter."""
    made = folder.found(settings(ctx).data_dir, name)
    now = made.progress()
    if as_json:
        console.answer_json(_plain(made, now) | {"log": made.log.lines(), "config": made.config()})
        return
    console.answer(f"{made.name}: {now.state}, {line(now).strip()}")
    for title, which in (("loss", "loss"), ("held out", "eval_loss")):
        if losses := [loss for _, loss in made.log.losses(which)]:
            console.answer(f"{title:9} {losses[0]:.3f} → {losses[-1]:.3f}  {sparkline(losses)}")
    if now.trouble:
        console.answer(console.printable(now.trouble))
    if made.adapter.is_dir():
        told = manifest(made.adapter)
        console.answer(f"Adapter: {made.adapter}, trained in {duration(told['seconds'])}, peak memory {console.size(told['peak_memory'])}.")


def stop(ctx: typer.Context, name: Name, data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """Stop the run that goes on, after its step; it can be resumed."""
    made = folder.found(settings(ctx).data_dir, name)
    last = run.stop(made)
    console.answer(f"{made.name} {last.state} at step {last.step}. `familiar train --resume {made.name}` goes on.")


def remove(
    ctx: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Delete a run with its adapter and checkpoints."""
    made = folder.found(settings(ctx).data_dir, name)
    if yes or console.agreed(f"Delete {made.path} for good?"):
        folder.remove(made)
        console.answer(f"Deleted: {made.name}")
    else:
        console.say("Nothing was deleted.")


def gguf(
    ctx: typer.Context,
    name: Name,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to; beside the adapter without.", show_default=False)
    ] = None,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Convert the adapter of a run for llama.cpp (`llama-server --lora FILE`)."""
    made = folder.found(settings(ctx).data_dir, name)
    to = out or made.path / f"{made.name}.gguf"
    count = gguf_adapter.convert(made.adapter, Path(made.config()["model"]), to)
    console.answer(f"Written: {to} ({count} matrices). Serve it with: llama-server --model MODEL.gguf --lora {to}")


def _plain(made: Run, now: Progress) -> dict[str, Any]:
    losses = made.log.losses()
    return {
        "name": made.name,
        "folder": str(made.path),
        **asdict(now),
        "adapter": str(made.adapter) if made.adapter.is_dir() else None,
        "first_loss": losses[0][1] if losses else None,
        "losses": [loss for _, loss in losses],
    }
