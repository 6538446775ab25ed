"""The extension's folder in a webui: a link to ours, or a copy where the file system has no links; standard library only."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..errors import FamiliarError

MARK = ".copied-by-familiar"
"""A file that tells a copy of ours from a folder somebody else put there."""


def link(source: Path, target: Path) -> str:
    """Make `target` show the folder `source`, and return what was done, in a sentence.

    Raises FamiliarError when something that is not ours is there, or the place may not be written.
    """
    if target.is_symlink() and target.resolve() == source.resolve():
        return f"Linked already: {target} -> {source}"
    try:
        if target.is_symlink() and not target.exists():
            target.unlink()
        _clear(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.symlink_to(source, target_is_directory=True)
        except OSError:
            return _copy(source, target)
    except OSError as exc:
        raise FamiliarError(f"Cannot write {target}: {exc.strerror}. Run this as the person the webui belongs to.") from exc
    return f"Linked: {target} -> {source}"


def unlink(source: Path, target: Path) -> str:
    """Take out what `link` put there, and return what was done, in a sentence.

    Raises FamiliarError when something that is not ours is there, or the place may not be written.
    """
    if not target.is_symlink() and not target.exists():
        return f"{target} is not there: nothing to remove."
    try:
        if target.is_symlink() and (not target.exists() or target.resolve() == source.resolve()):
            target.unlink()
            return f"Removed the link {target}."
        _clear(target)
    except OSError as exc:
        raise FamiliarError(f"Cannot remove {target}: {exc.strerror}. Run this as the person the webui belongs to.") from exc
    return f"Removed the copy {target}."


def _clear(target: Path) -> None:
    if target.is_symlink():
        raise FamiliarError(f"{target} is a link to {target.resolve()}: it was left alone. Remove it by hand, then run this again.")
    if not target.exists():
        return
    if not (target / MARK).is_file():
        raise FamiliarError(f"{target} is there already and is not ours: it was left alone. Move it away, then run this again.")
    shutil.rmtree(target)


def _copy(source: Path, target: Path) -> str:
    target.mkdir()
    (target / MARK).write_text(f"{source}\n", encoding="utf-8")
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return f"Copied, since links do not work there: {source} -> {target}. Run this again after every update."
