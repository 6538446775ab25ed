"""Tables as text, with commas, semicolons, tabs or bars between the cells: row by row, of any length."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator

from ..blocks import Found, Remark, Source
from .charset import text
from .rows import blocks

_SAMPLE = 16_384
_LONGEST = 1_000_000
"""Characters of a cell."""


def read(source: Source) -> Iterator[Found]:
    """Yield a block for each row, with its header. Rows that make no sense are counted in a remark."""
    with text(source) as opened:
        sign = delimiter(opened.read(_SAMPLE)) or ","
    with text(source) as opened:
        rows = _Rows(csv.reader(opened, delimiter=sign))
        yield from blocks(rows)
    if rows.broken:
        yield Remark(f"{rows.broken} rows are malformed and were left out. Perhaps a quote is not closed.")
    if rows.uneven:
        yield Remark(f"{rows.uneven} rows have more or fewer cells than most.")


def delimiter(sample: str) -> str:
    """Return what separates the cells of a table that begins with a sample, '' for none that could."""
    lines = sample.splitlines()
    if len(sample) >= _SAMPLE and len(lines) > 1:
        lines = lines[:-1]
    best = ("", 0.0)
    for sign in "\t;,|":
        counts = [len(row) for row in csv.reader(lines[:50], delimiter=sign) if row] if _short(lines) else []
        (usual, times), *_ = Counter(counts).most_common(1) or [(0, 0)]
        share = times / max(len(counts), 1)
        if usual > 1 and share >= 0.7 and share > best[1]:
            best = (sign, share)
    return best[0]


def _short(lines: list[str]) -> bool:
    return all(len(line) < csv.field_size_limit() for line in lines)


class _Rows:
    """The rows of a table; it counts what is wrong with them."""

    def __init__(self, rows: Iterator[list[str]]) -> None:
        self._rows = rows
        self._sizes: Counter[int] = Counter()
        self.broken = 0

    def __iter__(self) -> Iterator[list[str]]:
        csv.field_size_limit(_LONGEST)
        while True:
            try:
                row = next(self._rows)
            except StopIteration:
                return
            except csv.Error:
                self.broken += 1
                continue
            if row:
                self._sizes[len(row)] += 1
            yield row

    @property
    def uneven(self) -> int:
        """How many rows have more or fewer cells than most."""
        return self._sizes.total() - max(self._sizes.values(), default=0)
