"""Attention on a processor over several samples in a row: each by itself, without a mask and without the half that a mask would hide.

transformers hands `cu_seq_lens_q` (where samples begin, and the end of the last), which trl's collator makes, through to the attention.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

NAME = "familiar_samples"
PLAIN = ("llama", "mistral", "qwen2", "qwen3", "smollm3")
"""Types of models whose attention is causal with one scale and nothing added: it can be had so."""


def put_on(model: Any) -> None:
    """Let a model attend so."""
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, _no_mask)
    model.set_attn_implementation(NAME)


def attend(
    module: Any, query: Any, key: Any, value: Any, attention_mask: Any, dropout: float = 0.0, scaling: float | None = None, **known: Any
) -> tuple[Any, None]:
    """Return what each token takes from those before it in its sample, as (batch, tokens, heads, width)."""
    import torch

    bounds = known["cu_seq_lens_q"].tolist() if "cu_seq_lens_q" in known else [0, query.shape[2]]
    parts = [
        torch.nn.functional.scaled_dot_product_attention(
            query[:, :, begin:end],
            key[:, :, begin:end],
            value[:, :, begin:end],
            dropout_p=dropout,
            is_causal=True,
            scale=scaling,
            enable_gqa=query.shape[1] != key.shape[1],
        )
        for begin, end in pairwise(bounds)
    ]
    return torch.cat(parts, dim=2).transpose(1, 2).contiguous(), None


def _no_mask(*given: Any, **known: Any) -> None:
    return None
