"""The process that reads one document: it gets it as standard input and writes what it finds, as JSON, a line each.

What is wrong with a file, a program that hangs, fills the memory or crashes over it, ends here and not in who asked.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from time import monotonic
from typing import Any

from ..errors import FamiliarError
from .blocks import Block, Share, Source, Titled
from .limits import Limits
from .outline import Outline
from .passages import Piece
from .readers.formats import Format, blocks, detected

_FLUSH = 0.2
"""Seconds that what was found may wait to be sent."""


def main(order: str) -> None:
    """Read what an order says and write a line for the format, each title, remark and piece, an error, and the end."""
    asked = json.loads(order)
    limits = Limits(**asked["limits"])
    _bound(limits)
    out = os.fdopen(os.dup(1), "w", encoding="ascii", newline="\n")
    os.dup2(2, 1)  # what a library prints is no line of ours
    with os.fdopen(0, "rb", closefd=False) as file:
        source = Source(file, asked["name"], os.fstat(0).st_size, limits, asked["charset"])
        flushed = 0.0
        for line in told(source):
            out.write(json.dumps(line) + "\n")
            if monotonic() - flushed > _FLUSH:
                out.flush()
                flushed = monotonic()
    out.flush()


def told(source: Source) -> Iterator[dict[str, Any]]:
    """Yield what there is to say about a source, and at the end whether that was all."""
    try:
        found = detected(source)
        yield {"format": found.kind}
        yield from _lines(found, source)
        yield {"end": True}
    except FamiliarError as exc:
        yield {"error": type(exc).__name__, "message": str(exc)}


def _lines(found: Format, source: Source) -> Iterator[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    share: list[float] = []

    def only_blocks() -> Iterator[Block]:
        for each in blocks(found, source):
            if isinstance(each, Block):
                yield each
            elif isinstance(each, Share):
                share[:] = [each.done]
            else:
                said.append({"title" if isinstance(each, Titled) else "remark": each.text})

    for piece in Outline().pieces(only_blocks()):
        yield from said
        said.clear()
        yield {"piece": _values(piece), "share": share[0] if share else source.file.tell() / source.size}
    yield from said


def _values(piece: Piece) -> list[Any]:
    """Return what a piece is made of, in its order."""
    return [piece.text, piece.start, piece.titles, piece.page, piece.kind, piece.language]


def _bound(limits: Limits) -> None:
    """Let the system end this process beyond the limits, where it can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.processor),
        (resource.RLIMIT_FSIZE, limits.size),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
