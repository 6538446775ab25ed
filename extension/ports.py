"""The protocols with more than one implementation: what generates text, and what embeds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .messages import Generation, Message

    Vectors = NDArray[np.float32]

Told = Callable[[str], None]
"""Is told in short sentences how something that takes long comes along."""


class Host(Protocol):
    """What runs a model: the webui, an OpenAI-compatible server, transformers in process, a script."""

    @property
    def model(self) -> str:
        """Name of the model that would answer now."""

    @property
    def adapter(self) -> str:
        """Name of the active LoRA adapter, '' for none."""

    @property
    def context_length(self) -> int:
        """Tokens the model can see at once, prompt and reply together."""

    def generate(self, messages: Sequence[Message], options: Generation) -> Iterator[str]:
        """Yield the reply in pieces, in order; joined, they are the reply. Closing the iterator stops generation.

        Raises HostError (or one of its kinds), possibly after some pieces were yielded.
        """

    def count(self, text: str) -> int:
        """Return how many tokens `text` is for this model; an estimate that is not low where it cannot know."""


@runtime_checkable
class Scoring(Protocol):
    """A host that also tells how likely texts are."""

    def scores(self, text: str, continuations: Sequence[str]) -> list[float]:
        """Return the natural logarithm of the probability of each continuation right behind a text, whose beginning may be left out.

        Raises HostError, also where the model is busy for more than a moment.
        """


@runtime_checkable
class Rack(Protocol):
    """What a host could run instead: exchanges its model, or the LoRA adapter on it. Some hosts are one themselves.

    A swap waits for what is being generated, and lets go of the old model before the new one is loaded. One that fails leaves the old
    model answering, and its error says so. Whoever calls sees to it that there is one at a time.
    """

    @property
    def kept(self) -> Mapping[str, str]:
        """The settings by which the host comes up again as it is now; none where the model is kept elsewhere."""

    def models(self) -> list[str]:
        """Return the names of the models there are. Raises HostError, StoreError."""

    def swap(self, model: str, told: Told) -> str:
        """Let another model answer, without an adapter; return what is left for the person to do, '' for nothing.

        Raises MissingModel, MissingPackage, HostError, StoreError, and CommandRefused where this cannot be done.
        """

    def adapters(self) -> list[str]:
        """Return the names of the adapters there are. Raises as `models` does, and CommandRefused where they are not exchanged here."""

    def swap_adapter(self, name: str, told: Told) -> str:
        """Put another adapter on the model, or none for ''. Returns and raises as `swap` does."""


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """Identifies the vector space: vectors of two names are never compared."""

    @property
    def dimensions(self) -> int:
        """Length of each vector."""

    @property
    def window(self) -> int:
        """Tokens of a text that its vector is made of, with what is added at both ends; what lies beyond is not seen."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text is, with what is added at both ends: exact, and cheap for many at once."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 vectors of length one, shape (len(texts), dimensions)."""

    def words(self, words: Sequence[str]) -> Vectors:
        """Return a unit vector for each single word, without context and cheap, so that words of like meaning can be told."""
