"""The files of our tools in a webui's user_data/tools: put there, kept up to date, taken out; standard library only."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..errors import FamiliarError

SOURCE = Path(__file__).resolve().parent / "user_tools"
MARK = "Put here by Familiar's `make install`"
"""Stands in each of our files, so that a copy is told from a file somebody else put there."""


def files() -> list[Path]:
    """Return our tools, one file each."""
    return sorted(path for path in SOURCE.glob("*.py") if path.name != "__init__.py")


def put_tools(folder: Path) -> str:
    """Link our tools into a folder, or copy them where links do not work, and return what was done, in a sentence.

    A file of the same name that is not ours stays. Raises FamiliarError when the folder may not be written.
    """
    put: list[str] = []
    left: list[str] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source in files():
            (put if _put(source, folder / source.name) else left).append(source.stem)
    except OSError as exc:
        raise FamiliarError(f"Cannot write {folder}: {exc.strerror}. Run this as the person the webui belongs to.") from exc
    said = f"For models that call tools: {' and '.join(put)} in {folder}, to be ticked in the chat's sidebar." if put else ""
    return " ".join(filter(None, (said, _kept(folder, left))))


def take_tools(folder: Path) -> str:
    """Take our tools out of a folder, and return what was done, in a sentence. Raises FamiliarError when that may not be."""
    there = [folder / source.name for source in files() if _is_there(folder / source.name)]
    ours = [path for path in there if _is_ours(path)]
    try:
        for path in ours:
            path.unlink()
    except OSError as exc:
        raise FamiliarError(f"Cannot remove from {folder}: {exc.strerror}. Run this as the person the webui belongs to.") from exc
    said = f"Removed from {folder}: {' and '.join(path.stem for path in ours)}." if ours else f"No tools of ours are in {folder}."
    return " ".join(filter(None, (said, _kept(folder, [path.stem for path in there if path not in ours]))))


def _put(source: Path, target: Path) -> bool:
    """Return whether the file is there afterwards; one of somebody else's is left alone."""
    if _is_there(target) and not _is_ours(target):
        return False
    target.unlink(missing_ok=True)
    try:
        target.symlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
    return True


def _is_there(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def _is_ours(path: Path) -> bool:
    """Whether this is a link to a file of ours, here or in a checkout that has moved, or a copy of one."""
    if path.is_symlink():
        target = path.readlink()
        return (target.parent.parent.name, target.parent.name, target.name) == ("webui", "user_tools", path.name)
    try:
        return path.is_file() and MARK in path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _kept(folder: Path, names: list[str]) -> str:
    if not names:
        return ""
    them = " and ".join(f"{folder / name}.py" for name in names)
    return f"Left alone, since not ours: {them}. For our tools of these names, move that away and run this again."
