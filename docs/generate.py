"""Writes the pages of docs/ that follow from the code: settings.md and cli.md.

`make docs` writes them; with `--check` it only says which of them are out of date, and a test does that.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

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

COMMANDS = f"""# The command line

{NOTICE}

`familiar` is installed into `.venv/bin` by `make setup`. Every setting is also an environment variable: see [settings](settings.md).
"""


def main() -> int:
    """Write the pages, or with --check say which ones are out of date. Return the exit status."""
    pages = {DOCS / "settings.md": settings_page(), DOCS / "cli.md": command_page()}
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
