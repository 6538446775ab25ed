"""The folder of the companions: one file each, read anew at every turn."""

from __future__ import annotations

import logging
import os
import stat
from functools import lru_cache
from pathlib import Path

from ..errors import NotFound, SettingsError, StoreError
from ..settings import replace_text
from .card import LARGEST, Card, Character, parsed

log = logging.getLogger(__name__)

LONGEST_NAME = 100
_FORBIDDEN = frozenset('\\:*?"<>|')
"""What a file's name may not hold on some system or other."""


def character(name: str, folder: Path) -> Character:
    """Return the character of this name: from `folder`/NAME.yaml, or one with the default context.

    Raises SettingsError when the file is malformed, NotFound when the name is no plain name.
    """
    found = _found(folder, name)
    for warning in found.warnings if found else ():
        _warn_once(warning)
    return (found or Card(name)).character(name)


def characters(folder: Path) -> list[str]:
    """Return the names of the companions that have a file, in order."""
    return sorted(path.stem for path in folder.glob("*.yaml") if not path.name.startswith(".")) if folder.is_dir() else []


def read(name: str, folder: Path) -> Card:
    """Return the card of a companion. Raises NotFound where there is none, SettingsError when it is malformed."""
    found = _found(folder, name)
    if found is None:
        raise NotFound(f"There is no file of a companion called {name}. `familiar expert list` names them, `new` makes one.")
    return found


def keep(name: str, card: Card, folder: Path, *, force: bool = False) -> Path:
    """Write a companion's file whole or not at all, and return its path.

    Raises NotFound for what is no name, SettingsError where there is a file already (unless `force`) or the card is too large, and
    StoreError when the file cannot be written.
    """
    path = new_path(name, folder)
    if not force and os.path.lexists(path):
        raise SettingsError(f"There is a companion called {name} already. Choose another name, edit that one, or replace it (--force).")
    write(path, card.written())
    return path


def write(path: Path, text: str) -> None:
    """Write the text of a card. Raises SettingsError for one that could not be read again, StoreError when the disk refuses it."""
    parsed(text, path)
    replace_text(path, text)


def remove(name: str, folder: Path) -> Path:
    """Remove a companion's file, also a broken one, and return its path. Raises NotFound, StoreError."""
    path = folder / f"{plain_name(name)}.yaml"
    try:
        path.unlink()
    except FileNotFoundError:
        raise NotFound(f"There is no file of a companion called {name}. `familiar expert list` names them.") from None
    except OSError as exc:
        raise StoreError(f"Cannot remove {path}: {exc.strerror}. Check the folder's permissions.") from exc
    return path


def plain_name(name: str) -> str:
    """Return a name that leads out of no folder. Raises NotFound for any other."""
    if not name.strip() or Path(name).name != name or name.startswith(".") or "\0" in name:
        raise NotFound(f"{name!r} is no name for a companion: it may hold no slash and may not begin with a dot.")
    return name


def new_path(name: str, folder: Path) -> Path:
    """Return the path of a companion's file that is to be written. Raises NotFound for a name that is none everywhere."""
    plain_name(name)
    if len(name) > LONGEST_NAME or not name.isprintable() or _FORBIDDEN & set(name) or name != name.strip():
        raise NotFound(
            f"{name[:LONGEST_NAME]!r} is no name for a companion: up to {LONGEST_NAME} characters, none of {' '.join(sorted(_FORBIDDEN))}, "
            "and no space at either end."
        )
    return folder / f"{name}.yaml"


def text_of(path: Path) -> str:
    """Return the text of a file. Raises FileNotFoundError, and SettingsError for what is too large, no file, or no text."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise SettingsError(f"The companion in {path} cannot be read: it is no file. Move it away.")
        with path.open("rb") as file:
            return file.read(LARGEST + 1).decode("utf-8-sig")  # one byte more, so that it is refused as too large
    except FileNotFoundError:
        raise
    except UnicodeDecodeError as exc:
        if exc.end > LARGEST - 4:
            raise SettingsError(f"The companion in {path} is larger than {LARGEST // 1024} kB.") from None
        raise SettingsError(f"The companion in {path} cannot be read: it is no text in UTF-8. Save it as one.") from None
    except OSError as exc:
        raise SettingsError(f"The companion in {path} cannot be read: {exc.strerror}. Check its name and permissions.") from exc


def _found(folder: Path, name: str) -> Card | None:
    path = folder / f"{plain_name(name)}.yaml"
    try:
        return parsed(text_of(path), path)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=256)
def _warn_once(warning: str) -> None:
    """Log a warning the first time: the file is read at every turn."""
    log.warning("%s", warning)
