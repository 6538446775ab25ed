"""How likely prompts are that begin alike: the model reads their common beginning once, and their ends side by side."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from typing import Any


def likelihoods(model: Any, prompts: Sequence[Sequence[int]]) -> list[float]:
    """Return how likely the ends of some prompts are behind what they have in common, as shares of one.

    Of each it is the mean logarithm of the probability of its tokens, so that a long one is no less likely for that; the shares are their
    softmax. One prompt, or several that are the same, share evenly.
    """
    shared = min(_common(prompts), min(map(len, prompts)) - 1)
    ends = [list(each[shared:]) for each in prompts]
    sums = _sums(model, list(prompts[0][:shared]), ends)
    means = [found / len(end) for found, end in zip(sums, ends, strict=True)]
    weights = [exp(each - max(means)) for each in means]
    return [weight / sum(weights) for weight in weights]


def _common(rows: Sequence[Sequence[int]]) -> int:
    """Return how many ids all rows begin with alike."""
    return next((at for at, ids in enumerate(zip(*rows, strict=False)) if len(set(ids)) > 1), min(map(len, rows)))


def _sums(model: Any, before: list[int], ends: Sequence[list[int]]) -> list[float]:
    """Return the logarithm of the probability of each end behind what stands before it."""
    import torch

    longest = max(map(len, ends))
    rows = torch.tensor([each + [0] * (longest - len(each)) for each in ends], device=model.device)
    there = torch.tensor([[1] * len(each) + [0] * (longest - len(each)) for each in ends], device=model.device)
    with torch.inference_mode():
        first = model(input_ids=torch.tensor([before], device=model.device), use_cache=True)
        logits = first.logits[:, -1:].expand(len(ends), -1, -1)
        if longest > 1:
            cache = first.past_key_values
            cache.batch_repeat_interleave(len(ends))
            mask = torch.cat([torch.ones(len(ends), len(before), dtype=there.dtype, device=model.device), there[:, :-1]], -1)
            rest = model(input_ids=rows[:, :-1], attention_mask=mask, past_key_values=cache).logits
            logits = torch.cat([logits, rest], 1)
        chosen = torch.log_softmax(logits.float(), -1).gather(-1, rows[:, :, None])[:, :, 0]
        return [float(each) for each in (chosen * there).sum(-1)]
