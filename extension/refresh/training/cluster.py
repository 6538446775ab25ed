"""Job files for clusters: what Slurm or PBS is given to train a run that was prepared, from the same run folder and to the same end.

A job that runs out of time is told to stop some minutes before, writes a checkpoint, and is put into the queue again.
"""

from __future__ import annotations

import sys
from shlex import join, quote
from typing import Literal

from .folder import Run
from .run import command, home

Scheduler = Literal["slurm", "pbs"]
WARNING = 300
"""Seconds before the end of its time at which a job is told to stop."""
SUBMIT = {"slurm": "sbatch", "pbs": "qsub"}


def job(scheduler: Scheduler, run: Run, *, cards: int = 1, hours: int = 12) -> str:
    """Return the text of a job file."""
    head = _slurm(run, cards, hours) if scheduler == "slurm" else _pbs(run, cards, hours)
    again = 'scontrol requeue "$SLURM_JOB_ID"' if scheduler == "slurm" else f"qsub {quote(str(run.path / 'job.pbs'))}"
    told = join([sys.executable, "-c", _STOPPED, str(run.spoken)])
    return "\n".join(
        [
            "#!/bin/sh",
            *head,
            "set -u",
            f"cd {quote(str(home()))}",
            "export OMP_WAIT_POLICY=PASSIVE TOKENIZERS_PARALLELISM=false HF_HUB_OFFLINE=1",
            f"{join(command(run, max(cards, 1)))} >> {quote(str(run.printed))} 2>&1 &",
            "training=$!",
            "trap 'kill -TERM \"$training\"' TERM USR1",
            *(_timer(hours) if scheduler == "pbs" else []),
            "# wait returns at a signal, too: until the training has ended",
            'while kill -0 "$training" 2>/dev/null; do wait "$training"; done',
            f"if {told}; then {again}; fi",
            "",
        ]
    )


_STOPPED = "import json, sys; sys.exit(json.load(open(sys.argv[1]))['state'] != 'stopped')"


def _slurm(run: Run, cards: int, hours: int) -> list[str]:
    return [
        f"#SBATCH --job-name={run.name}",
        "#SBATCH --nodes=1",
        "#SBATCH --ntasks=1",
        f"#SBATCH --cpus-per-task={max(cards, 1) * 4}",
        *([f"#SBATCH --gpus={cards}"] if cards else []),
        f"#SBATCH --time={hours}:00:00",
        f"#SBATCH --signal=B:USR1@{WARNING}",
        "#SBATCH --requeue",
        "#SBATCH --open-mode=append",
        f"#SBATCH --output={run.path / 'job.log'}",
    ]


def _pbs(run: Run, cards: int, hours: int) -> list[str]:
    return [
        f"#PBS -N {run.name[:15]}",
        f"#PBS -l select=1:ncpus={max(cards, 1) * 4}" + (f":ngpus={cards}" if cards else ""),
        f"#PBS -l walltime={hours}:00:00",
        "#PBS -j oe",
        f"#PBS -o {run.path / 'job.log'}",
    ]


def _timer(hours: int) -> list[str]:
    """Return what stops the training in time where the scheduler gives no warning."""
    return [f'(sleep {hours * 3600 - WARNING}; kill -TERM "$training") &', "trap 'kill $! 2>/dev/null' EXIT"]
