"""What a training will need, before it begins: memory by what it goes to, and time.

Activations are counted as autograd keeps them for a decoder with gated feed-forward parts: 12 hidden and 4 inner widths for each token and
block, and where the adapter computes in another type than the weights, its own copies of its inputs. What a processor's heap loses to
holes was measured on SmolLM2 (see bench/results.md); a graphics card's allocator loses a tenth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from ..dataset import Half
from ..recipe.recipe import Recipe
from ..recipe.training import Lora
from .learning import steps_of
from .machine import Machine
from .packing import packed
from .plan import SHARE, Plan
from .samples import learned as learned_of
from .shape import Shape, shape_of

WIDTHS = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0}
QUANTISED = {"bnb4": 0.53, "bnb8": 1.02}
"""Bytes of a weight with its scales: 4 bits quantised twice, in blocks of 64 and 256; 8 bits with a scale for each row."""
PROGRAM = {"cpu": 560_000_000, "mps": 560_000_000, "cuda": 600_000_000}
"""Bytes of Python and its libraries once they run; of what CUDA keeps for itself on a graphics card."""
HOLES = {"cpu": 1.33, "mps": 1.33, "cuda": 1.1}
RECOMPUTED = {"cpu": 16, "mps": 16, "cuda": 2}
"""Blocks of which activations and gradients lie about while one is computed again."""
STATES = {"8bit": 2.0, "adafactor": 1.0, "sgd": 0.0}
"""Bytes of an optimizer's states for each weight, by a part of its name; 8 of the others."""
VOCABULARY_TILE = 4096 * 32768
"""Logits that trl has in memory at a time on a graphics card: tokens x vocabulary."""
EFFICIENCY = 0.55
"""The part of the speed of one large multiplication that a training comes to."""


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


@dataclass(frozen=True, slots=True)
class Cost:
    """What a training needs, and on what."""

    model: str
    parameters: int
    adapted: int
    samples: int
    tokens: int
    learned: int
    steps: int
    device: str
    plan: str
    memory: Memory
    available: int
    seconds: float
    advice: str

    @property
    def fits(self) -> bool:
        """Whether there is enough memory."""
        return self.memory.total <= self.available


def needed(shape: Shape, plan: Plan, lora: Lora, optimizer: str, learned: float = 1.0) -> Memory:
    """Return the memory that a training needs at its peak. `learned` is the part of the tokens that are learned."""
    width, tokens = WIDTHS[plan.dtype], plan.batch * plan.row
    weights = shape.embeddings * width + (shape.parameters - shape.embeddings) * QUANTISED.get(plan.quant, width)
    adapted = shape.adapted(lora.lora_r, lora.target_modules, dora=lora.use_dora)
    states = next((bytes_ for name, bytes_ in STATES.items() if name in optimizer), 8.0)
    block = tokens * _block(shape, plan, lora)
    if plan.checkpointing:
        kept = tokens * shape.hidden * width * shape.layers + block * min(RECOMPUTED[plan.device], shape.layers)
    else:
        kept = block * shape.layers * HOLES[plan.device]
    mask = plan.batch * plan.row**2 * 5 if plan.packing and plan.attention == "sdpa" else 0  # bool, and as numbers
    return Memory(
        program=PROGRAM[plan.device],
        weights=int(weights),
        adapter=int(adapted * (8 + states)),
        activations=int(kept + mask),
        logits=int(_logits(shape, plan, tokens * learned)),
    )


def _block(shape: Shape, plan: Plan, lora: Lora) -> float:
    """Return the bytes that are kept of one token in one block."""
    width = WIDTHS["bfloat16" if plan.autocast else plan.dtype]
    kept = (12 * shape.hidden + 4 * shape.inner) * width
    if plan.dtype != "float32":
        kept += (6 * shape.hidden + shape.inner) * (2 if plan.autocast else 4)
    if lora.use_dora:
        kept += 2 * (3 * shape.hidden + 2 * shape.keys + 2 * shape.inner) * width
    if plan.attention == "eager":
        kept += shape.heads * plan.row * (width + 4)
    return kept


def _logits(shape: Shape, plan: Plan, learned: float) -> float:
    if plan.device == "cuda":
        return min(VOCABULARY_TILE, learned * shape.vocabulary) * 2 * WIDTHS["bfloat16" if plan.autocast else plan.dtype]
    return learned * shape.vocabulary * (12 if plan.dtype == "float32" else 14)


def cost(recipe: Recipe, model: Path, plan: Plan, here: Machine, data: Half) -> Cost:
    """Return what a training will need. Measures for half a second how fast the machine multiplies."""
    shape = shape_of(model)
    lengths = data.lengths
    rows = len(packed(lengths, plan.row)) if plan.packing else len(lengths)
    steps = steps_of(rows, recipe, plan)
    count = learned_of(data)
    learned = count / max(sum(lengths), 1)
    memory = needed(shape, plan, recipe.lora, recipe.training.optimizer, learned)
    each = steps * plan.batch * plan.accumulation * plan.row if plan.packing else sum(lengths) * steps / max(_epoch(rows, plan), 1)
    return Cost(
        model=model.name,
        parameters=shape.parameters,
        adapted=shape.adapted(recipe.lora.lora_r, recipe.lora.target_modules, dora=recipe.lora.use_dora),
        samples=len(data),
        tokens=sum(lengths),
        learned=count,
        steps=steps,
        device=f"{here.name}" if plan.processes == 1 else f"{plan.processes} x {here.name}",
        plan=_told(plan),
        memory=memory,
        available=here.memory,
        seconds=round(each * work(shape, plan, learned) / (speed(shape, plan) * EFFICIENCY), 1),
        advice=advice(shape, plan, recipe, here, memory, learned),
    )


def _epoch(rows: int, plan: Plan) -> int:
    return -(-rows // (plan.batch * plan.accumulation * plan.processes))


def _told(plan: Plan) -> str:
    kept = ", activations computed twice" if plan.checkpointing else ""
    return f"{plan.quant}, {plan.batch} rows of {plan.row} tokens at a time, {plan.accumulation} times a step{kept}"


def work(shape: Shape, plan: Plan, learned: float) -> float:
    """Return the multiplications and additions of one token: forwards, backwards through frozen weights, and again where recomputed.

    2 for each weight and way (Kaplan et al. 2020); no gradients of the weights themselves, which are frozen.
    """
    blocks = sum(inputs * outputs for _, inputs, outputs in shape.linears) + shape.layers * plan.row * shape.hidden
    head = shape.vocabulary * shape.hidden * learned
    return 2.0 * blocks * (3 if plan.checkpointing else 2) + 2.0 * head * 2


def speed(shape: Shape, plan: Plan) -> float:
    """Return how many multiplications and additions the machine does in a second, measured on one large one."""
    import torch

    kind = getattr(torch, plan.autocast or plan.dtype)
    left = torch.ones(plan.batch * plan.row, shape.hidden, dtype=kind, device=plan.device)
    right = torch.ones(shape.hidden, shape.inner, dtype=kind, device=plan.device)
    (left @ right).sum().item()
    times, began = 0, perf_counter()
    while perf_counter() - began < 0.5:
        (left @ right)[0, 0].item()
        times += 1
    return times * 2.0 * plan.batch * plan.row * shape.hidden * shape.inner / (perf_counter() - began)


def advice(shape: Shape, plan: Plan, recipe: Recipe, here: Machine, memory: Memory, learned: float) -> str:
    """Return whether it fits, and if not what would."""
    has = f"needs {_gigabytes(memory.total)}, you have {_gigabytes(here.memory)}"
    if memory.total <= here.memory * SHARE:
        return f"It fits: {has}."
    if memory.total <= here.memory:
        return f"It may just fit: {has}. Close what else needs memory."
    for words, other in _smaller(plan, here):
        total = needed(shape, other, recipe.lora, recipe.training.optimizer, learned).total
        if total <= here.memory * SHARE:
            return f"It does not fit: {has}. Use {words}, which needs {_gigabytes(total)}."
    return f"It does not fit: {has}, and nothing makes it fit. Choose a smaller model, or a machine with more memory."


def _smaller(plan: Plan, here: Machine) -> Sequence[tuple[str, Plan]]:
    """Return plans that need less, and what to call them, the mildest first."""
    least = replace(plan, batch=1, accumulation=plan.batch * plan.accumulation)
    frugal = replace(least, checkpointing=True)
    ways = [("training.batch_size=1", least), ("training.batch_size=1 and training.gradient_checkpointing=true", frugal)]
    if here.device == "cuda":
        ways.append(("4-bit (model.quant_method=bnb4)", replace(frugal, quant="bnb4")))
    shorter = replace(frugal, row=max(plan.row // 4, 64))
    return [*ways, (f"dataset.chunk_size={shorter.row}, training.batch_size=1 and training.gradient_checkpointing=true", shorter)]


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB"
