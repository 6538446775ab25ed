"""A generation with transformers: a thread works, and whoever waits takes the tokens as they come, of one prompt or of several at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from ..errors import HostError
from ..messages import Generation
from .checkpoint import Checkpoint
from .detokenizer import Detokenizer
from .pieces import Cut
from .sampling import arguments, beams, guidance

log = logging.getLogger(__name__)

THREAD = "familiar-generation"
Fitting = Callable[[], AbstractContextManager[Any]]
"""Makes the model ready for a generation, while nothing else uses it, and leaves it as it was."""


class Generating:
    """One generation of as many replies as there are prompts. `ends` are ids that end a reply beside the model's own."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        prompts: Sequence[Sequence[int]],
        options: Generation,
        *,
        ends: Sequence[int] = (),
        fitting: Fitting = nullcontext,
    ) -> None:
        self.stopped = Event()
        self._checkpoint = checkpoint
        self._prompts = prompts
        self._options = options
        self._fitting = fitting
        self._made: SimpleQueue[tuple[int, ...] | Exception | None] = SimpleQueue()
        self._prompt_seen = False
        self._left = [False] * len(prompts)
        self._ends = _ends(checkpoint, ends)

    def pieces(self, turn: Lock, stops: Sequence[str] = ()) -> Generator[tuple[int, str], None, None]:
        """Yield which reply goes on (by the number of its prompt) and with what text, each up to its first stop string.

        Waits for the turn. Closing stops the model at its next token. Raises HostError when the model fails.
        """
        texts = [Detokenizer(self._checkpoint.decode) for _ in self._prompts]
        cuts = [Cut(stops) for _ in self._prompts]
        with closing(self._tokens(turn)) as tokens:
            for row, token in tokens:
                if piece := cuts[row].add(texts[row].add(token)):
                    yield row, piece
                if cuts[row].over:
                    self._leave(row)
        for row, cut in enumerate(cuts):
            if piece := "" if cut.over else cut.add(texts[row].rest()) + cut.rest():
                yield row, piece

    def work(self, turn: Lock) -> None:
        """Wait for the turn, generate, and end the queue whatever happens."""
        try:
            with turn:
                if not self.stopped.is_set():
                    with self._fitting():
                        self._generate()
        except Exception as exc:  # the end of a thread: the caller raises it where it is waiting
            log.exception("generation with %s failed", self._checkpoint.name)
            self._made.put(exc)
        finally:
            self._made.put(None)

    def put(self, ids: Any) -> None:
        """Take what the model hands its streamer: the prompts at first, then one new token of each row after another."""
        if self._prompt_seen:
            self._made.put(tuple(ids.flatten().tolist()))
        self._prompt_seen = True

    def end(self) -> None:
        """Do nothing: `work` ends the queue, also where the model fails."""

    def _tokens(self, turn: Lock) -> Generator[tuple[int, int], None, None]:
        """Yield row and id as they are made, of each row until it ends."""
        try:
            Thread(target=self.work, args=(turn,), name=THREAD).start()
            while (made := self._made.get()) is not None:
                if isinstance(made, Exception):
                    raise failure(made, self._checkpoint.name) from made
                for row, token in enumerate(made):
                    if self._left[row]:
                        continue
                    yield row, token
                    if token in self._ends.get("eos_token_id", ()):
                        self._leave(row)
        finally:
            self.stopped.set()

    def _leave(self, row: int) -> None:
        """Let the model go on with the other rows alone."""
        self._left[row] = True
        if all(self._left):
            self.stopped.set()

    def _generate(self) -> None:
        import torch

        model, count = self._checkpoint.model, len(self._prompts)
        ids, mask = self._padded(torch, model.device)

        def stop(rows: Any, scores: Any, **_: Any) -> Any:
            over = [True] * count if self.stopped.is_set() else list(self._left)
            return torch.tensor(over, device=rows.device).repeat_interleave(rows.shape[0] // count)

        devices = [model.device] if model.device.type == "cuda" else []
        chosen = guidance(arguments(self._options, self._checkpoint.ids), self._checkpoint.ids, model.device, count)
        whole = beams(chosen) > 1  # the reply is known at the end of a search, and not before
        with torch.random.fork_rng(devices, enabled=self._options.seed is not None):
            if self._options.seed is not None:
                torch.manual_seed(self._options.seed)
            made = model.generate(
                input_ids=ids,
                attention_mask=mask,
                streamer=None if whole else self,
                stopping_criteria=[stop],
                **self._ends,
                **chosen,
            )
        for part in (ids, *made[:, ids.shape[1] :].T) if whole else ():
            self.put(part)

    def _padded(self, torch: Any, device: Any) -> tuple[Any, Any]:
        """Return the prompts in one table, short ones filled up at their left, and what of it they are."""
        longest, pad = max(map(len, self._prompts)), self._ends["pad_token_id"]
        ids = [[pad] * (longest - len(each)) + list(each) for each in self._prompts]
        mask = [[0] * (longest - len(each)) + [1] * len(each) for each in self._prompts]
        return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


def _ends(checkpoint: Checkpoint, more: Sequence[int]) -> dict[str, Any]:
    """Return the end and padding tokens, from the tokenizer where the model names none."""
    named = checkpoint.model.generation_config
    end = named.eos_token_id if named.eos_token_id is not None else checkpoint.tokenizer.eos_token_id
    ends = list(dict.fromkeys([*(end if isinstance(end, list) else [] if end is None else [end]), *more]))
    pads = [token for token in (named.pad_token_id, checkpoint.tokenizer.pad_token_id, *ends, 0) if token is not None]
    return {"pad_token_id": pads[0], **({"eos_token_id": ends} if ends else {})}


def failure(exc: Exception, model: str) -> HostError:
    """Return what went wrong in a model as an error of ours, which says what to do."""
    if isinstance(exc, HostError):
        return exc
    if isinstance(exc, MemoryError) or "out of memory" in str(exc).lower() or "allocate memory" in str(exc).lower():
        return HostError(f"{model} ran out of memory. Shorten the message, lower FAMILIAR_MAX_NEW_TOKENS, or choose a smaller model.")
    if isinstance(exc, ValueError):
        return HostError(
            f"{model} does not take these generation settings together. Take back what was chosen last, or choose a decoding mode."
        )
    return HostError(f"{model} failed while generating ({type(exc).__name__}). See familiar.log, and try again or choose another model.")
