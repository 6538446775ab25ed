"""What the command line shows: answers on stdout, everything else on stderr, safe on any terminal."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import typer

PACKAGE = __name__.partition(".cli.")[0]
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ENCODINGS = ("utf-8", "utf8")


def prepare() -> None:
    """Let no character that a stream cannot take end the program."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def cleaned(text: str) -> str:
    """Return an argument as text: bytes that are not UTF-8, which Python hands over as lone surrogates, become U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def printable(text: str) -> str:
    """Return text that cannot steer a terminal: control characters other than line break and tab become U+FFFD."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def brief(text: str, longest: int = 200) -> str:
    """Return text as one printable line, shortened."""
    line = " ".join(printable(text[: longest * 4]).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def counted(count: int, one: str, many: str) -> str:
    """Return a number of things in words: `1 memory`, `2 memories`."""
    return f"{count:,} {one if count == 1 else many}"


def local(when: datetime) -> str:
    """Return a time as this machine's clock shows it, to the minute."""
    return when.astimezone().strftime("%Y-%m-%d %H:%M")


def size(count: float) -> str:
    """Return a number of bytes for people: `12 kB`, `1.3 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit in ("B", "kB") or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def answer(text: str = "") -> None:
    """Write a line of the answer to stdout."""
    typer.echo(text)


def stream(piece: str) -> None:
    """Write a piece of a reply to stdout at once; to a terminal without what could steer it."""
    if piece:
        typer.echo(printable(piece) if sys.stdout.isatty() else piece, nl=False)


def answer_json(value: Any) -> None:
    """Write one JSON value to stdout, on one line."""
    plain = (sys.stdout.encoding or "").lower() not in _ENCODINGS
    typer.echo(json.dumps(value, ensure_ascii=plain, allow_nan=False))


def say(text: str) -> None:
    """Write a line to stderr."""
    typer.echo(printable(text), err=True)


def aside(text: str, *, nl: bool = True) -> None:
    """Write to stderr what matters less, dim where that can be shown."""
    text = printable(text)
    typer.echo(text if "NO_COLOR" in os.environ else typer.style(text, dim=True), err=True, nl=nl)


def agreed(question: str) -> bool:
    """Ask on stderr whether to go on. No answer is a no."""
    typer.echo(f"{printable(question)} [y/N] ", err=True, nl=False)
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        say("")
    return line.strip().lower() in ("y", "yes")


@contextmanager
def only_answers_on_stdout() -> Iterator[None]:
    """Send to stderr whatever else is printed meanwhile, by libraries for instance."""
    from contextlib import redirect_stdout

    with redirect_stdout(sys.stderr):
        yield


class _Stderr(logging.Handler):
    """Shows warnings of ours as sentences, and everything with details once `verbose` is set."""

    verbose = False

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self.verbose:
                typer.echo(printable(self.format(record)), err=True)
            else:
                say(record.getMessage())
        except OSError:  # nobody reads stderr any more
            return


@contextmanager
def logs() -> Iterator[None]:
    """Show the log of this program on stderr meanwhile, and let go of every log handler at the end."""
    logger = logging.getLogger(PACKAGE)
    before, level, shown = list(logger.handlers), logger.level, _Stderr()
    logger.addHandler(shown)
    try:
        yield
    finally:
        for handler in [handler for handler in logger.handlers if handler not in before]:
            logger.removeHandler(handler)
            handler.close()
        logger.setLevel(level)


def be_verbose() -> None:
    """Show the whole log on stderr from now on, with tracebacks."""
    logger = logging.getLogger(PACKAGE)
    logger.setLevel(logging.DEBUG)
    for handler in logger.handlers:
        if isinstance(handler, _Stderr):
            handler.setLevel(logging.DEBUG)
            handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
            handler.verbose = True
