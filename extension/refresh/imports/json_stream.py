"""Exports in JSON, of any size: read an object at a time, with what stands before them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, BinaryIO

import ijson

from ...errors import ImportRefused

_BOM = b"\xef\xbb\xbf"
_DEEPEST = 200
_SUSPECT = 1_000
_PIECE = 4096
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def header(path: Path, until: str = "messages") -> dict[str, Any]:
    """Return the scalars that stand before the array `until`, by their paths, as `channel.id`. Raises ImportRefused, OSError."""
    found: dict[str, Any] = {}
    with _opened(path) as file:
        for where, event, value in ijson.parse(file, use_float=True):
            if where == until and event == "start_array":
                break
            if event in ("string", "number", "boolean"):
                found.setdefault(where, value)
    return found


def objects(path: Path, where: str = "messages.item") -> Iterator[Any]:
    """Yield the values at a path, one by one. Raises ImportRefused, which quotes nothing, for what is no JSON; OSError."""
    with _opened(path) as file:
        yield from ijson.items(file, where, use_float=True)


def nested(path: Path, outer: str, inner: str) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield the values of arrays that lie in the objects of an array, each with the scalars before it in its object.

    So `chats.list.item` and `messages` give each message with the name of its chat, and never a whole chat. Raises as `objects` does.
    """
    items = f"{outer}.{inner}.item"
    about: dict[str, Any] = {}
    builder = None
    with _opened(path) as file:
        for where, event, value in ijson.parse(file, use_float=True):
            if builder is not None:
                builder.event(event, value)
                if where == items and event in ("end_map", "end_array"):
                    yield about, builder.value
                    builder = None
            elif where == items and event in ("start_map", "start_array"):
                builder = ijson.ObjectBuilder()
                builder.event(event, value)
            elif where == outer and event == "start_map":
                about = {}
            elif event in ("string", "number", "boolean") and where.startswith(outer + "."):
                about[where[len(outer) + 1 :]] = value


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    _check_depth(path)
    with path.open("rb") as file:
        if file.read(3) != _BOM:
            file.seek(0)
        try:
            yield file
        except ijson.IncompleteJSONError:
            raise ImportRefused("it is no JSON, or ends in the middle of it. Export it again, or copy it again") from None
        except (ijson.JSONError, ValueError, OverflowError, RecursionError, UnicodeError) as exc:
            raise ImportRefused(f"it is no sound JSON ({type(exc).__name__}). Export it again") from None


def _check_depth(path: Path) -> None:
    """Raise ImportRefused for JSON that is nested as no export is: ijson takes the square of the depth to read it.

    Brackets are counted roughly first; only where many stay open is it done exactly, without those in strings.
    """
    depth = 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            depth += piece.count(b"[") + piece.count(b"{") - piece.count(b"]") - piece.count(b"}")
            if depth > _SUSPECT:
                break
        else:
            return
        depth = 0
        with mmap(file.fileno(), 0, access=ACCESS_READ) as whole:
            for found in _TOKEN.finditer(whole):
                depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(found[0], 0)
                if depth > _DEEPEST:
                    raise ImportRefused("it is nested more deeply than any export. It is damaged, or not what it says")


def text(value: Any) -> str:
    """Return a string as it is, a whole number as one (ids are sometimes numbers), '' for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def fields(value: Any) -> dict[str, Any]:
    """Return an object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """Return a list, an empty one for anything else."""
    return value if isinstance(value, list) else []


def count(value: Any) -> int:
    """Return how many of something there are, 0 for what is no sensible number."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else 0
