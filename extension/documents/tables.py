"""Tables: a grid with a head that is repeated on each page, and columns as the Markdown aligns them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .elements import element
from .look import WIDTH
from .runs import PLAIN, Runs, Style

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

WIDEST = 63
"""Columns that Word can show; what stands beyond is put into the last one."""
_CM = 567
"""Twentieths of a point."""


def table(node: SyntaxTreeNode, runs: Runs) -> Any:
    """Return a table as an XML element."""
    rows = [row for part in node.children for row in part.children]
    columns = min(max((len(row.children) for row in rows), default=1), WIDEST) or 1
    width = int(WIDTH * _CM / columns)
    looks = element("tblPr", element("tblStyle", val="TableGrid"), element("tblW", w=5000, type="pct"))
    grid = element("tblGrid", *(element("gridCol", w=width) for _ in range(columns)))
    return element("tbl", looks, grid, *(_row(row, runs, columns) for row in rows))


def _row(row: SyntaxTreeNode, runs: Runs, columns: int) -> Any:
    head = row.parent is not None and row.parent.type == "thead"
    made = element("tr", *([element("trPr", element("cantSplit"), element("tblHeader"))] if head else []))
    cells: list[list[SyntaxTreeNode]] = [[cell] for cell in row.children[:columns]]
    if cells:
        cells[-1] += row.children[columns:]
    made.extend(_cell(cell, runs) for cell in cells + [[] for _ in range(columns - len(cells))])
    return made


def _cell(nodes: list[SyntaxTreeNode], runs: Runs) -> Any:
    style = str(nodes[0].attrGet("style") or "") if nodes else ""
    side = style.partition("text-align:")[2]
    looks = element("pPr", element("spacing", before=40, after=40), *([element("jc", val=side)] if side else []))
    paragraph = element("p", looks)
    for number, node in enumerate(nodes):
        runs.add(paragraph, " | " if number else "")
        for inline in node.children:
            runs.write(paragraph, inline.children, Style(bold=True) if node.type == "th" else PLAIN)
    return element("tc", paragraph)
