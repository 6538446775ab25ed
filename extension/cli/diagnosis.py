"""`familiar doctor`: what is installed, which model, which stores, what is wrong and how to fix it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ..doctor.examination import examine
from . import console
from .options import AsJson, DataDir, Host, Model, Verbose, data_dir

MARKS = {"ok": ("ok", typer.colors.GREEN), "warning": ("warning", typer.colors.YELLOW), "problem": ("PROBLEM", typer.colors.RED)}


def doctor(
    ctx: typer.Context,
    host: Host = None,
    model: Model = None,
    matrix: Annotated[bool, typer.Option("--matrix", help="Look at the Matrix account, too: its login, device and keys.")] = False,
    as_json: AsJson = False,
    folder: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Say what is installed, which model answers, how the stores are, and how to mend what is wrong.

    Nothing is changed. The exit code is 1 when there is a problem.
    """
    found = examine(data_dir(ctx), with_matrix=matrix, host=host, model=model)
    problems = [finding for finding in found if finding.state == "problem"]
    if as_json:
        console.answer_json({"ok": not problems, "findings": [asdict(finding) for finding in found]})
    else:
        for finding in found:
            mark, color = MARKS[finding.state]
            typer.echo(f"{typer.style(f'{mark:<8}', fg=color)} {console.printable(finding.text)}")
            if finding.fix:
                console.answer(f"         → {console.printable(finding.fix)}")
        console.answer(_summary(len(problems)))
    if problems:
        raise typer.Exit(1)


def _summary(problems: int) -> str:
    return (
        "Everything works."
        if not problems
        else f"{problems} {'problem keeps' if problems == 1 else 'problems keep'} Familiar from working."
    )
