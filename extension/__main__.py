"""The `familiar` command line: names the commands and the options of all of them. What they do is in `cli`."""

from __future__ import annotations

from typing import Annotated

import typer

from . import __version__
from .cli import (
    changes,
    clones,
    console,
    datasets,
    experts,
    files,
    importing,
    keeping,
    library,
    listing,
    noting,
    people,
    program,
    runs,
    writing,
)
from .cli.bridging import bridge
from .cli.chat import chat
from .cli.configuration import settings
from .cli.diagnosis import doctor
from .cli.doing import do
from .cli.evaluation import evaluate
from .cli.model_context import mcp
from .cli.move import move
from .cli.options import DataDir, Verbose
from .cli.ranking import ranking
from .cli.serving import serve
from .cli.training import train

app = typer.Typer(name="familiar", cls=program.Program, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
memory = typer.Typer(name="memory", no_args_is_help=True, rich_markup_mode=None)
shelves = typer.Typer(name="library", no_args_is_help=True, rich_markup_mode=None)
expert = typer.Typer(name="expert", no_args_is_help=True, rich_markup_mode=None)
speaking = typer.Typer(name="clones", no_args_is_help=True, rich_markup_mode=None)
imported = typer.Typer(name="chats", no_args_is_help=True, rich_markup_mode=None)
index = typer.Typer(name="people", invoke_without_command=True, rich_markup_mode=None)
trainings = typer.Typer(name="runs", invoke_without_command=True, rich_markup_mode=None)
dataset = typer.Typer(name="dataset", no_args_is_help=True, rich_markup_mode=None)
documents = typer.Typer(name="docx", invoke_without_command=True, rich_markup_mode=None)


def _version(wanted: bool) -> None:
    if wanted:
        console.answer(f"familiar {__version__}")
        raise typer.Exit


@app.callback()
def root(
    data_dir: DataDir = None,
    verbose: Verbose = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """A memory and a life for a local language model.

    Every setting is also an environment variable: FAMILIAR_ and its name in capitals; `familiar settings` lists them.
    """


@memory.callback()
def _memory(data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """What is remembered: list, change, forget, export."""


@shelves.callback()
def _library(data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """The documents that were read: list, remove, size."""


@expert.callback()
def _expert(data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """Companions with an expertise of their own: list, make, change, carry to the webui and back."""


@speaking.callback()
def _speaking(data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """Speak as people of imported chats who agreed to it, with an adapter that was trained on their words."""


@imported.callback()
def _chats(data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """The chats that were imported to learn from: list, remove."""


@dataset.callback()
def _dataset(data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """What a recipe makes of the chats: look at it, count it, write it."""


app.command()(chat)
app.command()(library.read)
app.add_typer(shelves)
shelves.command("list")(library.list_)
shelves.command()(library.remove)
shelves.command()(library.size)
app.add_typer(expert)
expert.command("list")(experts.list_)
expert.command()(experts.show)
expert.command()(experts.new)
expert.command()(experts.edit)
expert.command("remove")(experts.remove_)
expert.command()(experts.examples)
expert.command("to-webui")(experts.to_webui_)
expert.command("from-webui")(experts.from_webui_)
app.add_typer(memory)
memory.command("list")(listing.list_)
memory.command()(listing.show)
memory.command()(changes.edit)
memory.command()(changes.forget)
memory.command()(keeping.retention)
memory.command()(files.export)
memory.command("import")(files.import_)
memory.command()(move)
memory.command()(listing.stats)
memory.command()(changes.reindex)
memory.command()(noting.facts)
memory.command()(noting.fact)
memory.command()(noting.summaries)
memory.command()(noting.summary)
memory.command()(noting.think)
memory.command()(ranking)
app.command()(importing.import_chat)
app.add_typer(imported)
imported.command("list")(importing.list_)
imported.command()(importing.remove)
index.callback()(people.list_)
index.command("list")(people.list_)
index.command()(people.show)
index.command("set")(people.change)
index.command()(people.consent)
index.command()(people.merge)
index.command()(people.split)
index.command()(people.forget)
app.add_typer(index)
app.add_typer(dataset)
dataset.command()(datasets.preview)
dataset.command()(datasets.stats)
dataset.command()(datasets.build)
app.command()(train)
trainings.callback()(runs.list_)
trainings.command("list")(runs.list_)
trainings.command()(runs.show)
trainings.command()(runs.stop)
trainings.command()(runs.remove)
trainings.command()(runs.gguf)
app.add_typer(trainings)
app.add_typer(speaking)
speaking.command()(clones.say)
speaking.command()(clones.batch)
speaking.command("next")(clones.next_)
speaking.command()(clones.ask)
speaking.command()(clones.reword)
speaking.command("banter")(clones.banter_)
speaking.command()(evaluate)
documents.callback()(writing.docx)
documents.command()(writing.folder)
documents.command()(writing.title)
documents.command()(writing.sign_in)
app.add_typer(documents)
app.command(context_settings={"ignore_unknown_options": True})(do)
app.command()(serve)
app.command()(bridge)
app.command()(mcp)
app.command()(doctor)
app.command()(settings)


def main() -> None:
    """Run the command that this process was started with, and end the process."""
    program.run(app)


if __name__ == "__main__":
    main()
