"""What the tests of documents share: reading a file to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from extension.context.limits import Limits
from extension.context.passages import Piece, extracted
from extension.context.reading import read


@dataclass(frozen=True, slots=True)
class Whole:
    """A document that was read to its end."""

    kind: str
    title: str
    pieces: list[Piece]
    warnings: list[str]

    @property
    def text(self) -> str:
        return "".join(extracted(self.pieces))

    def under(self, *titles: str) -> list[str]:
        """Return the texts that stand under exactly these titles."""
        return [piece.text for piece in self.pieces if piece.titles == titles]


Read = Callable[..., Whole]


@pytest.fixture
def whole() -> Read:
    """Read a file, given by its path, to its end."""

    def reads(path: Path, limits: Limits | None = None, name: str = "", charset: str = "") -> Whole:
        with read(path, name, limits=limits, charset=charset) as reading:
            pieces = list(reading)
        return Whole(reading.kind, reading.title, pieces, reading.warnings)

    return reads


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file and return its path."""

    def writes(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return writes
