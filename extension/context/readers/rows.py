"""Rows of a table, each said with its header, so that a row means something alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..blocks import Block

_LONGEST = 100
"""Characters of a column's name: a cell that is longer is none."""


def blocks(rows: Iterable[Sequence[str]], *, under: tuple[str, ...] = (), page: int | None = None) -> Iterator[Block]:
    """Yield a block for each row that is not blank. The first one with two names or more is the header, unless it stands alone."""
    header: Sequence[str] = ()
    waiting = False
    for row in rows:
        cells = [" ".join(cell.split()) for cell in row]
        if not any(cells):
            continue
        if not header and not waiting and _names(cells):
            header, waiting = cells, True
            continue
        waiting = False
        yield Block(said(header, cells), "table", under=under, page=page)
        header = header or ("",)
    if waiting:
        yield Block(said((), header), "table", under=under, page=page)


def said(header: Sequence[str], cells: Sequence[str]) -> str:
    """Return a row in words: `Name: Ada | Born: 1815`. Cells without a name stand alone, blank ones are left out."""
    named = ((header[place] if place < len(header) else "", cell) for place, cell in enumerate(cells) if cell)
    return " | ".join(f"{name}: {cell}" if name else cell for name, cell in named)


def _names(cells: Sequence[str]) -> bool:
    """Say whether a row can be a header: two cells or more, all of them different and none a number."""
    named = [cell for cell in cells if cell]
    return len(named) > 1 and len(set(named)) == len(named) and not any(_is_number(cell) or len(cell) > _LONGEST for cell in named)


def _is_number(cell: str) -> bool:
    return cell.strip("+-%$€£ ").replace(".", "").replace(",", "").isdigit()
