"""A host that runs a model in this process, with transformers."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from ..errors import HostError, HostTimeout
from ..messages import Generation, Message
from .checkpoint import Checkpoint, load
from .detokenizer import Detokenizer
from .pieces import until
from .sampling import arguments, beams, guidance, untaken
from .window import require_room

log = logging.getLogger(__name__)

THREAD = "familiar-generation"
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
        yield from until(self._pieces(checkpoint, prompt, options), (*options.stop, *checkpoint.stops))

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
            raise _failure(exc, checkpoint.name) from exc
        finally:
            self._generating.release()

    def _pieces(self, checkpoint: Checkpoint, prompt: list[int], options: Generation) -> Generator[str, None, None]:
        run = _Run(checkpoint, prompt, options)
        text = Detokenizer(checkpoint.decode)
        try:
            Thread(target=run.work, args=(self._generating,), name=THREAD).start()
            for token in run.tokens():
                if piece := text.add(token):
                    yield piece
            if piece := text.rest():
                yield piece
        finally:
            run.stopped.set()


class _Run:
    """One generation: a thread works, the caller takes the tokens as they come."""

    def __init__(self, checkpoint: Checkpoint, prompt: list[int], options: Generation) -> None:
        self.stopped = Event()
        self._checkpoint = checkpoint
        self._prompt = prompt
        self._options = options
        self._made: SimpleQueue[int | Exception | None] = SimpleQueue()
        self._prompt_seen = False

    def work(self, turn: Lock) -> None:
        """Wait for the turn, generate, and end the queue whatever happens."""
        try:
            with turn:
                if not self.stopped.is_set():
                    self._generate()
        except Exception as exc:  # the end of a thread: the caller raises it where it is waiting
            log.exception("generation with %s failed", self._checkpoint.name)
            self._made.put(exc)
        finally:
            self._made.put(None)

    def tokens(self) -> Generator[int, None, None]:
        """Yield the ids as they are made. Raises HostError when the model failed."""
        while (made := self._made.get()) is not None:
            if isinstance(made, Exception):
                raise _failure(made, self._checkpoint.name) from made
            yield made

    def put(self, ids: Any) -> None:
        """Take what the model hands its streamer: the prompt at first, then one new token after another."""
        if self._prompt_seen:
            for token in ids.flatten().tolist():
                self._made.put(token)
        self._prompt_seen = True

    def end(self) -> None:
        """Do nothing: `work` ends the queue, also where the model fails."""

    def _generate(self) -> None:
        import torch

        model = self._checkpoint.model
        ids = torch.tensor([self._prompt], device=model.device)

        def stop(rows: Any, scores: Any, **_: Any) -> Any:
            return torch.full((rows.shape[0],), self.stopped.is_set(), dtype=torch.bool, device=rows.device)

        devices = [model.device] if model.device.type == "cuda" else []
        chosen = guidance(arguments(self._options, self._checkpoint.ids), self._checkpoint.ids, model.device)
        whole = beams(chosen) > 1  # the reply is known at the end of a search, and not before
        with torch.random.fork_rng(devices, enabled=self._options.seed is not None):
            if self._options.seed is not None:
                torch.manual_seed(self._options.seed)
            made = model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                streamer=None if whole else self,
                stopping_criteria=[stop],
                **_ends(self._checkpoint),
                **chosen,
            )
        for part in (ids, made[:, ids.shape[1] :]) if whole else ():
            self.put(part)


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


def _ends(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return the end and padding tokens, from the tokenizer where the model names none."""
    named = checkpoint.model.generation_config
    end = named.eos_token_id if named.eos_token_id is not None else checkpoint.tokenizer.eos_token_id
    ends = end if isinstance(end, list) else [] if end is None else [end]
    pads = [token for token in (named.pad_token_id, checkpoint.tokenizer.pad_token_id, *ends, 0) if token is not None]
    return {"pad_token_id": pads[0], **({"eos_token_id": ends} if ends else {})}


def _failure(exc: Exception, model: str) -> HostError:
    if isinstance(exc, MemoryError) or "out of memory" in str(exc).lower() or "allocate memory" in str(exc).lower():
        return HostError(f"{model} ran out of memory. Shorten the message, lower FAMILIAR_MAX_NEW_TOKENS, or choose a smaller model.")
    if isinstance(exc, ValueError):
        return HostError(
            f"{model} does not take these generation settings together. Take back what was chosen last, or choose a decoding mode."
        )
    return HostError(f"{model} failed while generating ({type(exc).__name__}). See familiar.log, and try again or choose another model.")
