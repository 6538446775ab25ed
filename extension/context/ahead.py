"""Documents read ahead: one after the other, each in its process, cut into passages in a thread while earlier ones are embedded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from queue import Full, Queue
from threading import Event, Thread
from types import TracebackType
from typing import BinaryIO, Self

from ..errors import NotFound, Stopped, UnreadableDocument
from ..ports import Embedder
from . import reading
from .chunks import passages
from .limits import Limits
from .passages import Passage

Stop = Callable[[], bool]

_ROOM = 512
"""Passages that may wait to be embedded."""
_LOOK = 0.1
_READ = 1 << 20


@dataclass(frozen=True, slots=True)
class Given:
    """A document that somebody hands over."""

    opened: Callable[[], AbstractContextManager[BinaryIO]]
    """Opens it: a seekable file. Raises UnreadableDocument and NotFound."""
    name: str
    """What it is called."""
    source: str
    """Where it is from: a path, an address, or its name."""
    charset: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """The next document comes."""

    given: Given


@dataclass(frozen=True, slots=True)
class Cut:
    """A passage of the document that was begun last, and how much of that was read by then, from 0 to 1."""

    passage: Passage
    share: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The document that was begun last is over."""

    problem: UnreadableDocument | NotFound | None = None
    """Why it could not be read to its end."""
    content: str = ""
    """Digest of its content."""
    size: int = 0
    """Bytes of its content."""
    is_known: bool = False
    """It was not read, since a document of the same content is there, or comes before it."""
    title: str = ""
    kind: str = ""
    warnings: Sequence[str] = ()


class Ahead:
    """Documents being read. Iterate over it once, in a `with`, whose end stops the reading.

    `known` says whether the library holds content of a digest. What it raises, and what the embedder raises, iterating raises; and Stopped.
    """

    def __init__(self, documents: Sequence[Given], embedder: Embedder, known: Callable[[str], bool], stop: Stop) -> None:
        self._documents, self._embedder, self._known, self._stop = documents, embedder, known, stop
        self._found: Queue[Begun | Cut | Ended | BaseException | None] = Queue(_ROOM)
        self._closed = Event()
        self._before: set[str] = set()
        self._thread = Thread(target=self._read, name="familiar-ahead", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self._closed.set()
        self._thread.join()

    def __iter__(self) -> Iterator[Begun | Cut | Ended]:
        """Yield what becomes of the documents, in their order."""
        while (found := self._found.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found

    @property
    def is_waiting(self) -> bool:
        """Whether nothing is there to be taken at the moment."""
        return self._found.empty()

    def _read(self) -> None:
        try:
            for given in self._documents:
                self._put(Begun(given))
                self._put(self._ended(given))
            self._put(None)
        except BaseException as exc:  # noqa: BLE001 - it is raised where the documents are waited for
            self._put(exc)

    def _ended(self, given: Given) -> Ended:
        """Read a document to its end."""
        try:
            with given.opened() as file:
                return self._whole(given, file)
        except (UnreadableDocument, NotFound) as exc:
            return Ended(exc)
        except OSError as exc:
            return Ended(UnreadableDocument(f"It cannot be read ({exc.strerror}). Look at its permissions and the disk."))

    def _whole(self, given: Given, file: BinaryIO) -> Ended:
        content, size = _content(file, self._is_over)
        if content in self._before or self._known(content):
            return Ended(content=content, size=size, is_known=True)
        self._before.add(content)
        file.seek(0)
        with reading.read(file, given.name, charset=given.charset, stop=self._is_over) as pieces:
            for passage in passages(pieces, self._embedder):
                self._put(Cut(passage, pieces.share))
            return Ended(None, content, size, title=pieces.title, kind=pieces.kind, warnings=tuple(pieces.warnings))

    def _is_over(self) -> bool:
        return self._closed.is_set() or self._stop()

    def _put(self, found: Begun | Cut | Ended | BaseException | None) -> None:
        while not self._closed.is_set():
            with suppress(Full):
                self._found.put(found, timeout=_LOOK)
                return
        if not isinstance(found, BaseException):
            raise Stopped("Reading was stopped.")


def _content(file: BinaryIO, stop: Stop) -> tuple[str, int]:
    """Return the digest of a file's content and its size; of one that is too large to be read, as far as that is sure."""
    state, size = blake2b(digest_size=16), 0
    file.seek(0)
    while size < Limits().size and (part := file.read(_READ)):
        if stop():
            raise Stopped("Reading was stopped.")
        state.update(part)
        size += len(part)
    return state.hexdigest(), size
