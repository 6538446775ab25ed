"""Excel workbooks: every sheet, row by row with its header; values, and what formulas last gave."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import openpyxl

from ..blocks import Found, Remark, Source, Titled
from . import archive
from .rows import blocks


def read(source: Source) -> Iterator[Found]:
    """Yield a block for each row, under the name of its sheet. Raises UnreadableDocument."""
    with archive.opened(source) as packed:
        archive.package(packed, source)
        has_macros = any(name.lower().endswith("vbaproject.bin") for name in packed.namelist())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about what openpyxl would not write again
        yield from _sheets(source)
    if has_macros:
        yield Remark("It has macros, which are ignored.")


def _sheets(source: Source) -> Iterator[Found]:
    source.file.seek(0)
    book = openpyxl.load_workbook(source.file, read_only=True, data_only=True, keep_links=False)
    if book.properties.title:
        yield Titled(str(book.properties.title))
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            yield Remark("A hidden sheet was left out.")
            continue
        sheet.reset_dimensions()
        yield from blocks(([_said(value) for value in row] for row in sheet.iter_rows(values_only=True)), under=(sheet.title,))


def _said(value: Any) -> str:
    """Return the value of a cell as a person would write it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return f"{value:.15g}" if isinstance(value, float) else str(value)
