"""What a dataset holds, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from .dataset import Dataset
from .training.packing import packed
from .turns import Speaker

BOUNDS = (64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
"""Tokens up to which samples are counted together."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What the samples hold of somebody."""

    id: str
    name: str
    turns: int
    """A turn that is in several samples counts in each."""
    tokens: int
    """Of their turns, with tags and ends."""
    learned_tokens: int


@dataclass(frozen=True, slots=True)
class Packing:
    """The rows that samples are packed into for training."""

    row: int
    """Tokens of a row: of the longest sample."""
    rows: int
    filled: float
    """The part of the rows that is not padding."""
    unpacked: float
    """The same for batches of one sample each row, in the order of the dataset, two at a time."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a dataset holds. Tokens, lengths and packing are of what is learned from, without what is kept to measure by."""

    chats: int
    messages: int
    turns: int
    samples: int
    tokens: int
    learned_tokens: int
    eval_samples: int
    eval_tokens: int
    truncated: int
    people: tuple[Voice, ...]
    lengths: tuple[tuple[int, int], ...]
    """Up to how many tokens, and how many samples."""
    longest: int
    packing: Packing | None

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def statistics(dataset: Dataset) -> Statistics:
    """Return what a dataset holds."""
    turns = [turn for entry in dataset.entries for turn in entry.conversation.turns]
    lengths = dataset.train.lengths
    counts = Counter(next((bound for bound in BOUNDS if length <= bound), length) for length in lengths)
    told = dataset.manifest
    return Statistics(
        chats=len({entry.conversation.id for entry in dataset.entries}),
        messages=len(
            {(entry.conversation.id, line) for entry in dataset.entries for turn in entry.conversation.turns for line in turn.lines}
        ),
        turns=len(turns),
        samples=told.samples,
        tokens=told.tokens,
        learned_tokens=told.learned_tokens,
        eval_samples=told.eval.samples,
        eval_tokens=told.eval.tokens,
        truncated=told.truncated,
        people=_voices(dataset),
        lengths=tuple(sorted(counts.items())),
        longest=max(lengths, default=0),
        packing=_packing(lengths),
    )


def _voices(dataset: Dataset) -> tuple[Voice, ...]:
    turns: Counter[Speaker] = Counter()
    tokens: Counter[Speaker] = Counter()
    learned: Counter[Speaker] = Counter()
    for entry in dataset.entries[: len(dataset.train)]:
        said = entry.conversation.turns
        turns.update(turn.speaker for turn in said)
        for span in entry.spans:
            if span.turn >= 0:
                tokens[said[span.turn].speaker] += span.end - span.start
                learned[said[span.turn].speaker] += (span.end - span.start) * span.learned
    return tuple(Voice(who.id, who.name, count, tokens[who], learned[who]) for who, count in turns.most_common())


def _packing(lengths: list[int]) -> Packing | None:
    if not lengths:
        return None
    row = max(lengths)
    rows = len(packed(lengths, row))
    pairs = sum(2 * max(lengths[at : at + 2]) for at in range(0, len(lengths) - 1, 2)) + (lengths[-1] if len(lengths) % 2 else 0)
    return Packing(row, rows, round(sum(lengths) / (rows * row), 4), round(sum(lengths) / pairs, 4))
