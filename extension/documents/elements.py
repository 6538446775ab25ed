"""The XML that Word's documents are made of, built element by element: far quicker than through python-docx's own objects."""

from __future__ import annotations

from typing import Any

_WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def element(name: str, *inside: Any, **values: object) -> Any:
    """Return an element of WordprocessingML with its attributes, all in that namespace, and what stands inside it."""
    from docx.oxml.parser import oxml_parser

    attributes = {f"{{{_WORDS}}}{key}": str(value) for key, value in values.items()}
    made = oxml_parser.makeelement(f"{{{_WORDS}}}{name}", attributes, {"w": _WORDS})
    made.extend(inside)
    return made


def words(text: str) -> Any:
    """Return an element that holds text, spaces at its ends included."""
    made = element("t")
    made.set(_SPACE, "preserve")
    made.text = text
    return made
