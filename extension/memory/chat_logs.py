"""Chat logs: what was said, as plain text in a file for each day, for people and other programs to read.

They are written beside the diary and never read for recall. An entry carries the number of its exchange, by which forgetting finds it.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator, Set
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path

import sqlalchemy as sa

from ..database import Database, watermark
from ..errors import StoreError
from ..messages import Turn
from ..settings import replace_text
from ..tables import forgotten
from .diary import Answer
from .rows import clean

log = logging.getLogger(__name__)

WAIT = 5.0
"""Seconds to wait for another process that writes into the folder."""
_ENTRY = re.compile(r"^## Interaction$", re.MULTILINE)
_EXCHANGE = re.compile(r"^- exchange: (\d+)$", re.MULTILINE)
_DONE = ".forgotten"
"""Names the file that holds the revision of the newest forgetting that reached the logs."""


class ChatLogs:
    """The chat logs of one data directory. Writes nothing until it is switched on. Safe to use from several threads and processes."""

    def __init__(self, database: Database, data_dir: Path, zone: tzinfo | None = None) -> None:
        """`zone` is the time zone that days are counted in; None is the machine's."""
        self._database = database
        self._zone = zone
        self.folder = data_dir / "chat-logs"
        self.on = False

    def append(self, turn: Turn, answer: Answer, number: int) -> None:
        """Write an exchange at the end of its day's file, whole or not at all, if that is switched on. Never raises."""
        if not self.on:
            return
        when = turn.when.astimezone(self._zone)
        try:
            with self._locked():
                _append(self.folder / f"{when:%Y-%m-%d}.md", entry(turn, answer, number, self._zone).encode())
        except OSError as exc:
            log.warning("The chat log in %s could not be written: %s. The diary has what was said.", self.folder, exc.strerror or exc)

    def tidy(self) -> None:
        """Remove the entries of exchanges that the diary does not hold any more. Raises StoreError.

        Files that cannot be changed now are said in the log, and tried again the next time.
        """
        if not self.folder.is_dir():
            return
        newest, gone = self._forgotten()
        if not gone:
            return
        try:
            with self._locked():
                for path in sorted(self.folder.glob("*.md")):
                    _without(path, gone)
                (self.folder / _DONE).write_text(str(newest), encoding="ascii")
        except (OSError, StoreError) as exc:
            log.warning("What was forgotten is not yet removed from the chat logs in %s: %s", self.folder, exc)

    def _forgotten(self) -> tuple[int, set[int]]:
        """Return the exchanges that were removed since this was done last, and the revision that this comes up to."""
        query = sa.select(forgotten.c.exchange_id, forgotten.c.revision)
        with self._database.read() as connection:
            done = self._done()
            if done > watermark(connection, "revision"):  # of another diary, which was here before
                done = 0
            rows = connection.execute(query.where(forgotten.c.revision > done)).all()
        return max((int(row.revision) for row in rows), default=0), {int(row.exchange_id) for row in rows}

    def _done(self) -> int:
        try:
            return int((self.folder / _DONE).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let nobody else write into the folder meanwhile. Raises OSError (a Timeout is one) when that cannot be had."""
        from filelock import FileLock

        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(self.folder / ".lock", timeout=WAIT):
            yield


def entry(turn: Turn, answer: Answer, number: int, zone: tzinfo | None = None) -> str:
    """Return an exchange as the log has it. Nothing that was said can look like another entry: JSON has no line breaks in its texts."""
    said = json.dumps({"request": clean(turn.said), "reply": clean(answer.reply)}, ensure_ascii=False, indent=2)
    who = turn.person.id if turn.person.shown == turn.person.id else f"{turn.person.shown} ({turn.person.id})"
    told = {
        "who": who,
        "when": turn.when.astimezone(zone).isoformat(timespec="seconds"),
        "companion": turn.companion,
        "where": turn.place.title or turn.place.id,
        "exchange": str(number),
    }
    lines = "\n".join(f"- {key}: {' '.join(clean(text).split())}" for key, text in told.items())
    return f"## Interaction\n\n{lines}\n\n```json\n{said}\n```\n\n"


def _append(path: Path, data: bytes) -> None:
    """Append in one piece. Raises OSError, and then nothing of it is there."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        end = os.fstat(descriptor).st_size
        try:
            if os.write(descriptor, data) < len(data):
                raise OSError(None, "the disk is full")
        except OSError:
            os.ftruncate(descriptor, end)
            raise
    finally:
        os.close(descriptor)


def _without(path: Path, gone: Set[int]) -> None:
    """Write a day's file anew without some exchanges, where it holds any of them."""
    text = path.read_text(encoding="utf-8", errors="replace")  # somebody may have written into it
    starts = [found.start() for found in _ENTRY.finditer(text)]
    entries = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    kept = [each for each in entries if not ((found := _EXCHANGE.search(each)) and int(found[1]) in gone)]
    if len(kept) == len(entries):
        return
    left = text[: starts[0]] + "".join(kept)
    if left.strip():
        replace_text(path, left, mode=0o600)
    else:
        path.unlink()
