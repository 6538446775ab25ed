"""The webui's CMD_FLAGS.txt: what it enables, and ours put in its place; standard library only."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from ..errors import FamiliarError, SettingsError


def flags(path: Path) -> list[str]:
    """Return the flags in the file, read as the webui reads it; none where there is no file.

    Raises SettingsError when a quotation mark is never closed, with which the webui does not start either.
    """
    if not path.is_file():
        return []
    lines = [line.strip().rstrip("\\").strip() for line in path.read_text(encoding="utf-8").splitlines()]
    try:
        return shlex.split(" ".join(line for line in lines if line and not line.startswith("#")))
    except ValueError as exc:
        raise SettingsError(f"{path} cannot be read: {exc}. Mend it; the webui does not start with it either.") from exc


def extensions(given: Sequence[str]) -> list[str]:
    """Return the extensions that flags enable; of several `--extensions` the last one counts."""
    enabled: list[str] = []
    inside = False
    for word in given:
        if word.startswith("--"):
            inside = word == "--extensions"
            enabled = [] if inside else enabled
        elif inside:
            enabled.append(word)
    return enabled


def put(ours: Path, theirs: Path) -> str:
    """Copy our file to the webui's, unless that one holds flags, which are the person's own. Return what was done, in a sentence.

    Raises SettingsError for a file that cannot be read and FamiliarError for one that cannot be written.
    """
    if flags(theirs):
        return f"{theirs} holds flags of your own: it was left alone."
    try:
        theirs.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ours, theirs)
    except OSError as exc:
        raise FamiliarError(f"Cannot write {theirs}: {exc.strerror}. Run this as the person the webui belongs to.") from exc
    return f"Wrote {theirs}: it enables the extension."


def advice(path: Path, name: str) -> str:
    """Return the sentence that says whether the extension `name` is enabled there, and how to enable it."""
    enabled = extensions(flags(path))
    if name in enabled:
        return f"It is enabled in {path}."
    line = " ".join(["--extensions", *enabled, name])
    return f"To enable it, {'change the --extensions in' if enabled else 'add a line to'} {path}: `{line}`. Then start the webui again."
