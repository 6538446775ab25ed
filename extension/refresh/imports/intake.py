"""The import of chats: every file looked through whole before anything of it is kept, and then kept whole or not at all."""

from __future__ import annotations

import json
import os
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from errno import ENOSPC
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from ...errors import ImportRefused
from ..chats import Added, Chat, Chats, File
from ..lines import Line
from .archive import unpacked
from .export import Dropped, Export
from .formats import FORMATS, format_of, may_be_chat, read

_PIECE = 1024 * 1024
_OFTEN = 20_000
"""Messages between two times that progress is told."""
Progress = Callable[[str, int], Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds, and what became of it."""

    name: str
    format: str = ""
    chats: tuple[Chat, ...] = ()
    lines: int = 0
    people: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Names and messages by ids, who wrote most first."""
    since: datetime | None = None
    until: datetime | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)
    added: Added | None = None
    """None for one that was only looked at."""
    refused: str = ""
    """What is wrong with a file of which nothing was taken."""

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        added = self.added
        return {
            "file": self.name,
            "format": self.format,
            "chats": [{"id": each.id, "title": each.title} for each in self.chats],
            "lines": self.lines,
            "people": [{"id": number, "name": name, "lines": lines} for number, (name, lines) in self.people.items()],
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "dropped": dict(self.dropped),
            "kept": None if added is None else {name: getattr(added, name) for name in ("added", "changed", "there", "forgotten")},
            "refused": self.refused,
        }


@dataclass(frozen=True, slots=True)
class Wish:
    """How files are to be read."""

    me: str = "me"
    form: str = ""
    """The format; empty lets each file say it."""
    zone: tzinfo | None = None


def take(chats: Chats | None, path: Path, wish: Wish, progress: Progress = lambda name, lines: None) -> Iterator[Found]:
    """Import the chats of a file, a zip, or a folder of both, and yield what became of each file; with no `chats`, only look.

    `progress` is told now and then how many messages of which file were read.
    A file that is malformed is yielded with what is wrong. Raises ImportRefused when there is no chat at all, StoreError.
    """
    if wish.form and wish.form not in FORMATS:
        raise ImportRefused(f"There is no format {wish.form!r}. There are {', '.join(FORMATS)}.")
    any_ = False
    try:
        for export, form in _files(path, wish):
            any_ = True
            yield _one(chats, export, form, progress)
        for each in _zips(path):
            any_ = True
            yield from _within(chats, each, wish, progress)
    except OSError as exc:
        advice = "Free some space" if exc.errno == ENOSPC else "Name a file or folder that you may read"
        raise ImportRefused(f"Cannot read {path}: {exc.strerror or type(exc).__name__}. {advice}.") from exc
    if not any_:
        advice = "docs/chats.md says how to export from each program; --format says which format a file has"
        raise ImportRefused(f"There is no chat in {path} that is recognised. {advice}.")


def called(name: str, found: Iterable[Found]) -> list[str]:
    """Return the ids of those who are called so in files, in capitals or not. Raises ImportRefused where nobody is."""
    wanted = name.strip().casefold()
    ids = {number: None for each in found for number, (own, _) in each.people.items() if wanted in (own.casefold(), number.casefold())}
    if not ids:
        raise ImportRefused(
            f"Nobody in these chats is called {name[:200]!r}. The names are those that the import shows; say it again with one."
        )
    return list(ids)


def _within(chats: Chats | None, archive: Path, wish: Wish, progress: Progress) -> Iterator[Found]:
    """Import a zip that lies in a folder; what is wrong with it ends nothing else."""
    try:
        yield from take(chats, archive, wish, progress)
    except ImportRefused as exc:
        yield Found(archive.name, refused=str(exc))


def _zips(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (each for each in _in(folder) if each.suffix.lower() == ".zip" and zipfile.is_zipfile(each))


def _files(path: Path, wish: Wish) -> Iterator[tuple[Export, str]]:
    """Yield the files with chats at a path, with their formats. Raises ImportRefused, OSError."""
    if path.is_dir():
        for each in _in(path):
            if form := _form(each, wish, named=False):
                yield Export(each, each.relative_to(path).as_posix(), wish.me, wish.zone), form
    elif not wish.form and zipfile.is_zipfile(path):
        with _refusing(path), unpacked(path, may_be_chat) as folder:
            for each in _in(folder):
                if form := _form(each, wish, named=False):
                    inside = _called(each, folder, path)
                    yield Export(inside, f"{path.name}/{each.relative_to(folder).as_posix()}", wish.me, wish.zone), form
    elif form := _form(path, wish, named=True):
        yield Export(path, path.name, wish.me, wish.zone), form


def _called(each: Path, folder: Path, archive: Path) -> Path:
    """Return a file of a zip; one that lies on top and is called like all its kind, as `_chat.txt`, in a folder named as the zip."""
    if each.parent != folder or not each.stem.startswith("_chat"):
        return each
    named = folder / archive.stem
    named.mkdir(exist_ok=True)
    return each.rename(named / each.name)


def _form(path: Path, wish: Wish, *, named: bool) -> str:
    found = "" if wish.form and named else format_of(path)
    return wish.form if wish.form and (named or found == wish.form) else "" if wish.form else found


def _in(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and below, links left out. What cannot be read is no chat."""
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for each in (Path(here, name) for name in sorted(names) if not name.startswith(".")):
            if not each.is_symlink() and each.is_file() and os.access(each, os.R_OK):
                yield each


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except ImportRefused as exc:
        raise ImportRefused(f"{path.name}: {exc}.") from None


def _one(chats: Chats | None, export: Export, form: str, progress: Progress) -> Found:
    with TemporaryFile("w+", encoding="utf-8") as stage:
        try:
            found, staged = _staged(export, form, stage, progress)
        except ImportRefused as exc:
            return Found(export.name, form, refused=str(exc))
        except OSError as exc:
            return Found(export.name, form, refused=f"it cannot be read: {exc.strerror or type(exc).__name__}")
        if chats is None or not found.lines:
            return found
        stage.seek(0)
        added = chats.add(File(export.name, form, staged), found.chats, map(_line, stage), found.dropped, datetime.now(UTC))
    return replace(found, added=added)


def _staged(export: Export, form: str, stage: IO[str], progress: Progress) -> tuple[Found, str]:
    """Write the messages of a file aside, so that the database is not held while it is read, and return what they are, and a digest."""
    held: dict[str, Chat] = {}
    people: Counter[tuple[str, str]] = Counter()
    dropped: Counter[str] = Counter()
    since = until = None
    lines = 0
    for item in read(export, form):
        if isinstance(item, Dropped):
            dropped[item.reason] += 1
        elif isinstance(item, Chat):
            held[item.id] = item
        else:
            people[item.author, item.name] += 1
            lines += 1
            if lines % _OFTEN == 0:
                progress(export.name, lines)
            if item.at is not None:
                since, until = min(since or item.at, item.at), max(until or item.at, item.at)
            stage.write(_written(item))
    found = Found(export.name, form, tuple(held.values()), lines, _people(people), since, until, dict(dropped.most_common()))
    return found, _digest(export.path)


def _people(counts: Counter[tuple[str, str]]) -> dict[str, tuple[str, int]]:
    """Return the name somebody has most often, and all messages, by id."""
    names: dict[str, str] = {}
    lines: Counter[str] = Counter()
    for (author, name), count in counts.most_common():
        names.setdefault(author, name)
        lines[author] += count
    return {author: (names[author], count) for author, count in lines.most_common()}


def _written(line: Line) -> str:
    when = None if line.at is None else line.at.timestamp()
    values = (
        line.id,
        line.conversation,
        line.author,
        line.name,
        line.text,
        when,
        line.bot,
        line.reply_to,
        line.reactions,
        line.attachments,
    )
    return json.dumps(values) + "\n"


def _line(written: str) -> Line:
    number, chat, author, name, text, when, bot, reply_to, reactions, attachments = json.loads(written)
    at = None if when is None else datetime.fromtimestamp(when, UTC)
    made = tuple((emoji, count) for emoji, count in reactions)
    return Line(number, chat, author, name, text, at, bot, reply_to, made, tuple(attachments))


def _digest(path: Path) -> str:
    state = blake2b(digest_size=16)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            state.update(piece)
    return state.hexdigest()
