"""How a document looks: the page, the fonts, and the styles its paragraphs and words have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docx.document import Document
    from docx.styles.style import ParagraphStyle

WIDTH, HEIGHT = 16.0, 24.7
"""Of the text on an A4 page, in centimetres."""
MARGIN = 2.5
AFTER = 6.0
"""Points after a paragraph."""
CODE, CODE_WORDS, LINK = "FamiliarCode", "FamiliarCodeWords", "FamiliarLink"
SPEAKER, RULE, QUOTE = "FamiliarSpeaker", "FamiliarRule", "Quote"
"""Ids of styles; those of headings are Heading1 to Heading6, that of tables is TableGrid."""
_MONOSPACED = "Courier New"
_GREY, _BLUE = "595959", "0563C1"


def dressed() -> Document:
    """Return an empty document with our page and styles."""
    import docx
    from docx.shared import Cm, Pt

    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(MARGIN)
    normal = document.styles["Normal"]
    normal.font.size = Pt(11)
    normal.paragraph_format.space_after = Pt(AFTER)
    normal.paragraph_format.line_spacing = 1.15
    for level in range(1, 7):
        heading = document.styles[f"Heading {level}"]
        heading.paragraph_format.space_before = Pt(AFTER * 2)
        heading.paragraph_format.space_after = Pt(AFTER)
    _paragraphs(document)
    _words(document)
    return document


def _paragraphs(document: Document) -> None:
    from docx.shared import Pt, RGBColor

    quote = document.styles["Quote"]
    quote.font.italic = False
    quote.font.color.rgb = RGBColor.from_string(_GREY)
    _border(quote, "left", "BFBFBF", 12, 8)
    code = _added(document, CODE)
    code.font.name, code.font.size = _MONOSPACED, Pt(9.5)
    code.paragraph_format.line_spacing = 1.0
    _shaded(code)
    speaker = _added(document, SPEAKER)
    speaker.font.bold, speaker.font.size = True, Pt(10)
    speaker.font.color.rgb = RGBColor.from_string(_GREY)
    speaker.paragraph_format.space_before = Pt(AFTER * 2)
    speaker.paragraph_format.keep_with_next = True
    _border(_added(document, RULE), "bottom", "A6A6A6", 6, 1)


def _words(document: Document) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt, RGBColor

    code = document.styles.add_style(CODE_WORDS, WD_STYLE_TYPE.CHARACTER)
    code.font.name, code.font.size = _MONOSPACED, Pt(9.5)
    link = document.styles.add_style(LINK, WD_STYLE_TYPE.CHARACTER)
    link.font.underline = True
    link.font.color.rgb = RGBColor.from_string(_BLUE)


def _added(document: Document, name: str) -> ParagraphStyle:
    from docx.enum.style import WD_STYLE_TYPE

    style: ParagraphStyle = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = document.styles["Normal"]
    return style


def _border(style: ParagraphStyle, side: str, colour: str, eighths: int, space: int) -> None:
    """Draw a line beside a paragraph, so many eighths of a point thick and so many points away."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    line = f'<w:{side} w:val="single" w:sz="{eighths}" w:space="{space}" w:color="{colour}"/>'
    style.element.get_or_add_pPr().insert_element_before(parse_xml(f"<w:pBdr {nsdecls('w')}>{line}</w:pBdr>"), *_AFTER_BORDERS)


def _shaded(style: ParagraphStyle) -> None:
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    shade = parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="F2F2F2"/>')
    style.element.get_or_add_pPr().insert_element_before(shade, *_AFTER_BORDERS[1:])


_AFTER_BORDERS = ("w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:contextualSpacing", "w:jc", "w:outlineLvl", "w:rPr")
"""What the schema wants behind the borders of a paragraph, in its order; the first of it is the shading."""
