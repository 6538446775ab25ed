"""A host that runs a model in this process, with transformers."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path
from threading import Lock

from ..errors import HostError, HostTimeout
from ..messages import Generation, Message
from .checkpoint import Checkpoint, load
from .generating import Generating, failure
from .sampling import untaken
from .window import require_room

log = logging.getLogger(__name__)

Source = str | Path | Callable[[], Path]


_A_MOMENT = 2.0
"""Seconds that a question for likelihoods waits for the model."""


class Embedded:
    """A host that loads its model at the first need and generates one reply at a time; others wait their turn.

    `source` is a folder, a name on the hub, or a function that returns a folder (and may take its time to make it).
    Whatever needs the model may raise MissingModel, MissingPackage or what `source` raises.
    """

    def __init__(self, source: Source, *, name: str = "", adapter: Path | None = None) -> None:
        self._source = source
        self._name = name or ("" if callable(source) else Path(source).name if Path(source).is_dir() else str(source))
        self._adapter = adapter
        self._loaded: Checkpoint | None = None
        self._loading = Lock()
        self._generating = Lock()

    def __repr__(self) -> str:
        return f"Embedded({self._name!r})"

    @property
    def model(self) -> str:
        """Name of the folder or the name on the hub. Loads nothing where the name is known."""
        return self._name or self.load().name

    @property
    def adapter(self) -> str:
        """Name of the adapter's folder, '' for none."""
        return self._adapter.name if self._adapter else ""

    @property
    def context_length(self) -> int:
        """Tokens of prompt and reply together. Loads the model."""
        return self.load().window

    @property
    def turn(self) -> Lock:
        """Held by whoever lets the model work. Whoever takes it leaves the model as it was."""
        return self._generating

    def load(self) -> Checkpoint:
        """Load the model if that has not been done, and return it. Safe from several threads: one loads, the others wait."""
        with self._loading:
            if self._loaded is None:
                self._loaded = load(self._source() if callable(self._source) else self._source, self._adapter)
            return self._loaded

    def become(self, other: Embedded) -> None:
        """Let go of the model once what is being generated has ended, and run what another host would, loaded at once.

        Raises what loading it raises; then the host is as it was, and loads its model again at the next need.
        """
        with self._generating, self._loading:
            if self._loaded is not None:
                self._loaded = None
                _free_memory()
            self._loaded = other.load()
            self._source, self._name, self._adapter = other._source, other._name, other._adapter

    def count(self, text: str) -> int:
        """Return the number of tokens, by the model's own tokenizer. Loads the model."""
        return self.load().count(text)

    def untaken(self, options: Generation) -> list[str]:
        """Return the names of what was chosen for a generation and does nothing here."""
        return untaken(options)

    def generate(self, messages: Sequence[Message], options: Generation) -> Generator[str, None, None]:
        """Yield the reply as its characters become whole.

        Closing stops the model at its next token. Raises HostRefused when the prompt and the longest reply do not fit
        the context (nothing is cut here), and HostError when the model fails, for instance for want of memory.
        """
        checkpoint = self.load()
        prompt = checkpoint.prompt(messages)
        require_room(len(prompt), options.max_new_tokens, checkpoint.window, self.model)
        with closing(Generating(checkpoint, [prompt], options).pieces(self._generating, (*options.stop, *checkpoint.stops))) as pieces:
            for _, piece in pieces:
                yield piece

    def scores(self, text: str, continuations: Sequence[str]) -> list[float]:
        """Return the logarithm of how likely each continuation is right behind a text, of which the end is looked at where it is too long.

        Raises HostTimeout while a reply is being written, and HostError when the model fails.
        """
        checkpoint = self.load()
        tails = [checkpoint.ids(each) for each in continuations]
        before = checkpoint.ids(text)[-(checkpoint.window - max(map(len, tails), default=0)) :]
        if not before or not all(tails):
            raise HostError("How likely a text is can only be told behind another one, and of one that is not empty.")
        if not self._generating.acquire(timeout=_A_MOMENT):
            raise HostTimeout(f"{self.model} is writing a reply. Try again when it is done.")
        try:
            return [_score(checkpoint, before, tail) for tail in tails]
        except Exception as exc:
            log.exception("looking at likelihoods with %s failed", checkpoint.name)
            raise failure(exc, checkpoint.name) from exc
        finally:
            self._generating.release()


def _score(checkpoint: Checkpoint, before: list[int], tail: list[int]) -> float:
    import torch

    ids = torch.tensor([[*before, *tail]], device=checkpoint.model.device)
    with torch.inference_mode():
        logits = checkpoint.model(input_ids=ids).logits[0, len(before) - 1 : -1].float()
    chosen = torch.log_softmax(logits, -1).gather(-1, ids[0, len(before) :, None])
    return float(chosen.sum())


def _free_memory() -> None:
    """Give back what a model took that nothing refers to any more."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
