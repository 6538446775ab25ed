"""`familiar do`: the commands of every door, given from the terminal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ..commands.groups.every import COMMANDS
from ..commands.local import LocalScene
from ..commands.running import Answered, Given, Running, misspelt
from ..commands.scene import Scene
from ..commands.written import Misspelt
from ..documents.folder import put
from ..errors import FamiliarError
from ..messages import Place
from . import console
from .options import AsJson, DataDir, Host, Model, Verbose, cleaned, settings
from .program import opened

PLACE = "terminal"


def do(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="COMMAND [ARGUMENTS]", help="`commands` lists them.")],
    place: Annotated[str, typer.Option("--place", metavar="ID", callback=cleaned, help="Where: what is chosen holds there.")] = PLACE,
    companion: Annotated[str | None, typer.Option("--companion", metavar="NAME", callback=cleaned, help="Which companion.")] = None,
    into: Annotated[Path, typer.Option("--into", metavar="FOLDER", help="Where files go that a command makes.")] = Path(),
    host: Host = None,
    model: Model = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Run a command, as `--command` does in a chat: familiar do set-config temperature 0.4"""
    texts = [console.cleaned(word) for word in words]
    with opened(settings(ctx, host=host, model=model)) as app:
        running = Running(app, COMMANDS)
        found = running.find("--" + " ".join(_quoted(text, last=text is texts[-1]) for text in texts))
        scene = LocalScene.at(app, Place(place), companion or app.settings.companion, "terminal")
        answered = _run(running, found, texts[0], scene)
        paths = [str(put(into, file.name, file.content)) for file in answered.files if file.path is None]
    if as_json:
        console.answer_json({"kind": answered.kind, "text": answered.text, "link": answered.link, "files": paths})
    else:
        lines = [line for line in (console.printable(answered.text), answered.link, *paths) if line]
        (console.answer if answered.good else console.say)("\n".join(lines))
    if not answered.good:
        raise typer.Exit(1)


def _run(running: Running, found: Given | Misspelt | None, name: str, scene: Scene) -> Answered:
    if isinstance(found, Misspelt):
        return misspelt(found, "")
    if found is None:
        raise FamiliarError(f"There is no command {console.brief(name, 60)}. `familiar do commands` lists them.")
    answered = running.run(replace(found, sure=True), scene)
    if answered is None:
        raise FamiliarError("You are ignored here.")
    return answered


def _quoted(text: str, *, last: bool) -> str:
    """Return a word as it is written in a message: in quotes where it has spaces in it and is not the last."""
    return f'"{text}"' if not last and any(character.isspace() for character in text) else text
