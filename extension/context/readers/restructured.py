"""reStructuredText, as docutils reads it, with nothing included from other files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice

from docutils import nodes
from docutils.core import publish_doctree

from ..blocks import Block, Found, Source, Titled
from . import plain
from .charset import text
from .rows import blocks

_SETTINGS = {
    "_disable_config": True,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "halt_level": 5,
    "report_level": 5,
    "warning_stream": io.StringIO(),
    "doctitle_xform": False,
    "smart_quotes": False,
    "line_length_limit": 1_000_000,
}
_CODE = (nodes.literal_block, nodes.doctest_block, nodes.math_block)
_PARTS = (*_CODE, nodes.paragraph, nodes.title, nodes.line_block, nodes.table, nodes.term)
_HIDDEN = (nodes.comment, nodes.system_message, nodes.substitution_definition, nodes.target, nodes.raw)


def read(source: Source) -> Iterator[Found]:
    """Yield the blocks of a document; a very long one is read as plain text, with a remark."""
    if source.size > source.limits.parsed:
        yield from plain.headless(source)
        return
    with text(source) as opened:
        written = opened.read()
    tree = publish_doctree(written, settings_overrides=_SETTINGS)
    yield from (Titled(str(each.astext())) for each in islice(tree.findall(nodes.title), 1))
    yield from _walked(tree)


def _walked(tree: nodes.Element) -> Iterator[Block]:
    """Yield the blocks of a tree in their order, without recursion."""
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while waiting:
        node, level = waiting.pop()
        if isinstance(node, _PARTS):
            yield from _part(node, level)
        elif not isinstance(node, _HIDDEN):
            below = level + isinstance(node, nodes.section)
            waiting += [(each, below) for each in reversed(node.children)]


def _part(node: nodes.Element, level: int) -> Iterator[Block]:
    if isinstance(node, nodes.title):
        yield Block(node.astext(), "heading", max(level, 1))
    elif isinstance(node, nodes.table):
        yield from blocks([entry.astext() for entry in row.findall(nodes.entry)] for row in node.findall(nodes.row))
    elif isinstance(node, _CODE):
        classes: list[str] = node.get("classes", [])
        languages = [each for each in classes if each != "code"]
        yield Block(node.astext(), "code", language=languages[0][:30] if languages else "")
    else:
        listed = isinstance(node.parent, nodes.list_item) and node.parent.index(node) == 0
        yield Block(f"- {node.astext()}" if listed else node.astext())
