"""The samples of a dataset folder as the training reads them, checked before anything is believed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import TrainingRefused
from ..dataset import MANIFEST, Dataset, Half
from .packing import labels

FEWEST_SAMPLES = 4
FEWEST_TOKENS = 200
"""Learned tokens below which a training is not worth the name: an adapter would repeat them word for word."""


@dataclass(frozen=True, slots=True)
class Data:
    """A dataset, and the digest of its manifest, which has the digests of all its files."""

    dataset: Dataset
    digest: str

    @property
    def train(self) -> Half:
        """What is learned."""
        return self.dataset.train

    @property
    def held_out(self) -> Half:
        """What is measured by."""
        return self.dataset.eval


def read(folder: Path) -> Data:
    """Return a dataset. Raises NotFound, StoreCorrupt, StoreError, and TrainingRefused where it is too small to train on."""
    made = Dataset.load(folder)
    data = Data(made, hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest())
    suffices(data.train)
    return data


def learned(half: Half) -> int:
    """Return how many tokens the loss is taken on. The first of a sample never is: nothing stands before it."""
    return half.counts.learned_tokens - int(half.learned[half.offsets[:-1]].sum(dtype="int64"))


def rows(half: Half, packed: Iterable[Sequence[int]]) -> dict[str, list[Any]]:
    """Return the columns of a table of rows, each of the samples with these numbers."""
    columns: dict[str, list[Any]] = {"input_ids": [], "labels": [], "seq_lengths": [], "length": []}
    for numbers in packed:
        samples = [half.sample(number) for number in numbers]
        columns["input_ids"].append([token for ids, _ in samples for token in ids])
        columns["labels"].append([label for ids, wanted in samples for label in labels(ids, wanted)])
        columns["seq_lengths"].append([len(ids) for ids, _ in samples])
        columns["length"].append(sum(columns["seq_lengths"][-1]))
    return columns


def suffices(train: Half) -> None:
    """Raises TrainingRefused, with how much is missing, where there is too little to train on."""
    missing, count = [], learned(train) if len(train) else 0
    if len(train) < FEWEST_SAMPLES:
        missing.append(f"{FEWEST_SAMPLES - len(train)} more conversations (it has {len(train)})")
    if count < FEWEST_TOKENS:
        missing.append(f"{FEWEST_TOKENS - count} more tokens to learn (it has {count})")
    if missing:
        raise TrainingRefused(
            f"The dataset is too small: it needs {' and '.join(missing)}. Import more chats, let more people consent, or exclude fewer."
        )
