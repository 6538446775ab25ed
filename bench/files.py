"""Writes documents as other programs do: the same sections in every format that is read."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from html import escape
from pathlib import Path
from textwrap import indent, wrap


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the paragraphs under it."""

    heading: str
    paragraphs: Sequence[str]


@dataclass(frozen=True, slots=True)
class Written:
    """A document to be written: sections for those of prose, rows for those of records."""

    title: str
    sections: Sequence[Section]
    rows: Sequence[Mapping[str, str]] = ()

    @property
    def sentences(self) -> list[str]:
        """All of it, a sentence each."""
        text = (paragraph for section in self.sections for paragraph in (section.heading + ".", *section.paragraphs))
        return [sentence.rstrip(".") + "." for paragraph in text for sentence in paragraph.split(". ")]


def packed(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def book(path: Path, chapters: Mapping[str, str], *, title: str = "A Book", extra: Mapping[str, str | bytes] | None = None) -> Path:
    """Write an EPUB of chapters by their file names."""
    items = "".join(f'<item id="i{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(chapters))
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(len(chapters)))
    opf = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{escape(title)}</dc:title></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    pages = {f"OPS/{name}": words for name, words in chapters.items()}
    return packed(
        path, {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "OPS/book.opf": opf, **pages, **(extra or {})}
    )


def _txt(path: Path, told: Written) -> None:
    parts = [part for section in told.sections for part in (section.heading.upper(), *section.paragraphs)]
    path.write_text("\n\n".join([told.title, *("\n".join(wrap(part, 88)) for part in parts)]) + "\n", encoding="utf-8")


def _md(path: Path, told: Written) -> None:
    path.write_text(_markdown(told), encoding="utf-8")


def _markdown(told: Written) -> str:
    parts = [part for section in told.sections for part in (f"## {section.heading}", *section.paragraphs)]
    return "\n\n".join([f"# {told.title}", *parts]) + "\n"


def _rst(path: Path, told: Written) -> None:
    parts = [_underlined(told.title, "=")]
    for section in told.sections:
        parts += [_underlined(section.heading, "-"), *section.paragraphs]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _underlined(text: str, mark: str) -> str:
    return f"{text}\n{mark * len(text)}"


def _html(path: Path, told: Written) -> None:
    body = "\n".join(_tags(section) for section in told.sections)
    path.write_text(
        f"<!DOCTYPE html>\n<html><head><title>{escape(told.title)}</title></head>\n<body>{body}</body></html>\n", encoding="utf-8"
    )


def _tags(section: Section) -> str:
    return f"<h2>{escape(section.heading)}</h2>\n" + "\n".join(f"<p>{escape(each)}</p>" for each in section.paragraphs)


def _pdf(path: Path, told: Written) -> None:
    from fpdf import FPDF

    made = FPDF()
    made.set_title(told.title)
    for section in told.sections:
        made.add_page()
        made.start_section(section.heading)
        made.set_font("helvetica", size=15)
        made.multi_cell(0, 9, section.heading, new_x="LMARGIN", new_y="NEXT")
        made.set_font("helvetica", size=10)
        for paragraph in section.paragraphs:
            made.multi_cell(0, 5, paragraph, new_x="LMARGIN", new_y="NEXT")
            made.ln(3)
    made.output(str(path))


def _docx(path: Path, told: Written) -> None:
    import docx

    made = docx.Document()
    made.core_properties.title = told.title
    for section in told.sections:
        made.add_heading(section.heading, 1)
        for paragraph in section.paragraphs:
            made.add_paragraph(paragraph)
    made.save(str(path))


def _epub(path: Path, told: Written) -> None:
    page = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{}</title></head><body>{}</body></html>'
    chapters = {f"chapter{n}.xhtml": page.format(escape(each.heading), _tags(each)) for n, each in enumerate(told.sections)}
    book(path, chapters, title=told.title)


def _separated(path: Path, told: Written) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, list(told.rows[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
        rows.writeheader()
        rows.writerows(told.rows)


def _xlsx(path: Path, told: Written) -> None:
    import openpyxl

    made = openpyxl.Workbook(write_only=True)
    sheet = made.create_sheet(told.title[:31])
    sheet.append(list(told.rows[0]))
    for row in told.rows:
        sheet.append(list(row.values()))
    made.save(str(path))


def _json(path: Path, told: Written) -> None:
    path.write_text(json.dumps({"title": told.title, "entries": list(told.rows)}, indent=1), encoding="utf-8")


def _jsonl(path: Path, told: Written) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in told.rows), encoding="utf-8")


def _srt(path: Path, told: Written) -> None:
    cues = []
    for number, sentence in enumerate(told.sentences):
        first, last = (_clock(5 * number + more) for more in (0, 4))
        cues.append(f"{number + 1}\n{first} --> {last}\n{sentence}\n")
    path.write_text("\n".join(cues), encoding="utf-8")


def _clock(seconds: int) -> str:
    return f"{str(timedelta(seconds=seconds)).zfill(8)},000"


def _eml(path: Path, told: Written) -> None:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Ada <ada@example.org>", "archive@example.org", told.title
    made["Date"] = "Mon, 3 May 2027 10:00:00 +0000"
    made.set_content("\n\n".join(part for section in told.sections for part in (section.heading, *section.paragraphs)))
    path.write_bytes(bytes(made))


def _code(path: Path, told: Written) -> None:
    lines = [f'"""{told.title}."""', ""]
    for number, section in enumerate(told.sections):
        notes = [indent("\n".join(wrap(paragraph, 100)), "    ") for paragraph in section.paragraphs]
        lines += ["", f"def part_{number}(count: int) -> int:", f'    """{section.heading}.', "", "\n\n".join(notes), '    """']
        lines += [f"    return count * {len(section.paragraphs)} % 997", ""]
    path.write_text("\n".join(lines), encoding="utf-8")


def _zip(path: Path, told: Written) -> None:
    parts = {f"part{n}.md": _markdown(Written(told.title, [each])) for n, each in enumerate(told.sections)}
    packed(path, {**parts, "contents.txt": "\n".join(parts)})


WRITERS: dict[str, Callable[[Path, Written], None]] = {
    "txt": _txt,
    "md": _md,
    "rst": _rst,
    "html": _html,
    "pdf": _pdf,
    "docx": _docx,
    "epub": _epub,
    "csv": _separated,
    "tsv": _separated,
    "xlsx": _xlsx,
    "json": _json,
    "jsonl": _jsonl,
    "srt": _srt,
    "eml": _eml,
    "py": _code,
    "zip": _zip,
}
"""By the suffix of the file."""
_SEPARATED = (" | ", "{}: {}")
RECORDS = {"csv": _SEPARATED, "tsv": _SEPARATED, "xlsx": _SEPARATED, "json": ("\n", "entries › {}: {}"), "jsonl": ("\n", "{}: {}")}
"""Those that are written from rows, and how the reader of each says a row: what stands between two cells, and a cell."""


def said(suffix: str, row: Mapping[str, str], last: str) -> str:
    """Return the beginning of a row up to a cell, as the reader of a format says it."""
    between, cell = RECORDS[suffix]
    names = list(row)
    return between.join(cell.format(name, row[name]) for name in names[: names.index(last) + 1])
