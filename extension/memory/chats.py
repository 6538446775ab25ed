"""The intake of chats from other programs: file by file, each looked through before anything of it is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..database import Database
from ..errors import ImportRefused
from .importers.conversation import Attribution, Conversation
from .importers.formats import READERS, Format, chats_in, guessed, recognised
from .intake import DEFAULT, Report, Rules
from .joining import join

Progress = Callable[[int], Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A file with chats, and the name it is called by in a report."""

    path: Path
    form: Format
    name: str


def sources(path: Path, form: Format | None = None) -> list[Source]:
    """Return the files with chats at a path: the file itself, or those in the folder and below that hold any.

    None lets each file say by itself whose format it has. Raises ImportRefused.
    """
    try:
        if path.is_dir():
            found = [(each, own or form or guessed(each)) for each, own in chats_in(path) if own is None or form in (None, own)]
            return [Source(each, own, each.relative_to(path).as_posix()) for each, own in found]
        own = form or recognised(path)
        return [Source(path, own, path.name)] if own is not None else []
    except OSError as exc:
        raise ImportRefused(f"Cannot read {path}: {exc.strerror}. Name a file or folder that you may read.") from exc


def import_chats(
    database: Database, files: list[Source], whose: Attribution, rules: Rules = DEFAULT, progress: Progress = lambda chats: None
) -> Report:
    """Take the chats of files into the diary, and return what became of their turns.

    A chat goes in whole or not at all, and a broken file not at all. `progress` is told how many chats are done. Raises
    ImportRefused, when strict, for the first file or chat that is malformed, and then nothing was taken; StoreError.
    """
    report = Report()
    for source in files if rules.strict else ():
        wrong, _ = _looked_through(source, whose)
        if wrong:
            raise ImportRefused(f"Nothing was imported: {source.name}: {wrong[0]}. Mend it, or import without --strict to skip it.")
    for source in files:
        wrong, broken = _looked_through(source, whose)
        for reason in wrong:
            report.refuse(source.name, reason)
        if not broken:
            _take(database, source, whose, rules, report, progress)
    return report


def _looked_through(source: Source, whose: Attribution) -> tuple[list[str], bool]:
    """Return what is wrong with the chats of a file, and whether all of the file is broken."""
    wrong = []
    try:
        for found in READERS[source.form](source.path, whose):
            if isinstance(found, ImportRefused):
                wrong.append(str(found))
    except (ImportRefused, OSError) as exc:
        return [_reason(exc)], True
    return wrong, False


def _take(database: Database, source: Source, whose: Attribution, rules: Rules, report: Report, progress: Progress) -> None:
    try:
        for found in READERS[source.form](source.path, whose):
            if isinstance(found, Conversation):
                join(database, found, whose, rules, report)
                progress(report.chats)
    except (ImportRefused, OSError) as exc:  # it repeats itself endlessly, or was changed while it was read
        report.refuse(source.name, _reason(exc))


def _reason(exc: ImportRefused | OSError) -> str:
    return str(exc) if isinstance(exc, ImportRefused) else f"it cannot be read: {exc.strerror}"
