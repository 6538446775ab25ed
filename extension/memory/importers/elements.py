"""The elements of a JSON array, read one after the other: a file of any length, and never more than one of them in memory."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from ...errors import ImportRefused

LONGEST = 64 * 1024 * 1024
"""Characters of one element."""
_CHUNK = 1024 * 1024
_SPACE = " \t\r\n"


def elements(file: BinaryIO) -> Iterator[Any]:
    """Yield the elements of the array in a file; an object that stands alone is its only element.

    Raises ImportRefused for what is no JSON, is nested too deeply, or has an element that is too long; the reason quotes nothing.
    """
    reader = _Reader(file)
    if reader.next() != "[":
        yield reader.element()
        reader.end()
        return
    reader.skip()
    while reader.next() != "]":
        yield reader.element()
        if reader.next() == ",":
            reader.skip()
            if reader.next() == "]":
                raise reader.refused("nothing follows a comma")
        elif reader.next() != "]":
            raise reader.refused("a comma is missing")
    reader.skip()
    reader.end()


class _Reader:
    """Text that is read as far as it is looked at."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()
        self._decoder = json.JSONDecoder()
        self._text, self._at, self._before = "", 0, 0

    def next(self) -> str:
        """Return the next character that is no space, '' at the end, and go up to it."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if not self._more(_CHUNK):
                return ""

    def skip(self) -> None:
        """Go on by a character."""
        self._at += 1

    def element(self) -> Any:
        """Return the JSON value that begins here, and go beyond it."""
        self.next()
        while True:
            try:
                value, self._at = self._decoder.raw_decode(self._text, self._at)
                return value
            except json.JSONDecodeError:
                held = len(self._text) - self._at
                if held > LONGEST:
                    raise self.refused(f"what begins here is no JSON, or longer than {LONGEST // 1024**2} MB") from None
                if not self._more(max(_CHUNK, held)):  # as much again, so that a long element is not read too often
                    raise self.refused("what begins here is no JSON, or the file ends in the middle of it") from None
            except (ValueError, RecursionError):
                raise self.refused("what begins here has a number that is too long, or is nested too deeply") from None

    def end(self) -> None:
        """Raise ImportRefused unless nothing follows."""
        if self.next():
            raise self.refused("something follows after the end")

    def refused(self, why: str) -> ImportRefused:
        """Return the error of what is wrong here."""
        return ImportRefused(f"{why} (character {self._before + self._at + 1:,})")

    def _more(self, count: int) -> bool:
        data = self._file.read(count)
        try:
            found = self._utf8.decode(data, final=not data)
        except UnicodeDecodeError:
            raise self.refused("it is not in UTF-8 after this") from None
        self._before, self._text, self._at = self._before + self._at, self._text[self._at :] + found, 0
        return bool(data)
