"""A document being read, in a process of its own: what it is called, its pieces as they come, and what could not be read."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from queue import Empty, Full, Queue
from tempfile import TemporaryFile
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

from .. import errors
from ..errors import FamiliarError, Stopped, UnreadableDocument
from .limits import Limits
from .outline import title
from .passages import Piece

_PACKAGE = __package__.removesuffix(".context")
_PROGRAM = """
import importlib.util, json, sys
name, folder, path, order = sys.argv[1:]
sys.path[:] = json.loads(path)
spec = importlib.util.spec_from_file_location(name, folder + "/__init__.py", submodule_search_locations=[folder])
sys.modules[name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules[name])
importlib.import_module(name + ".context.worker").main(order)
"""
_WAITING = 32
_WARNINGS = 100
_LOOK = 0.1
_READ = 1_000_000
_SAID = {each.__name__: each for each in (errors.UnreadableDocument, errors.MissingPackage)}


def read(
    document: Path | BinaryIO, name: str = "", *, charset: str = "", stop: Callable[[], bool] = lambda: False, limits: Limits | None = None
) -> Reading:
    """Begin to read a file, or what an open one holds, and return once its format is known.

    `name` is what the person calls it (the path's by default): a hint for texts of like look. `charset` is what who sent it said of it.
    `stop` is asked while waiting. Raises UnreadableDocument, MissingPackage, Stopped, and OSError for a path that cannot be opened.
    """
    limits = limits or Limits()
    file = opened(document, limits) if isinstance(document, Path) else _copied(document, limits)
    with file:
        return Reading(file, name or (document.name if isinstance(document, Path) else ""), charset, stop, limits)


class Reading:
    """One document. Iterate over it once, for its pieces; close it, or use it in a `with`, to end early.

    Iterating raises UnreadableDocument where the rest cannot be read, or where there is no text at all, and Stopped.
    """

    def __init__(self, file: BinaryIO, name: str, charset: str, stop: Callable[[], bool], limits: Limits) -> None:
        self.kind = ""
        """Of the format: `pdf`, `docx`, … as in `readers.formats`."""
        self.title = title(name)
        """What the document calls itself, else what the person calls it. Complete once the first piece is there."""
        self.warnings: list[str] = []
        """What could not be read, for the person. Complete after the last piece."""
        self.share = 0.0
        """How much of the file was read, from 0 to 1."""
        self._stop, self._limits = stop, limits
        self._lines: Queue[bytes] = Queue(_WAITING)
        self._unsaid = 0
        self._closed = Event()
        order = json.dumps({"name": name, "charset": charset, "limits": asdict(limits)})
        path = json.dumps([each for each in sys.path if each])
        command = [sys.executable, "-I", "-c", _PROGRAM, _PACKAGE, str(Path(__file__).resolve().parents[1]), path, order]
        file.seek(0)
        self._process = subprocess.Popen(  # noqa: S603 - this Python and this package
            command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._thread = Thread(target=self._listen, name="familiar-reading", daemon=True)
        self._thread.start()
        try:
            self.kind = str(self._next()["format"])
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[Piece]:
        """Yield the pieces in their order. Raises UnreadableDocument and Stopped."""
        found = False
        try:
            while "end" not in (line := self._next()):
                if "piece" in line:
                    found, self.share = True, min(line["share"], 1.0)
                    text, start, titles, *rest = line["piece"]
                    yield Piece(text, start, tuple(titles), *rest)
                elif "title" in line:
                    self.title = title(line["title"]) or self.title
                else:
                    self._warn(line["remark"])
        finally:
            self.close()
        if not found:
            raise UnreadableDocument(" ".join(["There is no text in it.", *self.warnings]))

    def _warn(self, remark: str) -> None:
        if len(self.warnings) < _WARNINGS:
            self.warnings.append(remark)
        else:
            self._unsaid += 1
            self.warnings[_WARNINGS:] = [f"And {self._unsaid} more."]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if it still reads."""
        self._closed.set()
        self._process.kill()
        self._process.wait()
        self._thread.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _listen(self) -> None:
        """Hand over the lines of the process as they are asked for, and an empty one at its end."""
        lines = cast("BinaryIO", self._process.stdout)
        while not self._closed.is_set():
            line = lines.readline(_READ)
            while not self._closed.is_set():
                try:
                    self._lines.put(line, timeout=_LOOK)
                    break
                except Full:
                    continue
            if not line:
                return

    def _next(self) -> dict[str, Any]:
        """Return the next line. Raises what it says, Stopped, and UnreadableDocument when none comes."""
        until = monotonic() + self._limits.patience
        while True:
            if self._stop():
                raise Stopped("Reading was stopped.")
            try:
                line = self._lines.get(timeout=_LOOK)
                break
            except Empty:
                if monotonic() > until:
                    raise UnreadableDocument(f"Nothing came of it for {self._limits.patience:g} seconds. {_ADVICE}") from None
        if not line.endswith(b"\n"):
            raise UnreadableDocument(f"Reading it needs too much memory or time (it ended with {self._process.wait()}). {_ADVICE}")
        told: dict[str, Any] = json.loads(line)
        if "error" in told:
            kind: type[FamiliarError] = _SAID.get(told["error"], UnreadableDocument)
            raise kind(told["message"])
        return told


_ADVICE = "It may be damaged. Save it anew, in another format, or in parts."


def opened(path: Path, limits: Limits) -> BinaryIO:
    """Open a regular file. Raises UnreadableDocument and OSError."""
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise UnreadableDocument("It is no file but a folder, a device or a pipe.")
    if about.st_size >= limits.size:
        raise UnreadableDocument(_too_large(limits))
    return path.open("rb")


def _copied(document: BinaryIO, limits: Limits) -> BinaryIO:
    """Return a file of its own with what an open one holds. Raises UnreadableDocument."""
    file = cast("BinaryIO", TemporaryFile())  # noqa: SIM115 - the caller closes it
    while part := document.read(_READ):
        if file.tell() + len(part) >= limits.size:
            file.close()
            raise UnreadableDocument(_too_large(limits))
        file.write(part)
    file.flush()
    return file


def _too_large(limits: Limits) -> str:
    return f"It is larger than {limits.size // 1_000_000} MB. Cut it into parts."
