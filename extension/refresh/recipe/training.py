"""How an adapter is trained."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .section import Section


class Model(Section):
    """What is trained on."""

    model_id: str = ""
    """A folder of a Hugging Face model; empty is the model that the program comes with."""
    quant_method: Literal["bnb4", "bnb8", "bf16", "fp32", "auto"] = "auto"
    attn_implementation: str = "auto"
    backend: Literal["transformers", "unsloth"] = "transformers"


class Lora(Section):
    """The adapter."""

    lora_r: int = Field(default=16, ge=1)
    lora_alpha: int = Field(default=32, ge=1)
    lora_dropout: float = Field(default=0, ge=0, lt=1)
    use_rslora: bool = False
    use_dora: bool = False
    target_modules: str | tuple[str, ...] = "all-linear"


class Training(Section):
    """The run."""

    batch_size: int = Field(default=2, ge=1)
    gradient_accumulation_steps: int = Field(default=4, ge=1)
    num_epochs: float = Field(default=3, gt=0)
    max_steps: int = Field(default=0, ge=0)
    learning_rate: float = Field(default=2e-4, gt=0)
    lr_scheduler: str = "cosine"
    warmup_steps: float = Field(default=0.03, ge=0)
    """A part of all steps below 1, a number of them from 1 on."""
    optimizer: str = "adamw_torch"
    weight_decay: float = Field(default=0, ge=0)
    max_grad_norm: float = Field(default=0.3, ge=0)
    neftune_noise_alpha: float | None = None
    packing: bool = True
    group_by_length: bool = False
    gradient_checkpointing: bool = True
    precision: Literal["auto", "bf16", "fp16", "fp32"] = "auto"
    tf32: bool = True
    logging_steps: float = Field(default=0.02, gt=0)
    save_steps: float = Field(default=0.1, gt=0)
    eval_steps: float = Field(default=0.1, gt=0)
    early_stopping_patience: int = Field(default=0, ge=0)
    resume_from_checkpoint: bool = True
    seed: int = 0
