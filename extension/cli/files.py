"""`familiar memory export` and `import`: memories as a file."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..memory import markdown, transfer
from ..memory.intake import Report, Rules, import_file
from . import console
from .options import AsJson, DataDir, Verbose, settings
from .program import opened
from .which import Companion, Person, Pinned, Place, Search, Since, Until, memories, must_be_there, selection

_STANDARD = Path("-")


class Format(StrEnum):
    """What an export is written as."""

    JSONL = "jsonl"
    MARKDOWN = "markdown"


_WRITERS = {Format.JSONL: transfer.export, Format.MARKDOWN: markdown.export}


def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; - is standard output.", show_default=False)] = _STANDARD,
    form: Annotated[
        Format | None, typer.Option("--format", help="jsonl, to import again; markdown, to read. The file's ending decides.")
    ] = None,
    person: Person = None,
    place: Place = None,
    companion: Companion = None,
    since: Since = None,
    until: Until = None,
    search: Search = None,
    pinned: Pinned = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Write all memories, or those the options name, to a file.

    JSON Lines can be imported again; docs/keeping.md names their fields. Markdown has a section for each place and a
    heading for each day.
    """
    chosen = selection(person, place, companion, since, until, search, pinned)
    writer = _WRITERS[form or (Format.MARKDOWN if file.suffix.lower() in (".md", ".markdown") else Format.JSONL)]
    with opened(settings(ctx)) as app:
        must_be_there(app)
        if file == _STANDARD:
            count = writer(app.memories.database, sys.stdout.buffer, chosen)
            sys.stdout.buffer.flush()
        else:
            count = app.memories.exports.write(file, chosen, writer)
    if as_json and file != _STANDARD:
        console.answer_json({"exported": count, "file": str(file)})
    else:
        console.say(f"{memories(count)} exported{'' if file == _STANDARD else f' to {file}'}.")


def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `familiar memory export` wrote; - is standard input.")],
    strict: Annotated[bool, typer.Option("--strict", help="Take nothing from a file with a malformed line.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Take the file's side wherever it differs from the diary.")] = False,
    restore: Annotated[bool, typer.Option("--restore", help="Bring back what was forgotten here.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Take the memories of a file into the diary.

    Importing again changes nothing. Where the diary holds other words in the same place and row, the newer ones stay.
    Malformed lines are named and left out.
    """
    with opened(settings(ctx)) as app:
        report = import_file(app.memories.database, None if file == _STANDARD else file, Rules(strict, replace, restore), _progress)
        app.memories.warm_up()
        _tell(report)
        if as_json:
            console.answer_json(
                {
                    "added": report.added,
                    "replaced": report.replaced,
                    "unchanged": report.unchanged,
                    "kept": report.kept,
                    "forgotten": report.forgotten,
                    "refused": report.refused,
                    "reasons": [{"line": number, "reason": reason} for number, reason in report.reasons],
                }
            )


def _tell(report: Report) -> None:
    for number, reason in report.reasons:
        console.say(f"line {number}: {console.brief(reason)}")
    if report.refused > len(report.reasons):
        console.say(f"and {report.refused - len(report.reasons)} more lines.")
    parts = [f"{memories(report.added)} added", f"{report.unchanged} there already"]
    others = (("replaced", report.replaced), ("kept as they are here", report.kept), ("left forgotten", report.forgotten))
    parts += [f"{count} {what}" for what, count in others if count]
    parts += [f"{console.counted(report.refused, 'malformed line', 'malformed lines')} left out"] if report.refused else []
    console.say(", ".join(parts) + ".")


def _progress(lines: int) -> None:
    if lines % 5000 == 0:
        console.aside(f"{lines:,} lines …")
