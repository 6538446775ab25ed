"""The blocks of a document: paragraphs, headings, lists, quotes, code, tables and rules, from a tree of Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from .elements import element
from .lists import INDENT, LEVELS, Lists
from .look import CODE, QUOTE, RULE
from .runs import Runs
from .tables import table

if TYPE_CHECKING:
    from docx.document import Document
    from markdown_it.tree import SyntaxTreeNode

    from .pictures import Pictures

_TASKS = {"[ ] ": "☐\t", "[x] ": "☑\t", "[X] ": "☑\t"}
_DEEPEST_QUOTE = 6


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a block stands: inside how many quotes and lists, and under which bullet or number."""

    quotes: int = 0
    level: int = 0
    """Lists around it."""
    numbering: int | None = None
    """The list whose next point this begins; None for what is no beginning of one."""

    @property
    def indent(self) -> int:
        """How far in it is, in twentieths of a point."""
        return (min(self.quotes, _DEEPEST_QUOTE) + min(self.level, LEVELS)) * INDENT


class Blocks:
    """Writes blocks to the end of a document."""

    def __init__(self, document: Document, pictures: Pictures) -> None:
        self._end = document.element.body.sectPr
        self._lists = Lists(document)
        self._pictures = pictures
        self._runs = Runs(document, pictures)

    def write(self, nodes: list[SyntaxTreeNode], spot: Spot = Spot()) -> None:
        """Write blocks in order."""
        for node in nodes:
            if node.type in ("bullet_list", "ordered_list"):
                self._list(node, spot)
            elif node.type == "blockquote":
                self.write(node.children, replace(spot, quotes=spot.quotes + 1))
            elif node.type == "table":
                self._end.addprevious(table(node, self._runs))
                self._end.addprevious(self._paragraph(""))  # two tables would be one without it
            else:
                self._block(node, spot)

    def line(self, text: str, style: str = "", spot: Spot = Spot()) -> None:
        """Write a paragraph of text that is no Markdown."""
        paragraph = self._paragraph(style, spot)
        self._runs.add(paragraph, text)
        self._end.addprevious(paragraph)

    def _block(self, node: SyntaxTreeNode, spot: Spot) -> None:
        if node.type == "heading":
            # A line of a heading is not a heading of its own.
            self._lines(node, spot, f"Heading{node.tag[1:]}", whole=True)
        elif node.type in ("fence", "code_block"):
            self.line(self._pictures.restore(node.content.removesuffix("\n")), CODE, spot)
        elif node.type == "hr":
            self.line("", RULE, spot)
        else:
            self._lines(node, spot, QUOTE if spot.quotes else "")

    def _lines(self, node: SyntaxTreeNode, spot: Spot, style: str, *, whole: bool = False) -> None:
        """Write what stands in a block, each of its lines as a paragraph unless it is to stay whole."""
        inside = [each for inline in node.children for each in inline.children]
        for number, line in enumerate([inside] if whole else _lines_of(inside)):
            here = spot if number == 0 else replace(spot, numbering=None)
            task = _taken(line) if here.numbering is not None else ""
            paragraph = self._paragraph(style, here, task=bool(task))
            self._runs.add(paragraph, task)
            self._runs.write(paragraph, line)
            self._end.addprevious(paragraph)

    def _list(self, node: SyntaxTreeNode, spot: Spot) -> None:
        level = min(spot.level, LEVELS - 1)
        start = int(node.attrGet("start") or 0) if node.attrGet("start") is not None else 1
        numbering = self._lists.numbered(level, start) if node.type == "ordered_list" else self._lists.bullets
        inside = replace(spot, level=spot.level + 1)
        for item in node.children:
            first, rest = item.children[:1], item.children[1:]
            begins = replace(inside, numbering=numbering)
            if first and first[0].type == "paragraph":
                self.write(first, begins)
            else:  # the point needs a line of its own
                self._end.addprevious(self._paragraph("", begins))
                rest = item.children
            self.write(rest, replace(inside, numbering=None))

    def _paragraph(self, style: str, spot: Spot = Spot(), *, task: bool = False) -> Any:
        inside = [element("pStyle", val=style)] if style else []
        if spot.numbering is not None and not task:
            numbering = element("numId", val=spot.numbering)
            inside.append(element("numPr", element("ilvl", val=min(spot.level, LEVELS) - 1), numbering))
        if spot.indent:
            hanging = {} if spot.numbering is None else {"hanging": INDENT}
            inside.append(element("ind", left=spot.indent, **hanging))
        return element("p", element("pPr", *inside)) if inside else element("p")


def _lines_of(nodes: list[SyntaxTreeNode]) -> Iterator[list[SyntaxTreeNode]]:
    """Yield what stands on each line; people and models end a line where they mean it to end."""
    groups = [list(group) for ends, group in groupby(nodes, lambda node: node.type == "softbreak") if not ends]
    yield from groups or [[]]


def _taken(line: list[SyntaxTreeNode]) -> str:
    """Take the box of a task off the beginning of a line, and return the sign for it; '' where there is none."""
    token = line[0].token if line else None
    if token is None or token.type != "text" or (sign := _TASKS.get(token.content[:4])) is None:
        return ""
    token.content = token.content[4:]
    return sign
