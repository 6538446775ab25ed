"""Exports as files: written whole or not at all, and reached by forgetting while they are under way.

An export is written beside the file it is to become, which may be anywhere. While it is, a note of where lies in the
data directory, under a lock that a killed process lets go of: so what a killed one leaves behind is found and removed.
One during which something was forgotten is written anew.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from ..database import Database
from ..errors import StoreError
from .forgetting import newest_forgotten
from .selection import EVERY, Selection
from .transfer import export

log = logging.getLogger(__name__)

_UNFINISHED = ".tmp"
Writer = Callable[[Database, BinaryIO, Selection], int]
"""Writes memories to a stream in some format; returns how many exchanges."""


class Exports:
    """The exports of one data directory that are under way, in any process."""

    def __init__(self, database: Database, data_dir: Path) -> None:
        self._database = database
        self._folder = data_dir / "exports"

    def write(self, path: Path, selection: Selection = EVERY, writer: Writer = export) -> int:
        """Write memories to a file that only its owner may read, and return how many exchanges they are. Raises StoreError."""
        try:
            if path.exists() and not path.is_file():  # a pipe or a device is written to and never replaced
                with path.open("wb") as out:
                    return writer(self._database, out, selection)
            temporary = path.with_name(f".{path.name}.{os.getpid()}{_UNFINISHED}")
            with self._under_way(temporary):
                count = self._written(temporary, selection, writer)
                temporary.replace(path)
        except OSError as exc:
            raise StoreError(f"Cannot write {path}: {exc.strerror}. Name a file in a folder you may write to, with space left.") from exc
        return count

    def _written(self, temporary: Path, selection: Selection, writer: Writer) -> int:
        while True:
            before = newest_forgotten(self._database)
            with open(temporary, "wb", opener=_private) as out:
                count = writer(self._database, out, selection)
                out.flush()
                os.fsync(out.fileno())
            if newest_forgotten(self._database) == before:
                return count
            log.info("Something was forgotten meanwhile; the export is written anew.")

    @contextmanager
    def _under_way(self, temporary: Path) -> Iterator[None]:
        """Note a file while it is being written, and remove what is left of it then. Raises OSError when that fails."""
        with ExitStack() as noted:
            try:
                self._note(temporary, noted)
            except OSError as exc:  # the data directory may be read-only; all the more reason to export
                log.warning("The export is not noted, and should it be killed, its unfinished file stays: %s", exc)
            noted.callback(_remove, temporary)
            yield

    def _note(self, temporary: Path, noted: ExitStack) -> None:
        from filelock import FileLock

        self._folder.mkdir(parents=True, exist_ok=True)
        note = self._folder / f"{uuid4().hex}.path"
        noted.callback(self._tidy, note)
        noted.enter_context(FileLock(note.with_suffix(".lock")))
        noted.callback(note.unlink, missing_ok=True)
        note.write_text(str(temporary.absolute()), encoding="utf-8", errors="surrogateescape")

    def clear(self) -> int:
        """Remove what killed exports left behind; return how many there were."""
        from filelock import FileLock, Timeout

        cleared = 0
        for note in sorted(self._folder.glob("*.path")):
            try:
                with FileLock(note.with_suffix(".lock"), timeout=0):
                    left = Path(note.read_text(encoding="utf-8", errors="surrogateescape"))
                    if left.name.startswith(".") and left.suffix == _UNFINISHED:
                        _remove(left)
                    note.unlink(missing_ok=True)
                    cleared += 1
            except Timeout:  # it is being written
                continue
            except OSError as exc:
                log.warning("What an export left behind could not be removed: %s", exc)
            self._tidy(note)
        return cleared

    def _tidy(self, note: Path) -> None:
        with suppress(OSError):
            note.with_suffix(".lock").unlink(missing_ok=True)
            self._folder.rmdir()


def _remove(path: Path) -> None:
    with suppress(NotADirectoryError):
        path.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
