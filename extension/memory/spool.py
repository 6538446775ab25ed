"""The spool: where a turn is kept when the diary cannot be written, so that nothing said is lost.

A line of JSON for each turn, appended and synced to disk. It lies beside the diary, or in the system's temporary
folder when the data directory cannot be written, or in memory when nothing can; and it is drained into the diary as
soon as that takes writes again.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from ..errors import StoreError
from ..messages import Person, Place, Turn, digest
from .diary import Answer

log = logging.getLogger(__name__)


class Spool:
    """Keeps turns that could not be written. Never raises for a full or read-only disk."""

    def __init__(self, data_dir: Path) -> None:
        owner = os.getuid() if hasattr(os, "getuid") else 0
        elsewhere = Path(tempfile.gettempdir()) / f"familiar-{owner}" / f"unsaved-{digest(str(data_dir))[:12]}.jsonl"
        self._paths = (data_dir / "unsaved.jsonl", elsewhere)
        self._in_memory: list[str] = []
        self._lock = Lock()

    def append(self, turn: Turn, answer: Answer) -> str:
        """Keep a turn and return where it is kept, for the log."""
        text = json.dumps({"turn": _plain(turn), "answer": asdict(answer)}, ensure_ascii=True)
        with self._lock:
            for path in self._paths:
                if _append(path, text):
                    return str(path)
            self._in_memory.append(text)
        return "memory (no folder can be written: free space, or mend the permissions, before you stop this process)"

    def waiting(self) -> int:
        """Return how many turns are kept."""
        with self._lock:
            return len(self._in_memory) + sum(_lines(path) for path in self._paths)

    def drain(self, write: Callable[[Turn, Answer], Any]) -> int:
        """Give every kept turn to `write`, oldest first, and return how many; those it raises StoreError for stay."""
        if not self._in_memory and not any(path.exists() for path in self._paths):
            return 0
        done = 0
        with self._lock:
            for path in self._paths:
                done += self._drain_file(path, write)
            while self._in_memory:
                _write_line(self._in_memory[0], write)
                del self._in_memory[0]
                done += 1
        log.info("%d turns that had been kept aside are in the diary now.", done)
        return done

    def _drain_file(self, path: Path, write: Callable[[Turn, Answer], Any]) -> int:
        from filelock import FileLock, Timeout

        if not path.exists():
            return 0
        try:
            with FileLock(path.with_suffix(".lock"), timeout=10):
                lines = path.read_text(encoding="ascii", errors="replace").splitlines() if path.exists() else []
                for text in lines:  # writing is idempotent, so a kill in here only means doing it again
                    _write_line(text, write)
                path.unlink(missing_ok=True)
                return len(lines)
        except (OSError, Timeout) as exc:
            raise StoreError(f"Turns kept in {path} cannot be moved into the diary now: {exc}.") from exc


def _append(path: Path, text: str) -> bool:
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(path.with_suffix(".lock"), timeout=10), path.open("a", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
    except (OSError, Timeout):
        return False
    return True


def _write_line(text: str, write: Callable[[Turn, Answer], Any]) -> None:
    try:
        found = json.loads(text)
        turn = found["turn"]
        made = Turn(
            **{**turn, "person": Person(**turn["person"]), "place": Place(**turn["place"]), "when": datetime.fromisoformat(turn["when"])}
        )
        answer = Answer(**{**found["answer"], "memories": tuple(found["answer"]["memories"])})
    except (ValueError, KeyError, TypeError):
        log.exception("A kept turn is damaged and was skipped")
        return
    write(made, answer)


def _lines(path: Path) -> int:
    try:
        return path.read_bytes().count(b"\n")
    except OSError:
        return 0


def _plain(turn: Turn) -> dict[str, Any]:
    return {**asdict(turn), "when": turn.when.isoformat()}
