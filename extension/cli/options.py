"""Options that several commands share, and the settings they add up to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..settings import Settings, load
from . import console

_DATA_DIR = "familiar.data_dir"


def _data_dir(ctx: typer.Context, value: Path | None) -> Path | None:
    if value is not None:
        ctx.meta[_DATA_DIR] = value  # shared by the contexts of all commands of one run
    return value


def _verbose(value: bool) -> bool:
    if value:
        console.be_verbose()
    return value


def cleaned(value: str | None) -> str | None:
    """Return the value of an option as text, whatever bytes it came as."""
    return None if value is None else console.cleaned(value)


DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", metavar="FOLDER", callback=_data_dir, help="Folder for everything Familiar keeps.", show_default=False),
]
Verbose = Annotated[bool, typer.Option("--verbose", callback=_verbose, help="Show the log on stderr.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Host = Annotated[
    str | None, typer.Option("--host", metavar="scripted|embedded|URL", callback=cleaned, help="What runs the model.", show_default=False)
]
Model = Annotated[str | None, typer.Option("--model", callback=cleaned, help="The model, where the host has several.", show_default=False)]


def settings(ctx: typer.Context, **given: Any) -> Settings:
    """Return the settings in effect for this run. Raises SettingsError."""
    return load(data_dir=data_dir(ctx), **given)


def data_dir(ctx: typer.Context) -> Path | None:
    """Return the folder given with --data-dir, before or after the command."""
    found: Path | None = ctx.meta.get(_DATA_DIR)
    return found
