"""The folder that documents are put into on this machine: whole or not at all, never over another, never outside it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from ..errors import DocumentRefused
from .titles import numbered


def put(folder: Path, name: str, data: bytes) -> Path:
    """Write a document that only its owner may read, and return its path; where the name is taken it gets a number.

    Raises DocumentRefused when it cannot be written.
    """
    if Path(name).name != name:
        raise DocumentRefused("The name of a document is no path. Choose another title.")
    temporary = folder / f".{uuid4().hex}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with open(temporary, "xb", opener=_private) as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            return _named(temporary, name)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as exc:
        advice = "Name a folder you may write to, with space left (the setting `docx_folder`)."
        raise DocumentRefused(f"Cannot write into {folder}: {exc.strerror or type(exc).__name__}. {advice}") from exc


def _named(temporary: Path, name: str) -> Path:
    """Give a file the first free one of its names. What two programs do at the same moment never meets in one file."""
    for each in numbered(name):
        target = temporary.with_name(each)
        with suppress(FileExistsError):
            _take(temporary, target)
            return target
    raise DocumentRefused(f"There are too many documents called {name} in {temporary.parent}. Choose another title.")


def _take(temporary: Path, target: Path) -> None:
    """Move a file to a name that is free. Raises FileExistsError where it is not."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with open(target, "xb", opener=_private):
            pass
        temporary.replace(target)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
