"""The shape of a model, read from its configuration alone: what an estimate of memory and time stands on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import base
from .attention import PLAIN


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a decoder."""

    parameters: int
    embeddings: int
    """Parameters of the embeddings, and of the output where it has its own."""
    linears: tuple[tuple[str, int, int], ...]
    """Every linear layer in the blocks: the last part of its name, inputs, outputs."""
    hidden: int
    inner: int
    """Width of the feed-forward part."""
    layers: int
    heads: int
    keys: int
    """Width of the keys, and of the values."""
    vocabulary: int
    plain: bool = False
    """Whether its attention is causal with one scale and nothing added (see attention.py)."""
    window: int = 0
    """Tokens that a token attends to at most; 0 is all before it."""

    def adapted(self, rank: int, targets: str | tuple[str, ...], *, dora: bool = False) -> int:
        """Return the parameters of a LoRA adapter."""
        wanted = [
            each for each in self.linears if targets == "all-linear" or each[0] in (targets if isinstance(targets, tuple) else (targets,))
        ]
        return sum(rank * (inputs + outputs) + outputs * dora for _, inputs, outputs in wanted)


def shape_of(folder: Path) -> Shape:
    """Return the shape of a model in a folder, without reading weights. Raises MissingModel, TrainingRefused, MissingPackage."""
    import torch
    from transformers import AutoModelForCausalLM

    config = base.config_of(folder)
    with torch.device("meta"):
        model: Any = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    text = config.get_text_config()
    outer = {id(module): module for module in (model.get_input_embeddings(), model.get_output_embeddings()) if module is not None}
    linears = [
        (name.rpartition(".")[2], module.in_features, module.out_features)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and id(module) not in outer
    ]
    embeddings = {id(module.weight): module.weight.numel() for module in outer.values()}
    heads = int(text.num_attention_heads)
    width = int(getattr(text, "head_dim", None) or text.hidden_size // heads)
    return Shape(
        parameters=sum({id(each): each.numel() for each in model.parameters()}.values()),
        embeddings=sum(embeddings.values()),
        linears=tuple(linears),
        hidden=int(text.hidden_size),
        inner=int(getattr(text, "intermediate_size", None) or 4 * text.hidden_size),
        layers=int(text.num_hidden_layers),
        heads=heads,
        keys=width * int(getattr(text, "num_key_value_heads", None) or heads),
        vocabulary=int(text.vocab_size),
        plain=str(text.model_type) in PLAIN,
        window=int(getattr(text, "sliding_window", None) or 0),
    )
