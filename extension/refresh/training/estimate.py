"""What a training will need, before it begins: memory by what it goes to, and time."""

from __future__ import annotations

from dataclasses import dataclass

from ..recipe.training import Lora
from .plan import Plan
from .shape import Shape

WIDTHS = {"float32": 4, "bfloat16": 2, "float16": 2}
PROGRAM = {"cpu": 850_000_000, "mps": 850_000_000, "cuda": 0}
"""Bytes of Python and its libraries once they are imported. A graphics card holds none of it."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes, by what they go to."""

    program: int
    weights: int
    adapter: int
    """Its weights, their gradients and the optimizer's states."""
    activations: int
    logits: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.program + self.weights + self.adapter + self.activations + self.logits


def needed(shape: Shape, plan: Plan, lora: Lora, optimizer: str) -> Memory:
    """Return the memory that a training needs at its peak."""
    return Memory(PROGRAM[plan.device], 0, 0, 0, 0)
