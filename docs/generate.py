"""Writes the pages of docs/ that follow from the code: settings.md, cli.md and options.md.

`make docs` writes them; with `--check` it only says which of them are out of date, and a test does that.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from extension.options.option import Option

DOCS = Path(__file__).resolve().parent
PROGRAM = "familiar"
NOTICE = "<!-- Written by docs/generate.py from the code: run `make docs` after a change. -->"

SETTINGS = f"""# Settings

{NOTICE}

Every setting can be given in four places. The strongest first:

1. on the command line or in code, where a command has an option for it;
2. in the environment: `FAMILIAR_` and the name in capitals, for instance `FAMILIAR_BUDGET=400`;
3. in `settings.yaml` in the data directory, as lines like `budget: 400`;
4. the default.

In the webui the panel's own settings (on or off, scope, budget, number of memories) are kept in the webui's `settings.yaml`
as `familiar-enabled`, `familiar-scope`, `familiar-budget` and `familiar-memories`, as for every extension.

| Setting | Environment | Values | Default | What it is |
|---|---|---|---|---|
"""

REFERENCE = f"""# Command reference

{NOTICE}

How commands are given, and what plain language understands: see [commands](commands.md). Who has which level: see
[permissions](permissions.md). Each is `--name` or `/name` in a chat and `familiar do name` in a terminal.
"""

COMMANDS = f"""# The command line

{NOTICE}

`familiar` is installed into `.venv/bin` by `make setup`. Every setting is also an environment variable: see [settings](settings.md).
"""

OPTIONS = f"""# Options

{NOTICE}

What people choose for a conversation while it goes on: how the model generates, how long answers are, when the companion speaks. What
belongs to the program and its files is a [setting](settings.md) instead.

## Where a choice counts

A choice is made for one of five layers: everywhere (`global`), a `server`, a `channel`, a `thread`, or a `person`. The most special one
holds. In a chat of the webui, of the standalone page or of the terminal there are no servers and threads: the chat is the channel. Every
value can say why it is what it is: which layer, who chose it, and when.

The word `default` takes a choice back, so that the next layer holds, and at last the default. The word `none` is a choice of its own: to
be without this parameter, whatever other layers or the model's own settings say. The tables say where it may be chosen.

A choice goes before a companion's [preset](experts.md), and that before the settings. All of it is kept in the diary's database and holds
after a restart. A choice that another version wrote and this one does not understand is left out, with a line in the log.

## Decoding modes

A mode is applied whole. Choosing one takes back every parameter of the groups Sampling, Search and Repetition that was chosen in the same
layer, and hides those of more general layers; what the mode does not name is as the model itself has it. What is chosen afterwards, or in
a more special layer, stands beside the mode, which is called *custom* then.

| Mode | Parameters |
|---|---|
"""

BESIDE_MODES = """
While no mode is chosen, the model's own settings hold, with `temperature` as the [settings](settings.md) say; `{usual}` is a good one to
begin with. `{model}` names nothing: the model's own settings, whatever more general layers say. In the webui a mode puts all its samplers
back to neutral first, so that nothing of the page remains.

A *saved preset* holds what was chosen of Length, Sampling, Search, Repetition and Other, with the mode, under a name of your own. It is
taken up whole, too.

## Parameters of generation

Names are those of transformers and of the webui. *embedded* is the model in this process, *webui* is Familiar inside the webui, *http* is
a server: fields that it does not know are left out. What a host does not take is passed over and told.
"""

ABOUT_WORDS = """
A banned word is not said, with a large or a small first letter, with or without a space before it; so a longer word that begins with the
same token may go, too. Over HTTP and in the webui this reaches words that are one token of the model, and servers that say what their
tokens are (the webui, llama.cpp, vLLM). A weight is added to the word's logit: +1 makes it some 2.7 times as likely, -10 all but rules it
out.
"""

ABOUT_CONVERSATION = """
`answer-length` set to `auto` goes by the question, by the first of these that holds: it asks for brevity (*briefly*, *in one sentence*):
short. It asks for much (*in detail*, *list all*, a story, steps, a program), holds code, or has {many} words or more: long. It has at
most {few} words: short. Otherwise as the settings say. A short answer has {short} tokens at most and a long one may have {long}, but
never more than was chosen for `max_new_tokens`; a sentence tells the model.
"""


def main() -> int:
    """Write the pages, or with --check say which ones are out of date. Return the exit status."""
    pages = {
        DOCS / "settings.md": settings_page(),
        DOCS / "cli.md": command_page(),
        DOCS / "command-reference.md": reference_page(),
        DOCS / "options.md": options_page(),
    }
    stale = [path for path, text in pages.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv:
        sys.stderr.writelines(f"docs/{path.name} is out of date: run `make docs`.\n" for path in stale)
        return 1 if stale else 0
    for path in stale:
        path.write_text(pages[path], encoding="utf-8")
        sys.stdout.write(f"Wrote docs/{path.name}\n")
    return 0


def settings_page() -> str:
    """Return the page of the settings, one row for each."""
    from extension.settings import PREFIX, Settings

    rows = [
        f"| `{name}` | `{PREFIX}{name.upper()}` | {_values(field)} | {_default(field)} | {_cell(field.description or '')} |\n"
        for name, field in Settings.model_fields.items()
    ]
    return SETTINGS + "".join(rows)


def command_page() -> str:
    """Return the page of the commands: the `--help` of each."""
    os.environ.update({"TYPER_USE_RICH": "0", "COLUMNS": "100", "NO_COLOR": "1"})
    import typer

    from extension.__main__ import app

    sections = [f"\n## {path}\n\n```text\n{text}\n```\n" for path, text in _helps(typer.main.get_command(app), None, PROGRAM)]
    return COMMANDS + "".join(sections)


def options_page() -> str:
    """Return the page of the options: the decoding modes, then a table for each group."""
    from extension.options import catalogue, decoding, generation, length

    modes = (
        f"| `{name}` | {', '.join(f'{key} {str(value).lower()}' for key, value in values.items())} |\n"
        for name, values in decoding.PRESETS.items()
    )
    limits = {"many": length.MANY_WORDS, "few": length.FEW_WORDS, "short": length.SHORT_LIMIT, "long": f"{length.LONG_LIMIT:,}"}
    made = OPTIONS + "".join(modes) + BESIDE_MODES.format(usual=decoding.USUAL, model=decoding.MODEL)
    for group in ("length", "sampling", "search", "repetition", "other"):
        found = [option for option in generation.PARAMETERS if option.group == group]
        made += f"\n### {group.capitalize()}\n\n{_table('Hosts', found, lambda option: ', '.join(sorted(option.hosts)))}"
    for title, group, words in (("Words", "words", ABOUT_WORDS), ("Conversation", "conversation", ABOUT_CONVERSATION.format(**limits))):
        found = [option for option in catalogue.OPTIONS if option.group == group]
        made += f"\n## {title}\n\n{_table('Layers', found, lambda option: ', '.join(option.layers))}{words}"
    return made


def _table(column: str, options: list[Option], cell: Callable[[Option], str]) -> str:
    rows = (
        f"| {', '.join(f'`{name}`' for name in (option.name, *option.aliases))} "
        f"| {_cell(option.kind.takes)}{', or none' if option.optional else ''} | {cell(option)} | "
        f"{_cell(option.help)}{_otherwise(option)} |\n"
        for option in options
    )
    return f"| Option | Values | {column} | What it is |\n|---|---|---|---|\n" + "".join(rows)


def _otherwise(option: Option) -> str:
    return f" Default: {option.shown(option.default)}." if option.default not in (None, ()) else ""


def reference_page() -> str:
    """Return the page of the commands of every door: levels, arguments, examples."""
    from extension.commands.groups.every import COMMANDS as REGISTRY

    sections = []
    for command in sorted(REGISTRY, key=lambda each: each.name):
        notes = [f"for {command.level.shown} and above"]
        notes += ["asks first"] if command.asks else ["asks first in plain language"] if command.changes and command.examples else []
        notes += [f"also `--{alias}`" for alias in command.aliases]
        notes += ["also on a message"] if command.on_message else []
        lines = [f"- `{each.shown}`: {_cell(each.help.rstrip('.'))}. Takes {_cell(each.kind.takes)}.\n" for each in command.arguments]
        plainly = "".join(f"- “{sentence}”\n" for sentence in command.examples[:3])
        said = f"\nIn plain words:\n\n{plainly}" if plainly else ""
        arguments = f"\n{''.join(lines)}" if lines else ""
        sections.append(f"\n## `--{command.usage}`\n\n{command.help} ({'; '.join(notes)})\n{arguments}{said}")
    return REFERENCE + "".join(sections)


def _helps(command: Any, parent: Any, name: str) -> Iterator[tuple[str, str]]:
    context = command.make_context(name, [], parent=parent, resilient_parsing=True, max_content_width=100, terminal_width=100)
    lines = command.get_help(context).strip().splitlines()
    yield context.command_path, "\n".join(line.rstrip() for line in lines)
    for each, child in getattr(command, "commands", {}).items():
        if not child.hidden:
            yield from _helps(child, context, each)


def _values(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(field.annotation))
    kinds: dict[Any, str] = {bool: "true or false", int: "whole number", float: "number", Path: "folder"}
    kind = "mapping" if hasattr(field.annotation, "model_fields") else kinds.get(field.annotation, "text")
    bounds = [f"{word} {value:g}" for word, value in _bounds(field)]
    return " ".join([kind, " ".join(bounds)]).strip()


def _bounds(field: FieldInfo) -> Iterator[tuple[str, float]]:
    words = {"ge": "from", "gt": "above", "le": "to", "lt": "below"}
    for constraint in field.metadata:
        for attribute, word in words.items():
            value = getattr(constraint, attribute, None)
            if value is not None:
                yield word, value


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "the platform's folder for data"
    value = field.default.get_secret_value() if hasattr(field.default, "get_secret_value") else field.default
    if value == "" or hasattr(type(value), "model_fields"):
        return "empty"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.path.insert(0, str(DOCS.parent))
    sys.exit(main())
