"""The files of a folder that is kept in step with the library, in a fixed order; links do not lead out of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import NotFound

_PROGRAMS = frozenset({"__pycache__", "node_modules", "__MACOSX"})
"""Folders that programs make for themselves, beside those whose names begin with a dot."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, or what kept one from being listed."""

    path: Path
    problem: str = ""
    """What is wrong and what to do; '' for a file that can be read."""


def entries(folder: Path) -> Iterator[Entry]:
    """Yield the regular files below a folder, hidden ones and those of programs left out. Raises NotFound.

    A link to something in the folder is left out, since that is there already; one that leads out of it, or nowhere, is a problem.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.")
    root = folder.resolve()
    unseen: list[OSError] = []
    for here, folders, files in os.walk(folder, onerror=unseen.append):
        folders[:] = sorted(each for each in folders if not each.startswith(".") and each not in _PROGRAMS)
        links = [each for each in folders if Path(here, each).is_symlink()]
        for name in [*sorted(files), *links]:
            if not name.startswith("."):
                yield from _entry(Path(here, name), root)
        yield from (Entry(Path(exc.filename), f"It cannot be opened ({exc.strerror}). Look at its permissions.") for exc in unseen)
        unseen.clear()


def _entry(path: Path, root: Path) -> Iterator[Entry]:
    if path.is_symlink():
        target = path.resolve() if path.exists() else None
        if target is None or not target.is_relative_to(root):
            yield Entry(path, "It is a link that leads out of the folder, or nowhere. Put the file itself there.")
    elif path.is_file():
        yield Entry(path)
