"""Real objects that also keep count, or that wait or fail when told to: for tests of what is done with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING

from extension.embedders import Hashing
from extension.errors import HostTimeout, HostUnreachable, MissingModel
from extension.hosts.scripted import Scripted

if TYPE_CHECKING:
    from extension.messages import Generation, Message
    from extension.ports import Vectors


class Counting(Hashing):
    """The hashing embedder, which also counts how often each text was embedded."""

    def __init__(self, dimensions: int = 384, name: str = "") -> None:
        super().__init__(dimensions)
        self.name = name or self.name
        self.embedded: Counter[str] = Counter()

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded.update(texts)
        return super().embed(texts)


class Slow(Counting):
    """An embedder whose model is loaded only when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded = Event()

    @property
    def dimensions(self) -> int:
        self.loaded.wait(60)
        return super().dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.loaded.wait(60)
        return super().embed(texts)


class Absent(Counting):
    """An embedder whose model is not there until the test installs it."""

    def __init__(self) -> None:
        super().__init__()
        self.installed = False

    @property
    def dimensions(self) -> int:
        self._look()
        return super().dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        self._look()
        return super().embed(texts)

    def _look(self) -> None:
        if not self.installed:
            raise MissingModel("The embedding model is not installed. Install it: pip install it")


class Breaking(Scripted):
    """A scripted host that fails after some pieces, and afterwards cannot even be asked for its model."""

    def __init__(self, reply: str, pieces: int) -> None:
        super().__init__([reply])
        self._pieces = pieces
        self._broken = False

    @property
    def model(self) -> str:
        if self._broken:
            raise HostUnreachable("Nothing answers any more. Start the server.")
        return super().model

    def generate(self, messages: Sequence[Message], options: Generation) -> Generator[str, None, None]:
        yield from islice(super().generate(messages, options), self._pieces)
        self._broken = True
        raise HostTimeout("The server stopped in the middle. Try again.")
