"""What a training says of itself while it goes on, and how it is asked to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import isfinite
from pathlib import Path
from time import monotonic, perf_counter
from types import FrameType
from typing import Any

from . import checkpoints
from .folder import Run
from .packing import Collator
from .plan import Plan
from .progress import Progress

log = logging.getLogger(__name__)

HEARTBEAT = 5.0
"""Seconds after which progress is written though nothing was logged."""


class Reporter:
    """Writes the progress and the log of a run. In a training of several processes only the first one writes."""

    def __init__(self, run: Run, plan: Plan, collator: Collator) -> None:
        self._run, self._plan = run, plan
        self.collator = collator
        self.progress = Progress("starting")
        self.stopped = False
        """Whether it was asked to stop and did."""
        self.asked = False
        self._writes = os.environ.get("RANK", "0") == "0"
        self._beaten = 0.0
        self._from = (0, 0, 0.0)  # step, tokens, time since which speed is measured

    def begin(self, step: int) -> None:
        """Say that the training begins, after a step that is done."""
        if self._writes:
            self._run.log.cut(step)
        self._say(state="training", step=step, memory=peak())

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT as being asked to stop, meanwhile."""
        before = {number: signal.signal(number, self._ask) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def step(self, step: int, steps: int) -> None:
        """Say that a step is done."""
        if self._from[2] == 0.0:  # the first one is not measured: it warms up
            self._from = (step, self.collator.tokens, perf_counter())
        self.progress = replace(self.progress, step=step, steps=steps)
        if monotonic() - self._beaten > HEARTBEAT:
            self._say(memory=peak())

    def line(self, step: int, logs: dict[str, Any]) -> None:
        """Write a line of the log: a loss, or one on held-out samples."""
        if "eval_loss" in logs:
            self._write({"step": step, "eval_loss": _rounded(logs["eval_loss"])})
            self._say(eval_loss=_rounded(logs["eval_loss"]))
        elif "loss" in logs:
            begun, tokens, since = self._from
            seconds = perf_counter() - since
            speed = (self.collator.tokens - tokens) * self._plan.processes / seconds if since and step > begun else None
            eta = seconds / (step - begun) * (self.progress.steps - step) if since and step > begun else None
            known = {
                "loss": _rounded(logs["loss"]),
                "learning_rate": logs.get("learning_rate"),
                "tokens_per_second": round(speed, 1) if speed else None,
                "memory": peak(),
                "eta": round(eta, 1) if eta is not None else None,
            }
            self._write({"step": step, **known, "grad_norm": _rounded(logs.get("grad_norm"))})
            self._say(step=step, **known)

    def saved(self, folder: Path) -> None:
        """Seal a checkpoint that was written."""
        if self._writes:
            checkpoints.seal(folder)

    def end(self) -> None:
        """Say that the adapter is there."""
        self._say(state="done", eta=0.0, memory=peak())

    def stop(self) -> None:
        """Say that it stopped as it was asked to."""
        self.stopped = True
        self._say(state="stopped", eta=None)

    def counted(self, collate: Any) -> Any:
        """Return a collator of trl's that counts as ours does."""

        def counting(rows: list[dict[str, Any]]) -> Any:
            self.collator.tokens += sum(len(row["input_ids"]) for row in rows)
            return collate(rows)

        return counting

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True

    def _write(self, line: dict[str, Any]) -> None:
        if self._writes:
            self._run.log.add(line)

    def _say(self, **changed: Any) -> None:
        self.progress = replace(self.progress, **changed)
        self._beaten = monotonic()
        if self._writes:
            self.progress.write(self._run.spoken)


def callback_of(reporter: Reporter, trainer: Any) -> Any:
    """Return what the trainer calls: `reporter`, spoken to in its words."""
    from transformers import TrainerCallback

    class Telling(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            reporter.step(state.global_step, state.max_steps)
            reporter.asked = _all_asked(reporter.asked, trainer)
            if reporter.asked:
                control.should_log = control.should_save = control.should_training_stop = True

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **others: Any) -> None:
            reporter.line(state.global_step, logs or {})

        def on_save(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            reporter.saved(Path(args.output_dir) / f"checkpoint-{state.global_step}")

        def on_train_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            if reporter.asked and state.global_step < state.max_steps:
                reporter.stop()

    return Telling()


def _all_asked(asked: bool, trainer: Any) -> bool:
    """Return whether any of the processes was asked to stop: all stop at the same step, or those left wait for ever."""
    if trainer.args.world_size == 1:
        return asked
    import torch

    told = torch.tensor(int(asked), device=trainer.args.device)
    return bool(trainer.accelerator.reduce(told, reduction="sum") > 0)


def peak() -> int:
    """Return the most memory used so far, in bytes: of the graphics card where there is one, else resident in this process."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return int(torch.cuda.max_memory_reserved())
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        import resource

        largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return largest if sys.platform == "darwin" else largest * 1024
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024  # not ru_maxrss, which counts what the parent had at the fork


def _rounded(value: Any) -> float | None:
    return round(float(value), 6) if isinstance(value, int | float) and isfinite(value) else None
