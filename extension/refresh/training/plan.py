"""What `auto` comes to: batch, precision, quantisation and length of rows, for one model on one machine."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ...errors import TrainingRefused
from ...settings import replace_text
from ..recipe.recipe import Recipe
from . import attention, machine
from .folder import Run, read_json
from .machine import Machine
from .samples import Data
from .shape import Shape, shape_of

ROWS = 8
"""Rows of an optimizer step, unless the recipe says otherwise: 2 at a time, 4 times, as CloneUs has it."""
SHARE = 0.9
"""The part of free memory that a training may need to count as fitting."""
SHORTEST_ROW = {"cpu": 512, "mps": 1024, "cuda": 2048}
"""Tokens of a packed row where all samples are shorter: attention in a row costs by the square of its length."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a training is done on a machine."""

    device: str
    quant: str
    dtype: str
    """Of the weights, in torch's words."""
    autocast: str
    """What it computes in where that is not the weights' own type; else ''."""
    attention: str
    batch: int
    """Rows at a time, on each device."""
    accumulation: int
    """How many batches make an optimizer step."""
    checkpointing: bool
    packing: bool
    row: int
    """Tokens of a packed row; of the longest sample where nothing is packed."""
    processes: int = 1

    def told(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    def halved(self) -> Plan | None:
        """Return it with half the batch, twice as often; None where the batch is one row."""
        return (
            replace(self, batch=self.batch // 2, accumulation=self.accumulation * self.batch // (self.batch // 2))
            if self.batch > 1
            else None
        )


def planned(run: Run, recipe: Recipe, model: Path, data: Data) -> Plan:
    """Return the plan of a run, which is made once, so that a resumed run goes on as it began. Raises TrainingRefused, StoreError."""
    kept = kept_plan(run)
    if kept is not None:
        return kept
    lengths = [*data.train.lengths, *data.held_out.lengths]
    made = plan(recipe, shape_of(model), machine.here(), lengths, int(os.environ.get("WORLD_SIZE", "1")))
    if os.environ.get("RANK", "0") == "0":
        keep(run, made)
    return made


def keep(run: Run, made: Plan) -> None:
    """Write the plan of a run. Raises StoreError."""
    replace_text(run.path / "plan.json", json.dumps(made.told(), indent=2))


def kept_plan(run: Run) -> Plan | None:
    """Return the plan that was made for a run; None before that."""
    found = read_json(run.path / "plan.json")
    try:
        return Plan(**found) if found else None
    except TypeError:
        return None


def plan(recipe: Recipe, shape: Shape, here: Machine, lengths: Sequence[int], processes: int = 1) -> Plan:
    """Return what the recipe comes to on a machine, for samples of these lengths. Raises TrainingRefused for what it cannot do."""
    from .estimate import needed

    wanted, longest = recipe.training, max(lengths, default=recipe.dataset.chunk_size)
    row = max(longest, min(recipe.dataset.chunk_size, SHORTEST_ROW[here.device])) if wanted.packing else longest
    tries = []
    for quant in _quants(recipe, here):
        for batch in _batches(recipe, here):
            for checkpointing in _choices(wanted.gradient_checkpointing, (False, True)):
                made = Plan(
                    device=here.device,
                    quant=quant,
                    dtype=_dtype(quant, here),
                    autocast=_autocast(recipe, quant, here),
                    attention=_attention(recipe, shape, here, row),
                    batch=batch,
                    accumulation=_accumulation(recipe, batch, processes),
                    checkpointing=checkpointing,
                    packing=wanted.packing,
                    row=row,
                    processes=processes,
                )
                if needed(shape, made, recipe.lora, wanted.optimizer).total <= here.memory * SHARE:
                    return made
                tries.append(made)
    return tries[-1]  # what needs least; the estimate says that it does not fit


def _quants(recipe: Recipe, here: Machine) -> list[str]:
    asked = recipe.model.quant_method
    if asked in ("bnb4", "bnb8") and not (here.device == "cuda" and here.bitsandbytes):
        why = "it is not installed: pip install bitsandbytes" if here.device == "cuda" else f"this machine has none ({here.name})"
        raise TrainingRefused(
            f"quant_method: {asked} needs a CUDA graphics card and bitsandbytes; {why}. Set `quant_method` in the section `model` to auto."
        )
    if asked != "auto":
        return [asked]
    if here.device != "cuda":
        return ["fp32"]
    return ["bf16", "bnb4"] if here.bitsandbytes else ["bf16"]


def _dtype(quant: str, here: Machine) -> str:
    if quant == "fp32":
        return "float32"
    return "bfloat16" if here.bf16 or here.device == "cpu" else "float16"


def _autocast(recipe: Recipe, quant: str, here: Machine) -> str:
    asked = recipe.training.precision
    if asked == "fp16" and here.device != "cuda":
        raise TrainingRefused("precision: fp16 needs a CUDA graphics card. Set `precision` in the section `training` to auto.")
    if asked == "fp32" or (asked == "auto" and here.device != "cuda"):
        return ""
    if asked == "auto":
        return "bfloat16" if here.bf16 else "float16"
    return {"bf16": "bfloat16", "fp16": "float16"}[asked]


def _attention(recipe: Recipe, shape: Shape, here: Machine, row: int) -> str:
    asked = recipe.model.attn_implementation
    if asked != "auto":
        return asked
    if here.device == "cpu" and shape.plain and row <= (shape.window or row):
        return attention.NAME
    return "flash_attention_2" if here.flash else "sdpa"


def _batches(recipe: Recipe, here: Machine) -> list[int]:
    asked = recipe.training.batch_size
    if asked != "auto":
        return [asked]
    if here.device == "cpu" or recipe.training.gradient_accumulation_steps != "auto":
        return [2, 1]  # a processor is no faster with more
    return [8, 4, 2, 1]


def _accumulation(recipe: Recipe, batch: int, processes: int) -> int:
    asked = recipe.training.gradient_accumulation_steps
    return max(ROWS // (batch * processes), 1) if asked == "auto" else asked


def _choices(asked: bool | str, both: Sequence[bool]) -> Sequence[bool]:
    return both if isinstance(asked, str) else (asked,)
