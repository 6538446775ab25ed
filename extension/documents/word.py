"""A text as a Word document: real headings, lists and tables, a title, and properties that say whose it is."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from ..errors import DocumentRefused
from .blocks import Blocks
from .look import SPEAKER, dressed
from .parsing import parse
from .pictures import Pictures
from .text import Part, Text, legible

if TYPE_CHECKING:
    from docx.document import Document
    from markdown_it.tree import SyntaxTreeNode

LONGEST = 1_000_000
"""Characters of one document, pictures not counted: some two hundred thousand words."""
MEDIA = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_LONGEST_PROPERTY = 255
"""Characters of a property; python-docx refuses longer ones."""


def written(text: Text) -> bytes:
    """Return the bytes of a Word document. Raises DocumentRefused for one that would be too long."""
    pictures = Pictures()
    parts = [Part(legible(pictures.lift(part.markdown)), part.heading) for part in text.parts]
    length = sum(len(part.markdown) for part in parts)
    if length > LONGEST:
        raise DocumentRefused(f"This is a text of {length:,} characters, and a document takes {LONGEST:,}. Choose fewer exchanges.")
    document = dressed()
    blocks = Blocks(document, pictures)
    blocks.line(text.title, "Title")
    for number, part in enumerate(parts):
        if part.heading:
            blocks.line(part.heading, SPEAKER)
        _write(blocks, part.markdown, pictures, text.title if number == 0 else "")
    _name(document, text)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _write(blocks: Blocks, markdown: str, pictures: Pictures, title: str) -> None:
    found = parse(markdown)
    nodes, lines = found or ([], markdown.split("\n"))
    blocks.write(nodes[1:] if nodes and _repeats(nodes[0], title) else nodes)
    for line in lines:
        blocks.line(pictures.restore(line))


def _repeats(node: SyntaxTreeNode, title: str) -> bool:
    """Whether a text begins with a heading that is the title over again."""
    words = "".join(each.content for each in node.walk() if each.type in ("text", "code_inline"))
    return node.type == "heading" and words.strip().casefold() == title.strip().casefold()


def _name(document: Document, text: Text) -> None:
    properties = document.core_properties
    properties.title = legible(text.title)[:_LONGEST_PROPERTY]
    properties.author = properties.last_modified_by = legible(text.author)[:_LONGEST_PROPERTY]
    properties.created = properties.modified = text.when.replace(tzinfo=None)  # it is kept in UTC
    properties.comments = ""
