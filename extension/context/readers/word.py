"""Word documents: headings, lists, tables, text boxes, foot- and endnotes; not what was deleted or is hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from docx import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.part import PartFactory
from docx.oxml.ns import qn
from docx.oxml.parser import parse_xml
from docx.parts.document import DocumentPart
from lxml import etree

from ..blocks import Block, Found, Remark, Source, Titled
from . import archive
from .rows import blocks

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

_MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"
_TEMPLATE = "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"
_HEADING = re.compile(r"heading (\d)$", re.I)
_BASES = 20
_SKIPPED = frozenset(
    map(qn, ("w:del", "w:moveFrom", "w:instrText", "w:pPr", "w:rPr", "w:sectPr", "w:sdtPr", "w:fldData"))
) | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}  # fmt: skip
_P, _TBL, _TR, _TC, _R, _T = map(qn, ("w:p", "w:tbl", "w:tr", "w:tc", "w:r", "w:t"))
_BREAKS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_REFERENCES = {qn("w:footnoteReference"): "", qn("w:endnoteReference"): "e"}


def read(source: Source) -> Iterator[Found]:
    """Yield the blocks of a document; a note follows the paragraph that refers to it. Raises UnreadableDocument."""
    with archive.opened(source) as packed:
        archive.package(packed, source)
        has_macros = any(name.lower().endswith("vbaproject.bin") for name in packed.namelist())
    yield from _Word(_opened(source)).blocks()
    if has_macros:
        yield Remark("It has macros, which are ignored.")


def _opened(source: Source) -> WordDocument:
    for kind in (_MACROS, _TEMPLATE):
        PartFactory.part_type_for[kind] = DocumentPart
    source.file.seek(0)
    try:
        return Document(source.file)
    except ValueError:  # python-docx names the content types it opens
        from docx.package import Package

        source.file.seek(0)
        part: Any = Package.open(source.file).main_document_part
        if part.content_type not in (_MACROS, _TEMPLATE, CONTENT_TYPE.WML_DOCUMENT_MAIN):
            raise
        document: WordDocument = part.document
        return document


class _Word:
    """A document as it is walked through."""

    def __init__(self, document: WordDocument) -> None:
        self._document = document
        self._levels = _levels(document)
        self._notes = dict(_notes(document))

    def blocks(self) -> Iterator[Found]:
        """Yield the blocks of the document."""
        if title := (self._document.core_properties.title or "").strip():
            yield Titled(title)
        yield from self._walked(self._document.element.body)

    def _walked(self, body: Any) -> Iterator[Found]:
        """Yield the blocks of an element, through content controls and whatever else lies around its paragraphs."""
        walk = etree.iterwalk(body, events=("start",))
        for _, element in walk:
            if element.tag == _P:
                walk.skip_subtree()
                yield from self._paragraph(element)
            elif element.tag == _TBL:
                walk.skip_subtree()
                yield from blocks(_rows(element))
                yield from self._referred(element)
            elif element.tag in _SKIPPED:
                walk.skip_subtree()

    def _paragraph(self, element: Any) -> Iterator[Found]:
        words = _words(element)
        if words.strip():
            style = element.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
            level = self._levels.get(style.get(qn("w:val")) if style is not None else "", 0) or _outlined(element)
            depth = _list_depth(element)
            if level:
                yield Block(" ".join(words.split()), "heading", level)
            else:
                yield Block(words if depth is None else "  " * depth + "- " + words.strip())
        yield from self._referred(element)

    def _referred(self, element: Any) -> Iterator[Found]:
        for reference in element.iter(*_REFERENCES):
            mark = _REFERENCES[reference.tag] + (reference.get(qn("w:id")) or "")
            if note := self._notes.get(mark):
                yield Block(f"[^{mark}]: {note}")


def _levels(document: WordDocument) -> dict[str, int]:
    """Return the level of each style that is a heading, or is based on one."""
    styles = {each.get(qn("w:styleId")): each for each in document.styles.element.iter(qn("w:style"))}
    levels = {}
    for name in styles:
        at, found = name, 0
        for _ in range(_BASES):
            if at not in styles or found:
                break
            called, base = styles[at].find(qn("w:name")), styles[at].find(qn("w:basedOn"))
            match = _HEADING.match(called.get(qn("w:val")) or "") if called is not None else None
            is_title = called is not None and (called.get(qn("w:val")) or "").lower() == "title"
            found = int(match[1]) if match else 1 if is_title else _outlined(styles[at])
            at = base.get(qn("w:val")) if base is not None else None
        if found:
            levels[name] = found
    return levels


def _outlined(element: Any) -> int:
    """Return the outline level an element gives itself, from 1; 0 for none."""
    found = element.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
    value = found.get(qn("w:val")) if found is not None else None
    return int(value) + 1 if value is not None and value.isdigit() and int(value) < 9 else 0


def _list_depth(element: Any) -> int | None:
    """Return how deep in lists a paragraph lies, None for in none."""
    numbered = element.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
    if numbered is not None:
        level = numbered.find(qn("w:ilvl"))
        value = level.get(qn("w:val")) if level is not None else "0"
        return min(int(value), 8) if value and value.isdigit() else 0
    style = element.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    name = (style.get(qn("w:val")) or "") if style is not None else ""
    if not name.startswith("List") or name.startswith("ListContinue"):
        return None
    return int(name[-1]) - 1 if name[-1].isdigit() and name[-1] != "0" else 0


def _words(element: Any) -> str:
    """Return the text below an element, with marks where it refers to notes."""
    parts: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, each in walk:
        if event == "end":
            parts += ["\n"] if each.tag == _P and each is not element else []
        elif each.tag in _SKIPPED or (each.tag == _R and _is_hidden(each)):
            if each is not element:
                walk.skip_subtree()
        elif each.tag == _T:
            parts.append(each.text or "")
        elif each.tag in _BREAKS:
            parts.append(_BREAKS[each.tag])
        elif each.tag in _REFERENCES:
            parts.append(f"[^{_REFERENCES[each.tag]}{each.get(qn('w:id')) or ''}]")
    return "".join(parts).strip("\n")


def _is_hidden(run: Any) -> bool:
    found = run.find(f"{qn('w:rPr')}/{qn('w:vanish')}")
    return found is not None and found.get(qn("w:val")) not in ("0", "false", "off")


def _rows(table: Any) -> Iterator[list[str]]:
    """Yield the cells of each row; a table in a cell is part of its text."""
    walk = etree.iterwalk(table, events=("start",), tag=(_TR,))
    for _, row in walk:
        walk.skip_subtree()
        yield [_words(cell) for cell in _cells(row)]


def _cells(row: Any) -> Iterator[Any]:
    walk = etree.iterwalk(row, events=("start",), tag=(_TC,))
    for _, cell in walk:
        walk.skip_subtree()
        yield cell


def _notes(document: WordDocument) -> Iterator[tuple[str, str]]:
    """Yield the notes by their marks."""
    for kind, tag, mark in ((RELATIONSHIP_TYPE.FOOTNOTES, "w:footnote", ""), (RELATIONSHIP_TYPE.ENDNOTES, "w:endnote", "e")):
        for relation in document.part.rels.values():
            if relation.reltype == kind and not relation.is_external:
                for note in parse_xml(relation.target_part.blob).iter(qn(tag)):
                    if note.get(qn("w:type"), "normal") == "normal" and (words := " ".join(_words(note).split())):
                        yield mark + (note.get(qn("w:id")) or ""), words
