"""What the tests of documents share: a diary over both pairs of stores, and documents written, read again and opened."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from io import BytesIO

import docx
import pytest
from docx.document import Document

from extension.documents.text import Part, Text
from extension.documents.word import written

WHEN = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def made(*markdown: str, title: str = "War and Peace") -> Document:
    """Return a document of some replies, written and read again."""
    return docx.Document(BytesIO(bytes_of(*markdown, title=title)))


def bytes_of(*markdown: str, title: str = "War and Peace") -> bytes:
    """Return the bytes of a document of some replies."""
    return written(Text(title, "Robin", WHEN, tuple(map(Part, markdown))))


def lines(document: Document) -> list[str]:
    """Return the paragraphs after the title."""
    return [paragraph.text for paragraph in document.paragraphs[1:]]


@pytest.fixture(scope="session")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], str]:
    """Opens a document in LibreOffice and returns the text of the PDF it makes of it."""
    office = shutil.which("soffice")
    if not office:
        pytest.fail("There is no LibreOffice: run `make libreoffice`, or leave these tests out with -m 'not office'.")
    profile = tmp_path_factory.mktemp("office")

    def text(data: bytes) -> str:
        from pypdfium2 import PdfDocument

        folder = tmp_path_factory.mktemp("printed")
        (folder / "it.docx").write_bytes(data)
        command = [office, "--headless", f"-env:UserInstallation={profile.as_uri()}", "--convert-to", "pdf", "--outdir", str(folder)]
        subprocess.run([*command, str(folder / "it.docx")], check=True, capture_output=True, timeout=240)
        with closing(PdfDocument(folder / "it.pdf")) as pdf:
            return "\n".join(page.get_textpage().get_text_range() for page in pdf)

    return text
