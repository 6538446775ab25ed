"""What an evaluation has come to so far, in a file: after a kill it goes on where it was."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import StoreError


class Journal:
    """Results by their keys, each a line of a file as soon as it is known. A torn last line, of a kill, counts for nothing."""

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        """`about` is what the results depend on: those of another evaluation are replaced. Raises StoreError."""
        self._path = path
        self._done: dict[str, Any] = {}
        head = json.dumps(dict(about), sort_keys=True, default=str)
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []
            if lines and _object(lines[0]) == json.loads(head):
                self._done = {row["key"]: row["value"] for row in map(_object, lines[1:-1]) if row is not None and "key" in row}
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = [head, *(_line(key, value) for key, value in self._done.items())]
            temporary = path.with_name(f".{path.name}.tmp")
            temporary.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
            temporary.replace(path)
        except OSError as exc:
            raise _unwritten(path, exc) from exc

    def __contains__(self, key: str) -> bool:
        return key in self._done

    def __getitem__(self, key: str) -> Any:
        return self._done[key]

    def __len__(self) -> int:
        return len(self._done)

    def put(self, key: str, value: Any) -> None:
        """Keep a result. Raises StoreError."""
        self._done[key] = value
        try:
            with self._path.open("a", encoding="utf-8") as opened:
                opened.write(f"{_line(key, value)}\n")
                opened.flush()
                os.fsync(opened.fileno())
        except OSError as exc:
            raise _unwritten(self._path, exc) from exc


def _line(key: str, value: Any) -> str:
    return json.dumps({"key": key, "value": value})


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _unwritten(path: Path, exc: OSError) -> StoreError:
    return StoreError(f"Cannot write {path}: {exc.strerror}. Check the folder's permissions and the free space.")
