"""What was chosen for a generation as fields of a request: OpenAI's, and those the webui, llama.cpp and vLLM take beside them.

A server passes over fields it does not know, or refuses them by name; then they are left out (see refusal).
"""

from __future__ import annotations

from typing import Any

from ..messages import Generation
from ..options.catalogue import BY_NAME
from ..options.generation import PARAMETERS

_NAMES: dict[str, tuple[str, ...]] = {
    "min_new_tokens": ("min_tokens",),
    "ban_eos_token": ("ban_eos_token", "ignore_eos"),
    "repetition_penalty": ("repetition_penalty", "repeat_penalty"),
    "repetition_penalty_range": ("repetition_penalty_range", "repeat_last_n"),
    "mirostat_mode": ("mirostat_mode", "mirostat"),
    "grammar_string": ("grammar_string", "grammar"),
}
"""Where servers differ: the webui's (or vLLM's) name, then llama.cpp's."""
_CUTOFFS = ("epsilon_cutoff", "eta_cutoff")
CUTOFF_UNIT = 1e-4
"""The webui counts these two in ten thousandths."""
_OWN = ("max_new_tokens", "temperature", "top_p", "top_k", "seed")
"""What is asked for by fields of `Generation`."""
MOST_STOPS = 4
"""Stop strings that every server takes, as OpenAI has it."""
PREPARED = "familiar:prepared"
"""The caller we name in our requests: a webui with Familiar in it leaves these as they are, since memories are in them and the exchange is
kept where it was made. Who else names it gets no memories with their request, and nothing more.
"""
TAKEN = frozenset(option.name for option in PARAMETERS if "http" in option.hosts)


def names(name: str) -> tuple[str, ...]:
    """Return the fields that a parameter is asked for by."""
    return _NAMES.get(name, (name,))


FIELDS = (
    *("max_tokens", "temperature", "top_p", "top_k", "seed", "stop", "logit_bias", "bad_words", "dynatemp_range", "user"),
    "chat_template_kwargs",
    *sorted({field for name in TAKEN - {*_OWN, "do_sample"} for field in names(name)}),
)
"""Every field an answer can be had without."""


def fields(options: Generation) -> dict[str, Any]:
    """Return the fields of a request for a generation; what is None in it stays with the server."""
    further = {name: value for name, value in options.further if name in TAKEN and value is not None}
    made: dict[str, Any] = {"temperature": options.temperature, "top_p": options.top_p, "top_k": options.top_k, "seed": options.seed}
    made |= {"max_tokens": options.max_new_tokens, "bad_words": list(options.banned) or None}
    made["stop"] = list(options.stop[:MOST_STOPS]) or None
    if further.pop("do_sample", True) is False:
        made["temperature"] = 0
    made |= _dynamic(further)
    if (thinks := further.get("enable_thinking")) is not None:
        made["chat_template_kwargs"] = {"enable_thinking": thinks}
    for name, value in further.items():
        made |= dict.fromkeys(names(name), _value(name, value))
    return made


def untaken(options: Generation) -> list[str]:
    """Return the names of what was chosen and is not asked of a server."""
    return [name for name, value in options.further if value is not None and name in BY_NAME and name not in TAKEN]


def _value(name: str, value: Any) -> Any:
    if name in _CUTOFFS:
        return round(value / CUTOFF_UNIT, 6)
    return list(value) if isinstance(value, tuple) else value


def _dynamic(further: dict[str, Any]) -> dict[str, Any]:
    """Return a dynamic temperature as llama.cpp has it: a middle, and how far it goes from there."""
    low, high = further.get("dynatemp_low"), further.get("dynatemp_high")
    if not further.get("dynamic_temperature") or low is None or high is None or low > high:
        return {}
    return {"temperature": (low + high) / 2, "dynatemp_range": (high - low) / 2}
