"""What was chosen for a generation as the webui's state has it: its names, its units, its neutral values."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from ..hosts.fields import CUTOFF_UNIT
from ..hosts.words import BANNED, biases
from ..messages import Generation
from ..options.catalogue import BY_NAME
from ..options.generation import PARAMETERS

log = logging.getLogger(__name__)

GREEDY = {"do_sample": False, "temperature": 1, "top_k": 1}
"""What always takes the likeliest token: transformers refuses a temperature of 0, and llama.cpp and ExLlamaV3 do not know `do_sample`."""
TAKEN = frozenset(option.name for option in PARAMETERS if "webui" in option.hosts)
_BANS = "custom_token_bans"
_NEUTRAL = {
    "seed": -1,
    "prompt_lookup_num_tokens": 0,
    "grammar_string": "",
    "negative_prompt": "",
    "max_tokens_second": 0,
    "ban_eos_token": False,
}
"""What stands for none beside the webui's own neutral values."""
_SPELT: Mapping[str, Callable[[Any], Any]] = {
    "epsilon_cutoff": lambda value: round(value / CUTOFF_UNIT, 6),
    "eta_cutoff": lambda value: round(value / CUTOFF_UNIT, 6),
    "dry_sequence_breakers": lambda value: ", ".join(json.dumps(text) for text in value),
    "sampler_priority": list,
}
_ANY_LOADER = {"reasoning_effort", "enable_thinking", "max_tokens_second", "max_new_tokens"}
"""What every loader takes, since it is the webui that does it."""
_WEIGHING_LOADERS = ("llama.cpp", "ExLlamav3")


def sampling(options: Generation, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a state that are other for a generation. Where a decoding mode was chosen, all samplers are: nothing of the
    page's or the settings' remains beside it.
    """
    neutral = _neutral()
    made = dict(neutral) if options.whole else {}
    given = {name: getattr(options, name) for name in ("temperature", "top_p", "top_k", "seed")}
    made |= {name: value for name, value in given.items() if value is not None}
    for name, value in options.further:
        if name not in TAKEN or name == "suppress_tokens":
            continue
        if value is not None:
            made[name] = _SPELT.get(name, lambda same: same)(value)
        elif name in neutral or name in _NEUTRAL:
            made[name] = neutral.get(name, _NEUTRAL.get(name))
    if made.get("temperature") == 0 or made.get("do_sample") is False:
        made |= GREEDY
    return made | _words(options, state)


def untaken(options: Generation) -> list[str]:
    """Return the names of what was chosen and does nothing with the loader there is."""
    from modules import shared

    loader = str(getattr(shared.args, "loader", None) or "")
    known = _of_loader(loader)
    chosen = [name for name, value in options.further if value is not None and name in BY_NAME]
    missed = [name for name in chosen if name not in TAKEN or (known and _its_name(name) not in known | _ANY_LOADER)]
    banning = not known or _BANS in known or loader in _WEIGHING_LOADERS
    lost = [*(["banned-words"] if options.banned and not banning else [])]
    return [*missed, *lost, *(["word-weights"] if options.weighted and loader not in _WEIGHING_LOADERS else [])]


def _words(options: Generation, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the webui takes for tokens that are banned or weighted; words of which no variant is one token cannot be had so."""
    suppressed = dict(options.further).get("suppress_tokens") or ()
    if not (options.banned or options.weighted or suppressed):
        return {}
    bias, missed = biases(options, _tokens) if _can_encode() else ({}, ())
    if missed:
        log.warning("%d banned or weighted words are no single token of this model and left as they are.", len(missed))
    bans = dict.fromkeys([*suppressed, *(token for token, weight in bias.items() if weight == BANNED)])
    before = [text for text in str(state.get(_BANS) or "").split(",") if text.strip()]
    return {_BANS: ",".join([*before, *map(str, bans)]), "logit_bias": {str(token): weight for token, weight in bias.items()}}


def _can_encode() -> bool:
    from modules import shared

    return shared.tokenizer is not None


def _tokens(text: str) -> list[int]:
    from modules.text_generation import encode

    found = encode(text, add_special_tokens=False, add_bos_token=False)[0]
    return [int(token) for token in found]


def _neutral() -> dict[str, Any]:
    from modules.presets import default_preset

    return dict(default_preset())


def _of_loader(loader: str) -> set[str]:
    from modules.loaders import loaders_samplers

    return set(loaders_samplers.get(loader, ()))


def _its_name(name: str) -> str:
    return _BANS if name == "suppress_tokens" else name
