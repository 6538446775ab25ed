"""Which reader reads a file: told by its content, and by its name only where texts look alike."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

from ...errors import MissingPackage, UnreadableDocument
from ..blocks import Found, Reader, Remark, Source
from .charset import SAMPLE, charset, is_binary
from .damage import translated
from .plain import LANGUAGES, interpreter


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of document and what reads it."""

    kind: str
    mime: str
    called: str
    """What a person calls it."""
    suffixes: frozenset[str]
    reader: str
    """Module and function, in this package."""


FORMATS = {
    each.kind: each
    for each in (
        Format("text", "text/plain", "plain text", frozenset({".txt", ".text", ".log", ""}), "plain.prose"),
        Format("code", "text/plain", "source code", frozenset(LANGUAGES), "plain.code"),
        Format("markdown", "text/markdown", "Markdown", frozenset({".md", ".markdown", ".mkd"}), "markdown.read"),
        Format("rst", "text/x-rst", "reStructuredText", frozenset({".rst", ".rest"}), "restructured.read"),
        Format("html", "text/html", "HTML", frozenset({".html", ".htm", ".xhtml"}), "hypertext.read"),
        Format("pdf", "application/pdf", "PDF", frozenset({".pdf"}), "pdf.read"),
        Format(
            "docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "a Word document",
            frozenset({".docx", ".docm", ".dotx"}),
            "word.read",
        ),
        Format(
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "an Excel workbook",
            frozenset({".xlsx", ".xlsm", ".xltx"}),
            "excel.read",
        ),
        Format("epub", "application/epub+zip", "EPUB", frozenset({".epub"}), "epub.read"),
        Format("csv", "text/csv", "a table", frozenset({".csv", ".tsv", ".tab"}), "separated.read"),
        Format("json", "application/json", "JSON", frozenset({".json"}), "records.read"),
        Format("jsonl", "application/jsonl", "JSON lines", frozenset({".jsonl", ".ndjson"}), "records.lines"),
        Format("subtitles", "application/x-subrip", "subtitles", frozenset({".srt", ".vtt"}), "subtitles.read"),
        Format("mail", "message/rfc822", "a mail", frozenset({".eml"}), "mail.read"),
        Format("zip", "application/zip", "a zip", frozenset({".zip"}), "archive.read"),
    )
}
"""Every format that is read, by its kind."""

_OTHERS = (
    (b"\xd0\xcf\x11\xe0", "It is of an Office before 2007, or protected with a password. Save it as .docx or .xlsx, without one."),
    (b"{\\rtf", "It is rich text (RTF), which is not read. Save it as .docx."),
    (b"\x89PNG", "It is a picture. Let OCR make a PDF with a text layer of it (for instance ocrmypdf)."),
    (b"\xff\xd8\xff", "It is a picture. Let OCR make a PDF with a text layer of it (for instance ocrmypdf)."),
    (b"GIF8", "It is a picture. Let OCR make a PDF with a text layer of it (for instance ocrmypdf)."),
    (b"Rar!", "It is a RAR archive, which is not read. Pack it as a zip."),
    (b"7z\xbc\xaf", "It is a 7z archive, which is not read. Pack it as a zip."),
    (b"\x1f\x8b", "It is packed with gzip, which is not read. Unpack it, or pack it as a zip."),
)
_KNOWN = (
    "Read are: text, Markdown, reStructuredText, HTML, PDF, docx, EPUB, csv, xlsx, JSON, subtitles, mails, source code, and zips of these."
)
_CUE = re.compile(r"\s*(?:WEBVTT\b|\d+\s*\n\s*\d+:\d\d:\d\d[,.]\d+\s*-->)")
_HEADER = re.compile(r"^(From|To|Subject|Date|Message-ID|MIME-Version|Received|Return-Path|Delivered-To|Content-Type):", re.M | re.I)
_MAIL = re.compile(r"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*){2}")
_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*(?:["\[{\]]|-?\d|true|false|null))')
_PAGE = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_TAGS = re.compile(r"</?(?:p|div|span|h[1-6]|table|tr|td|ul|ol|li|a|br|body|head|title|article|section)\b[^<>]*>", re.I)
_RST = re.compile(r"^\.\. [\w-]+::|^(?!\s)\S[^\n]*\n(=+|-+|~+)\n", re.M)
_MARKDOWN = re.compile(r"^#{1,6} \S|^```|^\|[ :|-]+\|\s*$|\[[^\]\n]+\]\([^)\s]+\)", re.M)


def detected(source: Source) -> Format:
    """Return the format of a source. Raises UnreadableDocument for one that is empty or of no kind that is read."""
    with translated("a document"):
        return _detected(source)


def _detected(source: Source) -> Format:
    source.file.seek(0)
    head = source.file.read(SAMPLE)
    if not head.strip(b"\0 \t\r\n\f\v\xef\xbb\xbf"):
        raise UnreadableDocument("It is empty.")
    if b"%PDF-" in head[:1024]:
        return FORMATS["pdf"]
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return FORMATS[_packed(source)]
    for signature, advice in _OTHERS:
        if head.startswith(signature):
            raise UnreadableDocument(advice)
    if is_binary(head):
        raise UnreadableDocument(f"It is of no kind that is read. {_KNOWN}")
    name = charset(head, source.charset, whole=len(head) < SAMPLE)
    return FORMATS[_text(head.decode(name, "replace").removeprefix("\ufeff"), source)]


def blocks(found: Format, source: Source) -> Iterator[Found]:
    """Yield what the reader of a format finds. Raises UnreadableDocument and MissingPackage."""
    named = next((each for each in FORMATS.values() if source.suffix and source.suffix in each.suffixes), None)
    if named is not None and named is not found and not {named.kind, found.kind} <= {"text", "code", "json", "jsonl", "csv"}:
        yield Remark(f"It is called {source.suffix} and is {found.called}; it was read as that.")
    module, _, function = found.reader.partition(".")
    try:
        reader: Reader = getattr(import_module(f".{module}", __package__), function)
    except ImportError as exc:
        raise MissingPackage(
            f"Reading {found.called} needs {exc.name}, which is not installed. Install what Familiar needs: make setup, or make install"
        ) from exc
    with translated(found.called):
        yield from reader(source)


def _packed(source: Source) -> str:
    """Return the kind of a zip. Raises UnreadableDocument."""
    with zipfile.ZipFile(source.file) as archive:
        names = set(archive.namelist())
        short = "mimetype" in names and archive.getinfo("mimetype").file_size < 100
        mime = archive.read("mimetype").decode("ascii", "replace") if short else ""
    if "META-INF/container.xml" in names or mime.startswith("application/epub"):
        return "epub"
    if "[Content_Types].xml" in names:
        for folder, kind in (("word/", "docx"), ("xl/", "xlsx")):
            if any(name.startswith(folder) for name in names):
                return kind
        raise UnreadableDocument(f"It is an office file of a kind that is not read, such as a presentation. Save it as PDF. {_KNOWN}")
    if mime.startswith("application/vnd.oasis"):
        raise UnreadableDocument("It is an OpenDocument file, which is not read. Save it as .docx or .xlsx.")
    return "zip"


def _text(sample: str, source: Source) -> str:
    """Return the kind of a text that begins with a sample: what only its content can tell, then its name, then what it looks like."""
    named = next((each.kind for each in FORMATS.values() if source.suffix and source.suffix in each.suffixes), "")
    if _CUE.match(sample):
        return "subtitles"
    if _PAGE.match(sample):
        return "html"
    if named != "code" and _MAIL.match(sample) and len({each.lower() for each in _HEADER.findall(sample.partition("\n\n")[0])}) > 2:
        return "mail"
    if named not in ("code", "markdown", "rst") and _JSON.match(sample):
        return "jsonl" if named == "jsonl" or (named != "json" and _is_lines(sample)) else "json"
    if named in ("code", "markdown", "rst") or (named == "csv" and _is_table(sample)) or (named == "html" and _TAGS.search(sample)):
        return named
    if source.suffix == ".txt":
        return "text"
    return _looks_like(sample)


def _looks_like(sample: str) -> str:
    if interpreter(sample):
        return "code"
    if len(_TAGS.findall(sample)) > 5:
        return "html"
    if len(_RST.findall(sample)) > 1:
        return "rst"
    if len(_MARKDOWN.findall(sample)) > 1:
        return "markdown"
    return "csv" if _is_table(sample) and sample.count("\n") > 2 else "text"


def _is_lines(sample: str) -> bool:
    """Say whether a sample is JSON values one a line."""
    lines = [line.strip() for line in sample.split("\n", 3)[:2]]
    return len(lines) == 2 and all(line.startswith(("{", "[")) and line.endswith(("}", "]")) for line in lines)


def _is_table(sample: str) -> bool:
    from .separated import delimiter

    return bool(delimiter(sample))
