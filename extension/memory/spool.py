"""The spool: where a turn is kept when the diary cannot be written, so that nothing said is lost.

A line of JSON for each turn, appended and synced to disk. It lies beside the diary, or in the system's temporary
folder when the data directory cannot be written, or in memory when nothing can; and it is drained into the diary,
oldest first, as soon as that takes writes again.
"""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any

from ..errors import StoreError
from ..messages import Person, Place, Turn, digest
from ..settings import replace_text
from .diary import Answer

log = logging.getLogger(__name__)

Write = Callable[[Turn, Answer], Any]
_LARGEST = 2**63
DAMAGED = ".damaged"
_SAID = re.compile(r'"said": "((?:[^"\\]|\\.)+)("?)')
"""What was said in a line, as JSON has it and as far as the line goes, and the quote that ends it."""


class Spool:
    """Keeps turns that could not be written. Never raises for a full or read-only disk. Safe to use from several threads."""

    def __init__(self, data_dir: Path, temporary: Path | None = None, wait: float = 10.0) -> None:
        """`wait` is how many seconds another process that reads or writes the same file is waited for."""
        elsewhere = (temporary or Path(tempfile.gettempdir())) / f"familiar-{_owner()}"
        self._paths = (data_dir / "unsaved.jsonl", elsewhere / f"unsaved-{digest(str(data_dir))[:12]}.jsonl")
        self._wait = wait
        self._in_memory: list[str] = []
        self._done: dict[Path, tuple[int, int]] = {}
        """Files that were drained and could not be removed, as they were then."""
        self._lock = Lock()

    def append(self, turn: Turn, answer: Answer) -> str:
        """Keep a turn and return where it is kept, for the log."""
        text = json.dumps({"turn": _plain(turn), "answer": asdict(answer)}, ensure_ascii=True)
        with self._lock:
            for path in self._paths:
                if self._is_ours(path) and _append(path, text, self._wait):
                    return str(path)
            self._in_memory.append(text)
        return "memory (no folder can be written: free space, or mend the permissions, before you stop this process)"

    def waiting(self) -> int:
        """Return how many turns are kept."""
        with self._lock:
            return len(self._in_memory) + sum(_count(path) for path in self._paths if self._is_open(path))

    def drain(self, write: Write) -> int:
        """Give every kept turn to `write`, oldest first, and return how many there were.

        What `write` raises goes on to the caller, and then everything stays: to write a turn again changes nothing. A
        file that cannot be read now waits for the next time.
        """
        if not self._in_memory and not any(self._is_open(path) for path in self._paths):
            return 0
        with self._lock, ExitStack() as locks:
            here = [path for path in self._paths if self._is_open(path) and _locked(path, locks, self._wait)]
            files = {path: found for path in here if (found := _read(path)) is not None}
            lines = [*(text for found in files.values() for text in found), *self._in_memory]
            turns = sorted(filter(None, map(_parsed, lines)), key=lambda pair: pair[0].when)
            for turn, answer in turns:
                write(turn, answer)
            self._in_memory.clear()
            for path, found in files.items():
                self._finish(path, [text for text in found if text and not _parsed(text)])
        if turns:
            log.info("%d turns that had been kept aside are in the diary now.", len(turns))
        return len(turns)

    def forget(self, said: Callable[[], Iterable[str]]) -> int:
        """Remove damaged turns in which one of these texts was said, and return how many: they never come into the diary.

        `said` is asked for only where there are damaged turns.
        """
        with self._lock:
            files = [path for path in (each.with_suffix(DAMAGED) for each in self._paths) if path.is_file() and self._is_ours(path)]
            texts = sorted(json.dumps(text)[1:-1] for text in set(said()) if text) if files else []
            return sum(_without(path, texts) for path in files)

    def _is_open(self, path: Path) -> bool:
        return path.is_file() and self._is_ours(path) and self._done.get(path) != _stamp(path)

    def _is_ours(self, path: Path) -> bool:
        """Return whether no other user of the machine put this file, or its folder, into the temporary folder all can write."""
        if path == self._paths[0]:
            return True
        try:
            return all(not each.is_symlink() and each.stat().st_uid == _owner() for each in (path.parent, path) if os.path.lexists(each))
        except OSError:
            return False

    def _finish(self, path: Path, damaged: Sequence[str]) -> None:
        """Remove a file that was drained, its damaged lines to another one."""
        aside = path.with_suffix(DAMAGED)
        try:
            for text in damaged:
                log.error("A kept turn is damaged; it was moved to %s.", aside)
                _put(aside, text.encode("ascii", "backslashreplace").decode())
            path.unlink()
        except OSError as exc:
            log.warning("The turns kept in %s are in the diary, but the file cannot be removed: %s", path, exc)
            self._done[path] = _stamp(path)


def _append(path: Path, text: str, wait: float) -> bool:
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(path.with_suffix(".lock"), timeout=wait):
            _put(path, text)
    except (OSError, Timeout):
        return False
    return True


def _locked(path: Path, locks: ExitStack, wait: float) -> bool:
    from filelock import FileLock, Timeout

    try:
        locks.enter_context(FileLock(path.with_suffix(".lock"), timeout=wait))
    except (OSError, Timeout) as exc:
        log.warning("The turns kept in %s wait for the next time: %s", path, exc)
        return False
    return path.is_file()


def _put(path: Path, text: str) -> None:
    """Append a line, whole or not at all, and on a line of its own though the one before was torn off."""
    with path.open("ab+", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(end - 1, 0))
        torn = file.read(1) not in (b"", b"\n")
        left = memoryview(b"\n" * torn + text.encode("ascii") + b"\n")
        try:
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(end)
            raise


def _read(path: Path) -> list[str] | None:
    try:
        return path.read_text(encoding="ascii", errors="replace").split("\n")
    except OSError as exc:
        log.warning("The turns kept in %s cannot be read now: %s", path, exc)
        return None


def _without(path: Path, texts: Sequence[str]) -> int:
    """Remove the lines of a file in which one of these texts, which are in order, was said, whole or torn off."""
    lines = _read(path) or []
    kept = [line for line in lines if not _tells(line, texts)]
    try:
        if any(kept):
            replace_text(path, "\n".join(kept))
        elif lines:
            path.unlink()
    except (OSError, StoreError) as exc:
        log.warning("Damaged turns that were forgotten could not be removed from %s: %s", path, exc)
        return 0
    return len(lines) - len(kept)


def _tells(line: str, texts: Sequence[str]) -> bool:
    found = _SAID.search(line)
    if found is None:
        return False
    at = bisect_left(texts, found[1])
    return at < len(texts) and (texts[at] == found[1] if found[2] else texts[at].startswith(found[1]))


def _parsed(text: str) -> tuple[Turn, Answer] | None:
    """Return the turn and answer of a line, or None for an empty or damaged one."""
    try:
        found = json.loads(text)
        given = found["turn"]
        person, place = Person(**given["person"]), Place(**given["place"])
        when = datetime.fromisoformat(given["when"]).astimezone(UTC)
        turn = Turn(**{**given, "person": person, "place": place, "when": when})
        told = found["answer"]
        excerpts = tuple(map(tuple, told.get("excerpts", ())))
        answer = Answer(**{**told, "memories": tuple(told["memories"]), "excerpts": excerpts})
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    return (turn, answer) if _is_sound(turn, answer) else None


def _is_sound(turn: Turn, answer: Answer) -> bool:
    """Return whether the diary can take these values: a line it refused would keep all others waiting for ever."""
    names = (turn.companion, turn.branch, turn.person.id, turn.person.name, turn.place.id, turn.place.title)
    words = (turn.said, answer.reply, answer.reasoning, answer.model, answer.adapter)
    numbers = (turn.row, *answer.memories, *chain(*answer.excerpts))
    return all(type(text) is str for text in (*names, *words)) and all(type(number) is int and abs(number) < _LARGEST for number in numbers)


def _owner() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_size, found.st_mtime_ns)


def _count(path: Path) -> int:
    try:
        return sum(1 for line in path.read_bytes().split(b"\n") if line)
    except OSError:
        return 0


def _plain(turn: Turn) -> dict[str, Any]:
    return {**asdict(turn), "when": turn.when.isoformat()}
