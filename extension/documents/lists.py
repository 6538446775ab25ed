"""The numbering of lists: bullets and numbers at nine levels, and for each numbered list a count of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docx.document import Document

LEVELS = 9
"""What Word knows; what lies deeper is shown on the last."""
INDENT = 360
"""Twentieths of a point that each level is further in."""
LARGEST_START = 32_767
_BULLETS = "•◦▪"
_FORMATS = ("decimal", "lowerLetter", "lowerRoman")


class Lists:
    """The lists of one document."""

    def __init__(self, document: Document) -> None:
        from docx.oxml import parse_xml
        from docx.oxml.ns import nsdecls, qn

        self._all = document.part.numbering_part.element
        self._next = 1 + max((int(each.get(qn("w:numId"))) for each in self._all.iterchildren(qn("w:num"))), default=0)
        first = 1 + max((int(each.get(qn("w:abstractNumId"))) for each in self._all.iterchildren(qn("w:abstractNum"))), default=0)
        self._kinds = {False: first, True: first + 1}
        for ordered, number in reversed(self._kinds.items()):
            levels = "".join(_level(each, ordered) for each in range(LEVELS))
            kind = f'<w:multiLevelType w:val="hybridMultilevel"/>{levels}'
            self._all.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{number}">{kind}</w:abstractNum>'))
        self.bullets = self._added(False, "")

    def numbered(self, level: int, start: int) -> int:
        """Return the number of a new numbered list at a level (from 0), which counts from `start`."""
        begin = f'<w:lvlOverride w:ilvl="{level}"><w:startOverride w:val="{min(start, LARGEST_START)}"/></w:lvlOverride>'
        return self._added(True, begin)

    def _added(self, ordered: bool, begin: str) -> int:
        from docx.oxml import parse_xml
        from docx.oxml.ns import nsdecls

        number, kind = self._next, self._kinds[ordered]
        self._next += 1
        self._all.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="{number}"><w:abstractNumId w:val="{kind}"/>{begin}</w:num>'))
        return number


def _level(level: int, ordered: bool) -> str:
    form, text = (_FORMATS[level % 3], f"%{level + 1}.") if ordered else ("bullet", _BULLETS[level % 3])
    place = f'<w:pPr><w:ind w:left="{(level + 1) * INDENT}" w:hanging="{INDENT}"/></w:pPr>'
    return (
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/>'
        f'<w:lvlJc w:val="left"/>{place}</w:lvl>'
    )
