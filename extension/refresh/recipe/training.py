"""How an adapter is trained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .section import Section


class Model(Section):
    """What is trained on."""

    model_id: str = ""
    """A folder of a Hugging Face model, or its name on the hub (`owner/name`); empty is the model that the program comes with."""
    quant_method: Literal["bnb4", "bnb8", "bf16", "fp32", "auto"] = "auto"
    """How its weights are kept in memory: bnb4 (QLoRA) and bnb8 need a CUDA graphics card and bitsandbytes. `auto` takes bf16 on a
    graphics card where that fits, else bnb4; fp32 on a processor."""
    attn_implementation: str = "auto"
    """`sdpa`, `eager`, `flash_attention_2`; `auto` takes the fastest that is installed."""
    backend: Literal["transformers", "unsloth"] = "transformers"
    """What trains. unsloth needs a CUDA graphics card and its package."""


class Lora(Section):
    """The adapter."""

    lora_r: int = Field(default=16, ge=1, le=1024)
    """Rank: how much it can learn, and how large it is."""
    lora_alpha: int = Field(default=32, ge=1)
    """Scale: what it learned counts by alpha / rank."""
    lora_dropout: float = Field(default=0, ge=0, lt=1)
    """The part of its inputs that is left out at random in training."""
    use_rslora: bool = False
    """Scale by alpha / sqrt(rank) instead, which suits large ranks."""
    use_dora: bool = False
    """Learn directions and magnitudes apart (DoRA): somewhat better at small ranks, slower."""
    target_modules: str | tuple[str, ...] = "all-linear"
    """Names of the layers that are adapted, as [q_proj, v_proj]; `all-linear` is every one but the output."""


Auto = Annotated[int, Field(ge=1)] | Literal["auto"]


class Training(Section):
    """The run."""

    batch_size: Auto = "auto"
    """Rows at a time on each device; `auto` is as many as fit, at most 8."""
    gradient_accumulation_steps: Auto = "auto"
    """Batches of an optimizer step; `auto` makes 8 rows of it."""
    num_epochs: float = Field(default=3, gt=0)
    """How often everything is read."""
    max_steps: int = Field(default=0, ge=0)
    """Optimizer steps; 0 is as many as the epochs take."""
    learning_rate: float = Field(default=2e-4, gt=0)
    """How far a step goes. What a LoRA takes is some ten times what a whole model takes."""
    lr_scheduler: Literal[
        "cosine", "linear", "constant", "constant_with_warmup", "polynomial", "cosine_with_restarts", "inverse_sqrt", "cosine_with_min_lr"
    ] = "cosine"
    """How the learning rate goes down."""
    warmup_steps: float = Field(default=0.03, ge=0)
    """While the learning rate goes up: a part of all steps below 1, a number of them from 1 on."""
    optimizer: str = "adamw_torch"
    """As transformers names them: `paged_adamw_8bit` takes less memory where there is bitsandbytes."""
    weight_decay: float = Field(default=0, ge=0)
    """How fast weights are drawn to nought."""
    max_grad_norm: float = Field(default=0.3, ge=0)
    """Gradients longer than this are shortened; 0 lets them be."""
    neftune_noise_alpha: float | None = None
    """Noise on the embeddings (NEFTune), 5 for instance, which keeps small datasets from being learned by heart."""
    packing: bool = True
    """Several short samples in one row, none of which sees another; without it rows are padded."""
    group_by_length: bool = False
    """Without packing: samples of about the same length together."""
    gradient_checkpointing: bool | Literal["auto"] = "auto"
    """Compute activations twice instead of keeping them: less memory, a third slower. `auto` does where it does not fit otherwise."""
    precision: Literal["auto", "bf16", "fp16", "fp32"] = "auto"
    """What it computes in."""
    tf32: bool = True
    """Whether a graphics card may round what it multiplies in 32 bits."""
    logging_steps: float = Field(default=0.02, gt=0)
    """How often losses are logged: a part of all steps below 1, every so many from 1 on."""
    save_steps: float = Field(default=0.1, gt=0)
    """How often a checkpoint is written, counted likewise."""
    eval_steps: float = Field(default=0.1, gt=0)
    """How often the loss on held-out samples is taken, counted likewise."""
    early_stopping_patience: int = Field(default=0, ge=0)
    """End when that loss has not fallen for so many times, and keep the best; 0 never does."""
    resume_from_checkpoint: bool = True
    """Whether a run that is started again goes on where it was, or begins anew."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """On one processor the same seed gives the same adapter."""
