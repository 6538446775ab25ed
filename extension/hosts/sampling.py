"""What was chosen for a generation as transformers' `generate` takes it."""

from __future__ import annotations

from typing import Any

from ..messages import Generation
from ..options.catalogue import BY_NAME
from ..options.generation import PARAMETERS
from .words import Tokens, sequences

TAKEN = frozenset(option.name for option in PARAMETERS if "embedded" in option.hosts)
_DRAWING = ("temperature", "top_k", "top_p", "min_p", "top_h", "typical_p", "epsilon_cutoff", "eta_cutoff")
"""What means something only where tokens are drawn."""
_BEAMS = ("early_stopping", "length_penalty")
_ONE_BEAM = ("prompt_lookup_num_tokens", "max_matching_ngram_size")


def arguments(options: Generation, tokens: Tokens) -> dict[str, Any]:
    """Return the keyword arguments of `generate`; what is not named stays with the model's own settings.

    What means nothing beside the rest is left out, since transformers would warn of it: how to draw where nothing is drawn, and what is
    about beams where there is one.
    """
    chosen = {name: getattr(options, name) for name in ("temperature", "top_k", "top_p") if getattr(options, name) is not None}
    chosen |= {name: value for name, value in options.further if name in TAKEN and name != "seed"}
    chosen = _drawn(chosen)
    beams = chosen.get("num_beams") or 1
    for name in _ONE_BEAM if beams > 1 or not chosen.get("prompt_lookup_num_tokens") else ():
        chosen.pop(name, None)
    for name in _BEAMS if beams == 1 else ():
        chosen.pop(name, None)
    return {"max_new_tokens": options.max_new_tokens, **_length(chosen, options.max_new_tokens), **_words(options, tokens)}


def untaken(options: Generation) -> list[str]:
    """Return the names of what was chosen and does nothing here."""
    return [name for name, value in options.further if value is not None and name in BY_NAME and name not in TAKEN]


def beams(arguments: dict[str, Any]) -> int:
    """Return how many continuations are followed at once."""
    return int(arguments.get("num_beams") or 1)


def guidance(arguments: dict[str, Any], tokens: Tokens, device: Any, rows: int = 1) -> dict[str, Any]:
    """Return the arguments with the negative prompt as ids, once for each row, where guidance asks for one."""
    text = arguments.pop("negative_prompt", None)
    if not text or arguments.get("guidance_scale") in (None, 1.0):
        return arguments
    import torch

    ids = torch.tensor([list(tokens(text))] * rows, device=device)
    return {**arguments, "negative_prompt_ids": ids, "negative_prompt_attention_mask": torch.ones_like(ids)}


def _drawn(chosen: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters with `do_sample` as they mean it."""
    if chosen.get("temperature") == 0 or chosen.get("do_sample") is False:
        return {**{name: value for name, value in chosen.items() if name not in _DRAWING}, "do_sample": False}
    if any(chosen.get(name) is not None for name in _DRAWING):
        return {"do_sample": True, **chosen}
    return chosen


def _length(chosen: dict[str, Any], most: int) -> dict[str, Any]:
    """Return the parameters with limits that agree: no reply is to be longer than the longest."""
    least = most if chosen.pop("ban_eos_token", False) else chosen.pop("min_new_tokens", None)
    return chosen if least is None else {**chosen, "min_new_tokens": min(least, most)}


def _words(options: Generation, tokens: Tokens) -> dict[str, Any]:
    """Return the words that are banned or weighted, as ids."""
    bias = {tuple(ids): weight for word, weight in options.weighted for ids in sequences([word], tokens)}
    banned = sequences(options.banned, tokens)
    return {**({"bad_words_ids": banned} if banned else {}), **({"sequence_bias": bias} if bias else {})}
