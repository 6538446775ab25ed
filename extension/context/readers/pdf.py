"""PDF: the text layer, page by page, under the bookmarks; pages that are pictures are reported."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pypdfium2
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

from ...errors import UnreadableDocument
from ..blocks import Block, Found, Remark, Share, Source, Titled

_BOOKMARKS = 20_000
_DEEP = 6
_HYPHEN = re.compile(r"(?<=\w)(?:[\ufffe\x02]|[-\u2010](?=\r?\n[^\W\d_A-Z]))\s*\r?\n?")
_ENDS = tuple(".:;!?\u2026\u3002\uff01\uff1f\u201d\"'")


def read(source: Source) -> Iterator[Found]:
    """Yield a block for each page with text. Raises UnreadableDocument."""
    document = _opened(source)
    try:
        if name := document.get_metadata_value("Title").strip():
            yield Titled(name)
        yield from _pages(document)
    finally:
        document.close()


def _opened(source: Source) -> pypdfium2.PdfDocument:
    source.file.seek(0)
    try:
        document = pypdfium2.PdfDocument(source.file)
        len(document)
    except pypdfium2.PdfiumError as exc:
        if "password" in str(exc).lower() or "security" in str(exc).lower():
            raise UnreadableDocument("It is protected with a password. Save it without one and read it again.") from None
        raise UnreadableDocument("It is a damaged PDF. Open it in a PDF reader, print it into a new PDF, and read that.") from None
    return document


def _pages(document: pypdfium2.PdfDocument) -> Iterator[Found]:
    paths = _paths(document)
    under: tuple[str, ...] = ()
    pictures, broken = [], []
    for number in range(len(document)):
        under = paths.get(number, under)
        yield Share(number / len(document))
        try:
            words, is_picture = _words(document, number)
        except pypdfium2.PdfiumError:
            broken.append(number + 1)
            continue
        if words.strip():
            yield Block(paragraphs(words), page=number + 1, under=under)
        elif is_picture:
            pictures.append(number + 1)
    if pictures:
        advice = "Let OCR add one (for instance ocrmypdf) and read it again."
        yield Remark(f"{_named(pictures)} scanned: a picture without a text layer. {advice}")
    if broken:
        yield Remark(f"{_named(broken)} damaged and could not be read.")


def _words(document: pypdfium2.PdfDocument, number: int) -> tuple[str, bool]:
    """Return the text of a page, and whether there are pictures on a page that has none."""
    page = document[number]
    try:
        layer = page.get_textpage()
        try:
            words = layer.get_text_range()
        finally:
            layer.close()
        is_picture = not words.strip() and next(iter(page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE])), None) is not None
        return words, is_picture
    finally:
        page.close()


def _paths(document: pypdfium2.PdfDocument) -> dict[int, tuple[str, ...]]:
    """Return the titles that each page with a bookmark begins, by the page's index: of several on a page the last."""
    paths: dict[int, tuple[str, ...]] = {}
    path: list[str] = []
    try:
        for count, mark in enumerate(document.get_toc(max_depth=_DEEP)):
            path[mark.level :] = [mark.get_title()]
            place = mark.get_dest()
            index = place.get_index() if place is not None else None
            if count > _BOOKMARKS:
                break
            if index is not None:
                paths[index] = tuple(path)
    except pypdfium2.PdfiumError:
        return {}
    return paths


def paragraphs(words: str) -> str:
    """Return the lines of a page joined where a sentence goes on, and words that were hyphenated at a line's end made whole."""
    lines = _HYPHEN.sub("", words).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    widest = max(map(len, lines))
    joined = ""
    for line in lines:
        joined += line.strip()
        goes_on = line.strip() and len(line) > widest / 2 and not line.rstrip().endswith(_ENDS)
        joined += " " if goes_on else "\n"
    return joined.rstrip()


def _named(pages: Sequence[int]) -> str:
    """Return pages in words: `Pages 1-3, 7 are`."""
    spans: list[list[int]] = []
    for page in pages:
        if spans and spans[-1][1] == page - 1:
            spans[-1][1] = page
        else:
            spans.append([page, page])
    said = [str(first) if first == last else f"{first}-{last}" for first, last in spans]
    more = f" and {len(said) - 20} more spans" if len(said) > 20 else ""
    return f"Page {said[0]} is" if len(pages) == 1 else f"Pages {', '.join(said[:20])}{more} are"
