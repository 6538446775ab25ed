"""The attempts at a run: one, and where memory does not suffice another with half the batch, in a process that begins anew."""

from __future__ import annotations

import errno
import logging
import os
import sys
from dataclasses import replace
from pathlib import Path

from ...errors import FamiliarError
from . import checkpoints, progress
from .folder import Claim, Run
from .plan import Plan, keep, kept_plan

log = logging.getLogger(__name__)

FULL = (errno.ENOSPC, errno.EDQUOT)


def attempted(folder: Path) -> int:
    """Train a run and return the exit status. What goes wrong is a sentence in `progress.json`, and in full in `run.log`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    run = Run(folder.resolve())
    claim, again = Claim(run), False
    if first():
        try:
            claim.take()
        except FamiliarError as exc:  # another process trains, perhaps this very run: its word counts
            log.error("%s", exc)
            return 1
    try:
        if first():
            progress.Progress("starting").write(run.spoken)
        trained(run)
    except Exception as exc:  # the outermost place of a process
        log.error("The training ended", exc_info=not isinstance(exc, FamiliarError))
        again = first() and out_of_memory(exc) and halved(run)
        if not again:
            _fail(run, sentence(run, exc))
            return 1
    finally:
        claim.release()
    if again:
        os.execv(sys.executable, [sys.executable, "-m", str(__package__), str(run.path)])  # noqa: S606 (this very program)
    return 0


def trained(run: Run) -> None:
    """Train a run, with the libraries it takes."""
    from . import script

    script.needs()
    script.train(run)


def first() -> bool:
    """Return whether this process is the first, or the only one, of a training."""
    return os.environ.get("RANK", "0") == "0"


def halved(run: Run) -> bool:
    """Plan a run anew with half the batch; return whether there was more than one row, and one process, to halve."""
    made = kept_plan(run)
    smaller = made.halved() if made else None
    if smaller is None or smaller.processes > 1:
        return False
    log.warning("There was not enough memory for %d rows at a time: trying %d", smaller.batch * 2, smaller.batch)
    keep(run, smaller)
    return True


def out_of_memory(exc: BaseException) -> bool:
    """Return whether an error says that memory did not suffice."""
    import torch

    words = str(exc)
    return isinstance(exc, MemoryError | torch.OutOfMemoryError) or (
        isinstance(exc, RuntimeError) and ("out of memory" in words or "can't allocate memory" in words)
    )


def disk_full(exc: BaseException | None) -> bool:
    """Return whether an error, or one it came from, says that the disk is full."""
    while exc is not None:
        if getattr(exc, "errno", None) in FULL or "No space left" in str(exc) or "os error 28" in str(exc):
            return True
        exc = exc.__cause__ or exc.__context__
    return False


def sentence(run: Run, exc: BaseException) -> str:
    """Return what went wrong and what to do next."""
    resume = f"`familiar train --resume {run.name}`"
    last = checkpoints.newest(run.checkpoints)
    kept = f"The checkpoint of step {checkpoints.step(last)} is kept" if last else "No checkpoint was written yet"
    if out_of_memory(exc):
        return f"There is not enough memory. {what_would_fit(kept_plan(run))} {kept}: {resume} goes on where it stands."
    if disk_full(exc):
        return f"The disk is full. Make room, then {resume} goes on. {kept}."
    if type(exc).__name__ == "Diverged":
        return (
            f"{exc} {kept}. Lower the learning rate and go on from there:"
            f" `familiar train --resume {run.name} --set training.learning_rate=…`, or a tenth of it in a new run."
        )
    if isinstance(exc, FamiliarError):
        return str(exc)
    return f"It failed inside ({type(exc).__name__}). {run.printed} has the details. {kept}: {resume} goes on from there."


def what_would_fit(plan: Plan | None) -> str:
    """Return what takes less memory than a plan, the mildest first."""
    if plan is None:
        return "Close other programs, or choose a smaller model."
    ways = []
    if plan.batch > 1:
        ways.append("training.batch_size=1")
    if not plan.checkpointing:
        ways.append("training.gradient_checkpointing=true")
    if plan.device == "cuda" and plan.quant not in ("bnb4",):
        ways.append("model.quant_method=bnb4")
    ways.append(f"dataset.chunk_size={max(plan.row // 2, 16)} (and a dataset built with it)")
    return f"Less is needed with {', or '.join(ways)}, or a smaller model."


def _fail(run: Run, trouble: str) -> None:
    log.error("%s", trouble)
    if first():
        try:
            replace(progress.read(run.spoken), state="failed", trouble=trouble, eta=None).write(run.spoken)
        except FamiliarError as exc:
            log.error("%s", exc)
