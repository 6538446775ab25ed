"""The samples of a dataset folder, as the training reads them: tensors from safetensors, checked before anything is believed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import TrainingRefused
from .packing import labels

FORMAT = 1
MANIFEST = "manifest.json"
FEWEST_SAMPLES = 4
FEWEST_TOKENS = 200
"""Learned tokens below which a training is not worth the name; with fewer an adapter repeats them word for word."""
_REMEDY = "Build the dataset anew."


@dataclass(frozen=True, slots=True)
class Samples:
    """One half of a dataset: token ids in a row, where each sample begins, and on which the loss is taken."""

    tokens: Any
    learned: Any
    offsets: Any

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> list[int]:
        """Tokens of each sample."""
        return [int(each) for each in self.offsets[1:] - self.offsets[:-1]]

    @property
    def learned_tokens(self) -> int:
        """How many tokens the loss is taken on; the first of a sample never is."""
        return int(self.learned.sum()) - int(self.learned[self.offsets[:-1]].sum()) if len(self) else 0

    def rows(self, packed: Iterable[Sequence[int]]) -> dict[str, list[Any]]:
        """Return the columns of a table of rows, each of the samples with these numbers."""
        columns: dict[str, list[Any]] = {"input_ids": [], "labels": [], "seq_lengths": [], "length": []}
        for numbers in packed:
            ids: list[int] = []
            wanted: list[int] = []
            lengths = []
            for number in numbers:
                begin, end = int(self.offsets[number]), int(self.offsets[number + 1])
                own = self.tokens[begin:end].tolist()
                ids += own
                wanted += labels(own, self.learned[begin:end].tolist())
                lengths.append(len(own))
            for column, value in zip(columns.values(), (ids, wanted, lengths, len(ids)), strict=True):
                column.append(value)
        return columns


@dataclass(frozen=True, slots=True)
class Data:
    """A dataset folder."""

    train: Samples
    held_out: Samples
    manifest: dict[str, Any]
    digest: str
    """Of the manifest, which has the digests of all files."""

    @property
    def added(self) -> list[str]:
        """Special tokens that the tokenizer did not have."""
        return [str(each) for each in self.manifest.get("added", [])]


def read(folder: Path) -> Data:
    """Return a dataset. Raises TrainingRefused where it is not there, damaged, of another format, or too small to train on."""
    try:
        raw = (folder / MANIFEST).read_bytes()
        manifest = json.loads(raw)
    except (OSError, ValueError) as exc:
        raise TrainingRefused(f"{folder} is no dataset: its manifest cannot be read ({type(exc).__name__}). {_REMEDY}") from exc
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise TrainingRefused(f"The dataset in {folder} is of another format than {FORMAT}. {_REMEDY}")
    digests = manifest.get("sha256")
    made = [_half(folder, f"{half}.safetensors", digests if isinstance(digests, dict) else {}) for half in ("train", "eval")]
    data = Data(made[0], made[1], manifest, hashlib.sha256(raw).hexdigest())
    _suffices(data.train)
    return data


def _half(folder: Path, name: str, digests: dict[str, Any]) -> Samples:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        raw = (folder / name).read_bytes()
        if hashlib.sha256(raw).hexdigest() != digests.get(name):
            raise TrainingRefused(f"{folder / name} is damaged: it is not what the dataset's manifest says. {_REMEDY}")
        tensors = load(raw)
        made = Samples(tensors["tokens"], tensors["learned"], tensors["offsets"])
    except (OSError, KeyError, SafetensorError) as exc:
        raise TrainingRefused(f"{folder / name} cannot be read ({type(exc).__name__}). {_REMEDY}") from exc
    _sound(made, folder / name)
    return made


def _sound(made: Samples, path: Path) -> None:
    """Raises TrainingRefused where the tensors do not belong together."""
    flat = all(each.ndim == 1 and each.dtype.kind in "iu" for each in (made.tokens, made.learned, made.offsets))
    fits = flat and len(made.tokens) == len(made.learned) and len(made.offsets) >= 1 and made.offsets[0] == 0
    if not (fits and made.offsets[-1] == len(made.tokens) and bool((made.offsets[1:] > made.offsets[:-1]).all())):
        raise TrainingRefused(f"The tensors in {path} do not belong together. {_REMEDY}")
    if len(made.tokens) and int(made.tokens.min()) < 0:
        raise TrainingRefused(f"{path} holds token ids below 0. {_REMEDY}")


def _suffices(train: Samples) -> None:
    missing = []
    if len(train) < FEWEST_SAMPLES:
        missing.append(f"{FEWEST_SAMPLES - len(train)} more conversations (it has {len(train)})")
    if train.learned_tokens < FEWEST_TOKENS:
        missing.append(f"{FEWEST_TOKENS - train.learned_tokens} more tokens to learn (it has {train.learned_tokens})")
    if missing:
        raise TrainingRefused(
            f"The dataset is too small: it needs {' and '.join(missing)}. Import more chats, let more people consent, or exclude fewer."
        )
