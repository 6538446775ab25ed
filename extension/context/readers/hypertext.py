"""HTML: what a browser would show of it, under its headings, read as a stream and never as a tree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import TextIOBase

from lxml import etree

from ..blocks import Block, Found, Source, Titled
from .charset import text
from .rows import blocks


def _names(tags: str) -> frozenset[str]:
    return frozenset(tags.split())


_READ = 65_536
_LONGEST = 65_536
_UNSEEN = _names("script style template noscript head svg math iframe object canvas select datalist audio video button dialog")
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])|opacity\s*:\s*0(?![.\d]*[1-9])", re.I)
_DECLARATIONS = re.compile(r"<!DOCTYPE[^\[>]*\[.*?\]\s*>", re.IGNORECASE | re.DOTALL)
"""Of entities: HTML has none."""
_VOID = _names("area base br col embed hr img input link meta source track wbr")
_BREAKS = _names(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form header hr html li "
    "main nav ol p section summary table tbody tfoot thead tr ul"
)


def read(source: Source) -> Iterator[Found]:
    """Yield the blocks of a page."""
    with text(source) as opened:
        yield from streamed(opened)


def streamed(opened: TextIOBase) -> Iterator[Found]:
    """Yield the blocks of a page that is read from a text file. Entities and links lead nowhere."""
    page = _Page()
    parser = etree.HTMLParser(target=page, huge_tree=True, no_network=True)
    while part := opened.read(_READ):
        parser.feed(_DECLARATIONS.sub("", part.replace("\0", ""), count=1))
        yield from page.taken()
    with suppress(etree.XMLSyntaxError):  # nothing but space or comments
        parser.close()
    page.flush()
    yield from page.taken()


class _Page:
    """What the parser tells of a page, made into blocks."""

    def __init__(self) -> None:
        self._found: list[Found] = []
        self._text: list[str] = []
        self._size = 0
        self._kind = ""
        self._unseen = 0
        self._in_title = False
        self._lists = 0
        self._row: list[str] | None = None
        self._rows: list[list[str]] | None = None
        self._tables = 0

    def taken(self) -> list[Found]:
        """Return what was found since the last time."""
        found, self._found = self._found, []
        return found

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if self._unseen or tag in _UNSEEN or _is_hidden(attributes):
            self._unseen += tag not in _VOID
            self._in_title = self._in_title or (tag == "title" and self._unseen == 2)
        elif tag == "br":
            self._add("\n")
        elif tag == "img":
            self._add(f" {attributes.get('alt', '')} ")
        elif tag in ("td", "th"):
            self._cell()
        elif self._rows is not None:
            self._within_table(tag)
        else:
            self._open(tag, attributes)

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._unseen:
            if tag == "title" and self._in_title:
                self._title()
            self._unseen -= tag not in _VOID
        elif self._rows is not None:
            self._leave_table(tag)
        elif tag in _BREAKS or tag == "pre" or (len(tag) == 2 and tag[0] == "h" and tag[1].isdigit()):
            self.flush()
            self._lists -= tag in ("ul", "ol") and self._lists > 0

    def data(self, data: str) -> None:
        """Text, or a part of it."""
        if self._in_title or not self._unseen:
            self._add(data)

    def comment(self, text: str) -> None:
        """Comments are not shown."""

    def pi(self, target: str, data: str = "") -> None:
        """Instructions to programs are not shown."""

    def close(self) -> None:
        """The page ends."""

    def flush(self) -> None:
        """Make a block of the text so far."""
        words, kind = "".join(self._text), self._kind
        self._text, self._size, self._kind = [], 0, ""
        if self._rows:
            self._found += blocks(self._rows)
            self._rows = None
        if kind != "pre":
            words = "\n".join(" ".join(line.split()) for line in words.split("\n")).strip()
        if not words.strip():
            return
        if kind == "li":
            words = "  " * min(max(self._lists - 1, 0), 8) + "- " + words
        if kind.startswith("h"):
            self._found.append(Block(" ".join(words.split()), "heading", int(kind[1])))
        else:
            self._found.append(Block(words.strip("\n"), "code" if kind == "pre" else "prose"))

    def _open(self, tag: str, attributes: Mapping[str, str]) -> None:
        heading = len(tag) == 2 and tag[0] == "h" and tag[1] in "123456"
        if not (tag in _BREAKS or tag == "pre" or heading):
            return
        if self._kind == "li" and tag in ("p", "div") and not "".join(self._text).strip():
            return  # the item's own paragraph
        self.flush()
        self._kind = tag if heading or tag in ("pre", "li") else ""
        self._lists += tag in ("ul", "ol")
        if tag == "table":
            self._rows, self._tables = [], 1

    def _within_table(self, tag: str) -> None:
        if tag == "table":
            self._tables += 1
        elif tag == "tr" and self._tables == 1:
            self._end_row()
        elif tag in _BREAKS:
            self._add(" ")

    def _leave_table(self, tag: str) -> None:
        if tag == "table":
            self._tables -= 1
            if self._tables <= 0:
                self._end_row()
                self.flush()
        elif tag == "tr" and self._tables == 1:
            self._end_row()

    def _cell(self) -> None:
        if self._rows is None:
            self._add(" ")
        elif self._tables == 1:
            self._row = [*(self._row or []), ""] if self._row is not None else [""]
        else:
            self._add(" ")

    def _end_row(self) -> None:
        if self._rows is not None and self._row:
            self._rows.append(self._row)
        self._row = None

    def _add(self, words: str) -> None:
        if self._rows is not None and self._row and not self._in_title:
            self._row[-1] += words
            return
        words = words if self._kind == "pre" else re.sub(r"\s+", " ", words) if words != "\n" else words
        self._text.append(words)
        self._size += len(words)
        if self._size > _LONGEST:
            self._found.append(Block("".join(self._text), "code" if self._kind == "pre" else "prose"))
            self._text, self._size = [], 0

    def _title(self) -> None:
        words = " ".join("".join(self._text).split())
        self._text, self._size, self._in_title = [], 0, False
        if words:
            self._found.append(Titled(words))


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    return "hidden" in attributes or bool(_HIDING.search(attributes.get("style", "")))
