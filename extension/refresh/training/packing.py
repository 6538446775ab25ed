"""Packing: several samples in one row of tokens, each as if it were alone.

The rows carry positions that begin at 0 with every sample, and no attention mask: transformers then builds a block-diagonal one from
the positions (`find_packed_sequence_indices`), so that no token sees another sample. The loss is never taken on the first token of a
sample, which would be a guess from the last of the one before.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MASKED = -100
"""The label of a token on which no loss is taken."""


def packed(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Return rows of samples (by number), best-fit decreasing: the longest first, each into the fullest row that still takes it.

    No sample is cut or left out: one longer than the capacity has a row of its own.
    """
    rows: list[list[int]] = []
    rooms: list[tuple[int, int]] = []  # (room left, row), ascending
    for sample in sorted(range(len(lengths)), key=lambda each: (-lengths[each], each)):
        place = bisect_left(rooms, (lengths[sample], -1))
        if place < len(rooms):
            room, row = rooms.pop(place)
        else:
            room, row = max(capacity, lengths[sample]), len(rows)
            rows.append([])
        rows[row].append(sample)
        if (left := room - lengths[sample]) > 0:
            insort(rooms, (left, row))
    return rows


def labels(tokens: Sequence[int], learned: Sequence[bool]) -> list[int]:
    """Return what is to be guessed at each token of a sample: the token itself where it is learned, else nothing."""
    return [MASKED, *(token if wanted else MASKED for token, wanted in zip(tokens[1:], learned[1:], strict=True))]


@dataclass(slots=True)
class Collator:
    """Puts rows into a batch, padded to its longest; counts the tokens of data that went through it."""

    padding: int
    tokens: int = 0
    """Data, not padding."""
    learned: int = 0

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return `input_ids`, `labels` and `position_ids`. What pads a row is one more sample in it, seen by nobody."""
        import torch

        longest = max(len(row["input_ids"]) for row in rows)
        ids, wanted, places = [], [], []
        for row in rows:
            own = list(row["input_ids"])
            missing = longest - len(own)
            self.tokens += len(own)
            self.learned += sum(each != MASKED for each in row["labels"])
            ids.append(own + [self.padding] * missing)
            wanted.append(list(row["labels"]) + [MASKED] * missing)
            places.append([place for length in (*row["seq_lengths"], missing) for place in range(length)])
        return {"input_ids": torch.tensor(ids), "labels": torch.tensor(wanted), "position_ids": torch.tensor(places)}
