"""How much of a document is read: what lies beyond is refused, so that no file costs more than a person would wait for."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest of everything. Sizes are bytes."""

    size: int = 1000 * MB
    """Of a file; also of what all files of a zip are unpacked."""
    whole: int = 100 * MB
    """Of a file of a format that is read into memory before its first piece: Word, EPUB and mails."""
    parsed: int = 2 * MB
    """Of Markdown and reStructuredText, whose parsers are slow; beyond it they are read as plain text."""
    ratio: int = 200
    """How many times its packed size a file of a zip may be, from a megabyte on."""
    members: int = 10_000
    """Files in a zip."""
    nesting: int = 2
    """How deep zips and mails may lie in one another."""
    memory: int = 2000 * MB
    """Address space of the process that reads."""
    patience: float = 120.0
    """Seconds until the next piece."""
    processor: int = 1800
    """Seconds of processor time for one document."""
