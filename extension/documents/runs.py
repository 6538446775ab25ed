"""The words of a paragraph: bold, italic, struck out, code, links and pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .elements import element, words
from .look import CODE_WORDS, HEIGHT, LINK, WIDTH
from .pictures import Picture, Pictures
from .text import legible

if TYPE_CHECKING:
    from docx.document import Document
    from markdown_it.tree import SyntaxTreeNode

MOST_LINKS = 2_000
"""Different links in one document; further ones are written out."""
_LONGEST_LINK = 2_000
_LINK = re.compile(r"[!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~-]+")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_PIECES = re.compile(r"([\n\t])")
_BREAKS = {"\n": "br", "\t": "tab"}
_CM = 360_000
_INCH = 914_400


@dataclass(frozen=True, slots=True)
class Style:
    """How some words look."""

    bold: bool = False
    italic: bool = False
    struck: bool = False
    code: bool = False
    link: bool = False


PLAIN = Style()
_STYLES = {"strong": "bold", "em": "italic", "s": "struck"}


class Runs:
    """Writes words into paragraphs of one document, which are XML elements."""

    def __init__(self, document: Document, pictures: Pictures) -> None:
        self._document = document
        self._pictures = pictures
        self._links: dict[str, str] = {}

    def write(self, paragraph: Any, nodes: list[SyntaxTreeNode], style: Style = PLAIN) -> None:
        """Write what stands inside a paragraph, in order."""
        for node in nodes:
            if node.type in _STYLES:
                self.write(paragraph, node.children, replace(style, **{_STYLES[node.type]: True}))
            elif node.type == "link":
                self._link(paragraph, node, style)
            elif node.type == "image":
                self._image(paragraph, node, style)
            elif node.type == "code_inline":
                self.add(paragraph, self._pictures.restore(node.content), replace(style, code=True))
            elif node.type in ("softbreak", "hardbreak"):
                self.add(paragraph, "\n", style)
            else:
                self.add(paragraph, _BREAK.sub("\n", self._pictures.restore(node.content)), style)

    def add(self, paragraph: Any, text: str, style: Style = PLAIN) -> None:
        """Write some words; line breaks and tabs in them are such in the document too."""
        if text:
            pieces = (piece for piece in _PIECES.split(legible(text)) if piece)
            inside = (element(_BREAKS[piece]) if piece in _BREAKS else words(piece) for piece in pieces)
            paragraph.append(element("r", *_dress(style), *inside))

    def _link(self, paragraph: Any, node: SyntaxTreeNode, style: Style) -> None:
        from docx.oxml.ns import qn

        url = str(node.attrGet("href") or "")
        if (relation := self._relation(url)) is None:
            self.write(paragraph, node.children, style)
            # Where it leads is lost nowhere; it only cannot be clicked.
            if url and url != "".join(_words(node)):
                self.add(paragraph, f" ({self._pictures.restore(url)})", style)
            return
        link = element("hyperlink")
        link.set(qn("r:id"), relation)
        self.write(link, node.children, replace(style, link=True))
        paragraph.append(link)

    def _relation(self, url: str) -> str | None:
        """Return the id under which the document knows a link; None for what none should be made of."""
        from docx.opc.constants import RELATIONSHIP_TYPE

        if url not in self._links and len(self._links) < MOST_LINKS and is_link(url):
            self._links[url] = self._document.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
        return self._links.get(url)

    def _image(self, paragraph: Any, node: SyntaxTreeNode, style: Style) -> None:
        url, alt = str(node.attrGet("src") or ""), "".join(_words(node)).strip()
        found = self._pictures.find(url)
        if isinstance(found, Picture):
            self._picture(paragraph, found, alt)
            return
        where = f" {url}" if is_link(url) else ""
        self.add(paragraph, f"[picture: {alt or 'without a description'}{where} ({found})]", replace(style, italic=True))

    def _picture(self, paragraph: Any, picture: Picture, alt: str) -> None:
        from docx.text.run import Run

        made = element("r")
        paragraph.append(made)
        scale = min(1.0, WIDTH * _CM / (picture.width * _INCH), HEIGHT * 0.9 * _CM / (picture.height * _INCH))
        width, height = (max(1, int(side * scale * _INCH)) for side in (picture.width, picture.height))
        run = Run(made, self._document._body)
        shape = run.add_picture(BytesIO(picture.data), width, height)
        shape._inline.docPr.set("descr", legible(alt)[:1_000])


def is_link(url: str) -> bool:
    """Return whether somebody may click on this: an address on the web or of mail, and well-formed."""
    if len(url) > _LONGEST_LINK or not _LINK.fullmatch(url):
        return False
    try:
        found = urlsplit(url)
        return (found.scheme in ("http", "https") and _HOST.fullmatch(found.hostname or "") is not None and found.port != 0) or (
            found.scheme == "mailto" and "@" in found.path
        )
    except ValueError:
        return False


def _dress(style: Style) -> list[Any]:
    """Return what tells how a run looks; nothing for plain words."""
    named = CODE_WORDS if style.code else LINK if style.link else ""
    inside = [element("rStyle", val=named)] if named else []
    inside += [element(name) for wanted, name in ((style.bold, "b"), (style.italic, "i"), (style.struck, "strike")) if wanted]
    return [element("rPr", *inside)] if inside else []


def _words(node: SyntaxTreeNode) -> Iterator[str]:
    for each in node.children:
        yield each.content
        yield from _words(each)
