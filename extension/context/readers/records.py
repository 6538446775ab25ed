"""JSON of any length, value by value: `people › name: Ada`, the values of one record together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import TextIOBase
from typing import Any

import ijson

from ..blocks import Block, Found, Remark, Source
from .charset import text

_DEEPEST = 100
_RECORD = 4_000
"""Characters after which a record is given in parts."""
_LINE = 16_000_000
_STEP = " › "


def read(source: Source) -> Iterator[Found]:
    """Yield the records of a JSON document. What follows the first mistake is left out, with a remark."""
    record = _Record()
    try:
        with text(source) as opened:
            for event, value in ijson.basic_parse(_Bytes(opened), use_float=True, multiple_values=True):
                yield from record.take(event, value)
    except (ijson.JSONError, ValueError, OverflowError):
        yield from record.rest()
        yield Remark("It is no valid JSON: what follows the first mistake was left out. A JSON checker shows where it is.")
    yield from record.rest()
    yield from record.remarks()


def lines(source: Source) -> Iterator[Found]:
    """Yield the records of a file with one JSON value a line. Lines that are none are counted in a remark."""
    record, broken = _Record(), 0
    with text(source) as opened:
        while line := opened.readline(_LINE):
            if line.strip():
                try:
                    value = json.loads(line)
                except (ValueError, RecursionError):
                    broken += 1
                    continue
                for event in _events(value):
                    yield from record.take(*event)
                yield from record.rest()
    if broken:
        yield Remark(f"{broken} lines are no valid JSON, or too long, and were left out.")
    yield from record.remarks()


class _Record:
    """The values of one record so far: of one element of the outermost array that is open, else of one member of the outermost object."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._depth = 0
        self._lines: list[str] = []
        self._size = 0
        self._deep = 0

    def take(self, event: str, value: Any) -> Iterator[Block]:
        """Go on by one event of ijson, and yield a record where one ends."""
        if event == "map_key":
            self._path[-1:] = [str(value)]
        elif event in ("start_map", "start_array"):
            self._path.append("")
            self._depth = self._depth or len(self._path) * (event == "start_array")
        elif event in ("end_map", "end_array"):
            self._path.pop()
            if len(self._path) <= max(self._depth, 1):
                yield from self.rest()
            self._depth *= len(self._path) >= self._depth
        elif len(self._path) > _DEEPEST:
            self._deep += 1
        else:
            yield from self._add(value)

    def rest(self) -> Iterator[Block]:
        """Yield the values that were not yet given."""
        if self._lines:
            yield Block("\n".join(self._lines), "table")
        self._lines, self._size = [], 0

    def remarks(self) -> Iterator[Remark]:
        """Yield what there is to say at the end."""
        if self._deep:
            yield Remark(f"{self._deep} values lie deeper than {_DEEPEST} levels and were left out.")

    def _add(self, value: Any) -> Iterator[Block]:
        said = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        if not said.strip():
            return
        name = _STEP.join(part[:100] for part in self._path if part)
        self._lines.append(f"{name}: {said}" if name else said)
        self._size += len(self._lines[-1])
        if self._size > _RECORD:
            yield from self.rest()


def _events(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield a value as ijson's events, without recursion."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        event, found = waiting.pop()
        if event:
            yield event, found
        elif isinstance(found, dict):
            yield "start_map", None
            waiting.append(("end_map", None))
            for key, each in reversed(found.items()):
                waiting += [("", each), ("map_key", key)]
        elif isinstance(found, list):
            yield "start_array", None
            waiting.append(("end_array", None))
            waiting += [("", each) for each in reversed(found)]
        else:
            yield "value", found


class _Bytes:
    """Text as bytes of UTF-8."""

    def __init__(self, opened: TextIOBase) -> None:
        self._opened = opened

    def read(self, size: int) -> bytes:
        """Return the bytes of up to `size` characters."""
        return self._opened.read(size).encode("utf-8", "replace")
