"""Decoding modes: sets of parameters that are applied whole. What one does not name is as the model itself has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from .kinds import OneOf
from .option import Option

PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "greedy": {"do_sample": False},
        "beam_search": {"num_beams": 10, "early_stopping": True, "no_repeat_ngram_size": 2, "length_penalty": -0.1},
        "sampling": {"do_sample": True, "top_k": 0, "temperature": 0.6},
        "top_k": {"do_sample": True, "top_k": 50},
        "top_p": {"do_sample": True, "top_p": 0.92, "top_k": 0},
        "top_kp": {"do_sample": True, "top_k": 50, "top_p": 0.95},
    }
)
USUAL = "top_kp"
"""The one to begin with. It is not in effect until somebody chooses it: until then the model's and the host's own settings hold."""
MODEL = "model"
"""A mode that names nothing: the model's own settings, whatever more general layers say."""

MODE = Option(
    "decoding-mode",
    OneOf((*PRESETS, MODEL)),
    f"A set of decoding parameters that is applied whole; {USUAL} is the one to begin with, {MODEL} is the model's own.",
    "sampling",
    aliases=("decoding",),
)


def named(mode: str) -> Mapping[str, Any]:
    """Return the parameters of a mode; none for one that is not known."""
    return PRESETS.get(mode, {})


@dataclass(frozen=True, slots=True)
class Decoding:
    """How tokens are chosen: by which mode, and what was chosen one by one beside it."""

    mode: str
    """'' where none was chosen."""
    beside: tuple[tuple[Option, Any], ...] = ()

    @property
    def name(self) -> str:
        """The mode, `custom` where something else was chosen, too, and '' where nothing was chosen at all."""
        return "custom" if self.beside else self.mode

    @property
    def shown(self) -> str:
        """What is in effect, in a line."""
        if not self.mode and not self.beside:
            return f"none chosen: the model's own settings hold ({USUAL} is a good beginning)"
        others = ", ".join(f"{option.name} {option.shown(value)}" for option, value in self.beside)
        parts = ", ".join(f"{name} {_shown(value)}" for name, value in named(self.mode).items())
        base = f"{self.mode} ({parts or 'as the model has it'})" if self.mode else "the model's own settings"
        return f"custom: {base}, but {others}" if others else base


def _shown(value: Any) -> str:
    return str(value).lower()
