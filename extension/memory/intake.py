"""The intake of memories from a file that `transfer` wrote: line by line into the diary, as often as one likes.

Lines go in by batches of one transaction each, so that other programs get to write between them, and a kill in the
middle leaves a part that the next import finds there and goes on from.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa

from ..database import Database
from ..errors import ImportRefused
from ..messages import Exchange, Person, Place, Turn, digest
from ..tables import exchange, extraction, forgotten, person, place
from .attributes import subject
from .diary import Answer, Entry, bury, insert_all
from .extraction import Found
from .facts import exchange_of, found_in, keep
from .lines import AnyLine, Epitome, Line, Note, Tombstone, parsed
from .rows import clean, clean_turn, slices
from .summary_lines import take
from .transfer import read

_BATCH = 500
_NAMED = 20
"""Refused lines whose reasons are kept; of more, only the number."""

Key = tuple[str, int, str]


@dataclass
class Report:
    """What became of the lines of a file, or of the turns of chats."""

    chats: int = 0
    """Conversations of another program that were read."""
    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    kept: int = 0
    """The diary has other words in that place, which stayed: they are as new or newer."""
    forgotten: int = 0
    """Their words were forgotten here, and stay so."""
    facts: int = 0
    """Facts that were taken."""
    summaries: int = 0
    """Summaries that were taken."""
    outdated: int = 0
    """Summaries that were not: what they stand for is not all here, or in other words. They are made anew."""
    refused: int = 0
    reasons: list[tuple[int | str, str]] = field(default_factory=list)
    """(line number or file, what is wrong with it) of the first refused lines or chats."""

    def refuse(self, where: int | str, reason: str) -> None:
        """Count a line or a chat that is not taken."""
        self.refused += 1
        if len(self.reasons) < _NAMED:
            self.reasons.append((where, reason))


@dataclass(frozen=True, slots=True)
class Rules:
    """How an import decides."""

    strict: bool = False
    """Take nothing at all from a file with a line that would be refused."""
    replace: bool = False
    """Take the file's side wherever it differs from the diary."""
    restore: bool = False
    """Bring back what was forgotten."""


DEFAULT = Rules()


def import_file(
    database: Database, path: Path | None, rules: Rules = DEFAULT, progress: Callable[[int], Any] = lambda lines: None
) -> Report:
    """Take the memories of a file (None: of standard input) into the diary, and return what became of its lines.

    `progress` is told how many lines are done. Raises ImportRefused for a file that is none of ours or that cannot be
    read, and, when strict, for the first line that is malformed; StoreError when the diary fails.
    """
    report = Report()
    with _opened(path) as file:
        if rules.strict:
            for number, text in read(file):
                _strict(number, text)
            file.seek(0)
        intake = _Intake(database, rules, report)
        lines = _parsed(file, report)
        done = 0
        while batch := list(islice(lines, _BATCH)):
            intake.take(batch)
            done += len(batch)
            progress(done)
        intake.link()
        intake.sum_up()
    return report


class _Intake:
    """One import under way."""

    def __init__(self, database: Database, rules: Rules, report: Report) -> None:
        self._database, self._rules, self._report = database, rules, report
        self._people: dict[str, Person] = {}
        self._places: dict[str, Place] = {}
        self._unlinked: list[tuple[int, tuple[Key, ...]]] = []
        self._new: dict[Key, tuple[Line, Entry, bool]] = {}
        """Lines of the batch that are still to be inserted, all together, and whether they name a memory that is not there yet."""
        self._epitomes: list[Epitome] = []

    def take(self, batch: list[AnyLine]) -> None:
        """Write some lines in one transaction; summaries wait for what they stand for."""
        lines = [line for line in batch if isinstance(line, Line)]
        self._epitomes += [line for line in batch if isinstance(line, Epitome)]
        with self._database.write() as connection:
            held = _held(connection, [_key(line) for line in lines])
            gone = _forgotten(connection, lines)
            for line in batch:
                if isinstance(line, Tombstone):
                    _bury_words(connection, line)
                    gone.add((clean(line.person), line.digest))
                if not isinstance(line, Line):
                    continue
                key = _key(line)
                if key in self._new:  # a file may say the same row twice
                    self._insert(connection)
                    held |= _held(connection, [key])
                self._take(connection, line, held.get(key), gone)
            self._insert(connection)

    def link(self) -> None:
        """Name the memories that replies were given with where they came later in the file than the replies."""
        for start in range(0, len(self._unlinked), _BATCH):
            with self._database.write() as connection:
                for number, keys in self._unlinked[start : start + _BATCH]:
                    ids = [found for key in keys if (found := _id(connection, key)) is not None]
                    connection.execute(sa.update(exchange).where(exchange.c.id == number).values(memories=json.dumps(ids)))

    def sum_up(self) -> None:
        """Write the summaries of what is here."""
        for some in slices(self._epitomes, _BATCH):
            with self._database.write() as connection:
                for line in some:
                    taken = take(connection, line, replace=self._rules.replace)
                    self._report.summaries += taken is True
                    self._report.outdated += taken is None

    def _take(self, connection: sa.Connection, line: Line, found: Any, gone: Collection[tuple[str, str]]) -> None:
        turn = self._turn(connection, line)
        if found is not None and _same(found, line):
            self._report.unchanged += 1
            self._note(connection, found.id, turn, line)
            return
        if found is not None and not self._rules.replace and not _newer(found, line):
            self._report.kept += 1
            self._note(connection, found.id, turn, line)
            return
        if not self._rules.restore and (turn.person.id, line.original or _digest(line)) in gone:
            self._report.forgotten += 1
            return
        if found is not None:
            bury(connection, found, for_good=False)
            self._report.replaced += 1
        else:
            self._report.added += 1
        self._add(connection, turn, line)

    def _add(self, connection: sa.Connection, turn: Turn, line: Line) -> None:
        if any(_cleaned(key) in self._new for key in line.memories):
            self._insert(connection)
        ids = [_id(connection, key) for key in line.memories]
        shown = tuple(number for number in ids if number is not None)
        answer = Answer(line.reply, line.reasoning, line.model, line.adapter, shown)
        further = {"feedback": line.feedback, "pinned": line.pinned, "original": line.original}
        self._new[_key(line)] = (line, Entry(turn, answer, further), None in ids)

    def _insert(self, connection: sa.Connection) -> None:
        new = list(self._new.values())
        numbers = insert_all(connection, [entry for _, entry, _ in new])
        self._unlinked += [(number, line.memories) for number, (line, _, later) in zip(numbers, new, strict=True) if later]
        self._new.clear()
        for number, (line, entry, _) in zip(numbers, new, strict=True):
            self._note(connection, number, entry.turn, line)

    def _note(self, connection: sa.Connection, number: int, turn: Turn, line: Line) -> None:
        """Take the facts of a line whose words are those of an exchange, where nobody looked for facts in it here."""
        spoke = exchange_of(connection, number) if line.facts is not None else None
        if line.facts is None or spoke is None or (spoke.said, spoke.person.id) != (turn.said, turn.person.id):
            return
        looked = connection.execute(sa.select(extraction.c.exchange_id).where(extraction.c.exchange_id == number)).first() is not None
        notes = [_found(note, spoke) for note in line.facts]
        if not looked or (self._rules.replace and found_in(connection, number) != notes):
            keep(connection, spoke, notes)
            self._report.facts += len(notes)

    def _turn(self, connection: sa.Connection, line: Line) -> Turn:
        who, where = self._person(connection, line), self._place(connection, line)
        return clean_turn(Turn(who, where, line.companion, line.said, line.row, line.when, line.branch))

    def _person(self, connection: sa.Connection, line: Line) -> Person:
        """Return who spoke, under the name known here where one is."""
        key = clean(line.person)
        if key not in self._people:
            name = connection.execute(sa.select(person.c.name).where(person.c.id == key)).scalar()
            self._people[key] = Person(key, name or line.person_name)
        return self._people[key]

    def _place(self, connection: sa.Connection, line: Line) -> Place:
        """Return where it was said. What is known here of a place stays: a file does not make a private one shared."""
        key = clean(line.place)
        if key not in self._places:
            found = connection.execute(sa.select(place).where(place.c.id == key)).first()
            title = found.title if found is not None and found.title else line.place_title
            self._places[key] = Place(key, line.shared if found is None else bool(found.shared), title)
        return self._places[key]


def _at(key: Key) -> sa.ColumnElement[bool]:
    return sa.and_(exchange.c.place_id == key[0], exchange.c.row == key[1], exchange.c.branch == key[2])


def _key(line: Line) -> Key:
    return _cleaned((line.place, line.row, line.branch))


def _cleaned(key: Key) -> Key:
    return (clean(key[0]), key[1], clean(key[2]))


def _held(connection: sa.Connection, keys: Sequence[Key]) -> dict[Key, Any]:
    """Return the exchanges that are in these places and rows."""
    columns = exchange.c
    there = sa.tuple_(columns.place_id, columns.row, columns.branch)
    rows = [row for some in slices(dict.fromkeys(keys)) for row in connection.execute(sa.select(exchange).where(there.in_(some)))]
    return {(row.place_id, row.row, row.branch): row for row in rows}


def _forgotten(connection: sa.Connection, lines: Sequence[Line]) -> set[tuple[str, str]]:
    """Return (person, digest) of which of these words were forgotten, by anybody."""
    found: set[tuple[str, str]] = set()
    for some in slices({line.original or _digest(line) for line in lines}):
        query = sa.select(forgotten.c.person_id, forgotten.c.digest).where(forgotten.c.digest.in_(some))
        found |= {(row[0], row[1]) for row in connection.execute(query)}
    return found


def _id(connection: sa.Connection, key: Key) -> int | None:
    found = connection.execute(sa.select(exchange.c.id).where(_at(_cleaned(key)))).scalar()
    return None if found is None else int(found)


def _digest(line: Line) -> str:
    return digest(clean(line.said), clean(line.reply))


def _same(found: Any, line: Line) -> bool:
    """Whether a row holds what the line says. What was shown to the model is left out: it only names other rows."""
    texts = ("said", "reply", "reasoning", "model", "adapter", "companion", "original")
    if any(getattr(found, name) != clean(getattr(line, name)) for name in texts) or found.person_id != clean(line.person):
        return False
    judged = (found.feedback, bool(found.pinned)) == (line.feedback, line.pinned)
    return judged and abs(float(found.said_at) - line.when.timestamp()) < 1e-3


def _newer(found: Any, line: Line) -> bool:
    return bool(found.digest != _digest(line) and line.when.timestamp() > found.said_at)


def _is_forgotten(connection: sa.Connection, who: Person, key: str) -> bool:
    query = sa.select(forgotten.c.exchange_id).where(forgotten.c.person_id == who.id, forgotten.c.digest == key).limit(1)
    return connection.execute(query).first() is not None


def _bury_words(connection: sa.Connection, line: Tombstone) -> None:
    """Remember that words were forgotten. No index has seen them here, so the tombstone has no exchange, realm and revision."""
    who = Person(clean(line.person))
    if _is_forgotten(connection, who, line.digest):
        return
    lowest = connection.execute(sa.select(sa.func.min(forgotten.c.exchange_id))).scalar() or 0
    values = {"exchange_id": min(lowest, 0) - 1, "realm_id": 0, "person_id": who.id, "digest": line.digest, "revision": 0}
    connection.execute(sa.insert(forgotten).values(**values))


def _found(note: Note, spoke: Exchange) -> Found:
    about, attribute = clean(note.about), clean(note.attribute)
    return Found(about, attribute, clean(note.value), subject(spoke.person.id if note.speaker else about, attribute), note.ends)


def _parsed(file: BinaryIO, report: Report) -> Iterator[AnyLine]:
    for number, text in read(file):
        try:
            if isinstance(text, ImportRefused):
                raise text
            line = parsed(text)
        except ImportRefused as exc:
            report.refuse(number, str(exc))
        else:
            yield line


def _strict(number: int, text: bytes | ImportRefused) -> None:
    try:
        if isinstance(text, ImportRefused):
            raise text
        parsed(text)
    except ImportRefused as exc:
        raise ImportRefused(f"Nothing was imported: line {number}: {exc}. Mend the line, or import without --strict to skip it.") from None


@contextmanager
def _opened(path: Path | None) -> Iterator[BinaryIO]:
    """The file, readable twice. What comes from a pipe is put into a file first."""
    import sys

    try:
        if path is not None and path.is_file():
            with path.open("rb") as file:
                yield file
            return
        with tempfile.TemporaryFile() as kept:
            if path is None:
                shutil.copyfileobj(sys.stdin.buffer, kept)
            else:
                with path.open("rb") as pipe:
                    shutil.copyfileobj(pipe, kept)
            kept.seek(0)
            yield kept
    except OSError as exc:
        raise ImportRefused(
            f"Cannot read {path or 'standard input'}: {exc.strerror}. Name a file that `familiar memory export` wrote."
        ) from exc
