"""`familiar memory export` and `import`: memories as a file."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import ImportRefused
from ..memory import markdown, transfer
from ..memory.chats import import_chats, sources
from ..memory.importers.conversation import Attribution
from ..memory.importers.formats import Format as Chats
from ..memory.intake import Report, Rules, import_file
from . import console
from .options import AsJson, DataDir, Verbose, cleaned, settings
from .program import opened
from .which import Companion, Person, Pinned, Place, Search, Since, Until, memories, must_be_there, selection

_STANDARD = Path("-")


class Format(StrEnum):
    """What an export is written as."""

    JSONL = "jsonl"
    MARKDOWN = "markdown"


class Origin(StrEnum):
    """Which program wrote what is imported."""

    FAMILIAR = "familiar"
    SILLYTAVERN = Chats.SILLYTAVERN
    WEBUI = Chats.WEBUI
    CHATGPT = Chats.CHATGPT


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
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file, or a folder of chats; - is standard input.")],
    form: Annotated[
        Origin | None, typer.Option("--from", help="Which program wrote it, where that is not recognised.", show_default=False)
    ] = None,
    person: Annotated[
        str | None, typer.Option("--as", metavar="PERSON", callback=cleaned, help="Who spoke in the chats.", show_default=False)
    ] = None,
    companion: Annotated[
        str | None,
        typer.Option("--companion", metavar="NAME", callback=cleaned, help="Who answered, whomever the chats name.", show_default=False),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Take nothing at all where something is malformed.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Take the file's side wherever it differs from the diary.")] = False,
    restore: Annotated[bool, typer.Option("--restore", help="Bring back what was forgotten here.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Take memories into the diary, or the chats of other programs.

    It takes what `familiar memory export` wrote, chats of SillyTavern (.jsonl), the logs of text-generation-webui
    (user_data/logs) and ChatGPT's export (the zip, or conversations.json).

    Importing again changes nothing. Where the diary holds other words in the same place and row, the newer ones stay.
    What is malformed is named and left out: a line of memories, or a chat whole.
    """
    rules = Rules(strict, replace, restore)
    with opened(settings(ctx)) as app:
        foreign = form not in (None, Origin.FAMILIAR) or bool(person or companion)
        ours = form == Origin.FAMILIAR or file == _STANDARD or not (file.is_file() or file.is_dir())  # a pipe can be read only once
        files = [] if ours else sources(file, None if form is None else Chats(form))
        if not files and (foreign or file.is_dir()):
            raise ImportRefused(f"There is no chat of another program in {file}. Name its file, or the folder it lies in.")
        if files:
            whose = Attribution(person or app.settings.person, companion or "")
            report = import_chats(app.memories.database, files, whose, rules, _chats)
        else:
            report = import_file(app.memories.database, None if file == _STANDARD else file, rules, _lines)
        app.memories.warm_up()
        _tell(report, "chat" if files else "line")
        if as_json:
            console.answer_json(_counts(report))


def _counts(report: Report) -> dict[str, Any]:
    return {
        "chats": report.chats,
        "added": report.added,
        "replaced": report.replaced,
        "unchanged": report.unchanged,
        "kept": report.kept,
        "forgotten": report.forgotten,
        "facts": report.facts,
        "summaries": report.summaries,
        "outdated": report.outdated,
        "refused": report.refused,
        "reasons": [{"line" if isinstance(where, int) else "file": where, "reason": reason} for where, reason in report.reasons],
    }


def _tell(report: Report, what: str) -> None:
    for where, reason in report.reasons:
        console.say(f"{f'line {where}' if isinstance(where, int) else console.brief(where)}: {console.brief(reason)}")
    if report.refused > len(report.reasons):
        console.say(f"and {report.refused - len(report.reasons)} more {what}s.")
    parts = [console.counted(report.chats, "chat read", "chats read")] if what == "chat" else []
    parts += [f"{memories(report.added)} added", f"{report.unchanged} there already"]
    others = (("replaced", report.replaced), ("kept as they are here", report.kept), ("left forgotten", report.forgotten))
    parts += [f"{count} {text}" for text, count in others if count]
    derived = ((report.facts, "fact", "facts"), (report.summaries, "summary", "summaries"))
    parts += [f"{console.counted(*each)} taken" for each in derived if each[0]]
    outdated = console.counted(report.outdated, "summary", "summaries")
    parts += [f"{outdated} of other words than are here left out"] if report.outdated else []
    parts += [f"{console.counted(report.refused, f'malformed {what}', f'malformed {what}s')} left out"] if report.refused else []
    console.say(", ".join(parts) + ".")


def _lines(done: int) -> None:
    if done % 5000 == 0:
        console.aside(f"{done:,} lines …")


def _chats(done: int) -> None:
    if done % 100 == 0:
        console.aside(f"{done:,} chats …")
