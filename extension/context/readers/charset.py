"""Which characters the bytes of a text are."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ..blocks import Source

SAMPLE = 65_536
"""Bytes that are looked at."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(
    rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w.:-]{2,40})|<\?xml[^>]{0,100}encoding\s*=\s*["']([\w.:-]{2,40})"""
    rb"""|coding[:=]\s*([\w.-]{2,40})""",
    re.IGNORECASE,
)
_OTHERWISE = "cp1252"


def charset(sample: bytes, said: str = "", *, whole: bool = True) -> str:
    """Return the name of the codec of a text that begins with `sample`: a byte order mark, UTF-8, what was said, or the likeliest.

    `whole` says that the text ends with the sample.
    """
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    if b"\0" in sample:
        if name := _wide(sample):
            return name
    elif _is(sample, "utf-8", whole):
        return "utf-8"
    declared = next((found.decode("ascii") for match in _DECLARED.finditer(sample[:4096]) for found in match.groups() if found), "")
    for name in (said, declared):
        if name and _is(sample, name, whole):
            return name
    return _likeliest(sample)


@contextmanager
def text(source: Source) -> Iterator[io.TextIOWrapper]:
    """Open a source as text, from its beginning; what cannot be decoded is U+FFFD, and line ends are line feeds."""
    source.file.seek(0)
    sample = source.file.read(SAMPLE)
    source.file.seek(0)
    name = charset(sample, source.charset, whole=len(sample) < SAMPLE)
    opened = io.TextIOWrapper(source.file, encoding=name, errors="replace", newline=None)
    try:
        yield opened
    finally:
        opened.detach()


def is_binary(sample: bytes) -> bool:
    """Say whether bytes are no text: NULs that no wide charset explains, or many control characters."""
    if any(sample.startswith(mark) for mark, _ in _MARKS):
        return False
    if b"\0" in sample and not _wide(sample):
        nuls = sample.count(0)
        return nuls > max(2, len(sample) // 1000)
    controls = len(sample.translate(None, bytes(range(32, 256)) + b"\0\t\n\v\f\r\x1a\x1b\x08"))
    return controls > max(2, len(sample) // 50)


def _is(sample: bytes, name: str, whole: bool) -> bool:
    with suppress(LookupError, UnicodeError, ValueError):
        if not codecs.lookup(name)._is_text_encoding:
            return False
        codecs.getincrementaldecoder(name)().decode(sample, final=whole)
        return True
    return False


def _wide(sample: bytes) -> str:
    """Return the charset of text with a NUL in every other byte or three of four, '' for none."""
    for name, step, places in (("utf-32-le", 4, (1, 2, 3)), ("utf-32-be", 4, (0, 1, 2)), ("utf-16-le", 2, (1,)), ("utf-16-be", 2, (0,))):
        part = sample[: len(sample) // step * step]
        if part and all(part[place::step].count(0) >= 0.7 * (len(part) // step) for place in places) and _is(part, name, whole=False):
            return name
    return ""


def _likeliest(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    found = list(from_bytes(sample[:16_384]))
    alike = {each.encoding for each in found if (each.chaos, each.coherence) == (found[0].chaos, found[0].coherence)}
    best = _OTHERWISE if not found or _OTHERWISE in alike else found[0].encoding
    return best if _is(sample, best, whole=False) else _OTHERWISE
