"""Every parameter of generation: those of transformers' GenerationConfig under its own names, and the samplers of the webui.

Ranges are those of transformers' checks and of the webui's sliders (v4.7.3, `ui_parameters.py`), whichever is wider where both take it.
"""

from __future__ import annotations

from typing import Any

from .kinds import Either, Kind, Many, Number, OneOf, Switch, Whole, Words
from .option import ALL_TAKERS, Group, Option, Taker
from .texts import Escaped, Pair

_EMBEDDED: frozenset[Taker] = frozenset({"embedded"})
_WEBUI: frozenset[Taker] = frozenset({"webui"})
_SERVED: frozenset[Taker] = frozenset({"webui", "http"})
_ASKED: frozenset[Taker] = frozenset({"embedded", "http"})
_LOCAL: frozenset[Taker] = frozenset({"embedded", "webui"})

MOST_TOKENS = 131072
SAMPLERS = (
    "repetition_penalty",
    "presence_penalty",
    "frequency_penalty",
    "dry",
    "top_n_sigma",
    "temperature",
    "dynamic_temperature",
    "quadratic_sampling",
    "top_k",
    "top_p",
    "typical_p",
    "epsilon_cutoff",
    "eta_cutoff",
    "tfs",
    "top_a",
    "min_p",
    "adaptive_p",
    "mirostat",
    "xtc",
    "encoder_repetition_penalty",
    "no_repeat_ngram",
)
"""What the webui's sampler_priority puts in order."""
_PART = Number(0, 1)
_SOME = Number(0, 1, open_below=True)
_TOKENS = Many(Whole(0, 2**31 - 1), 256)


def _options(group: Group, *rows: tuple[Any, ...]) -> tuple[Option, ...]:
    """Return options from rows of name, kind, help, and then, where they are not the usual: hosts, aliases."""
    return tuple(_option(group, *row) for row in rows)


def _option(group: Group, name: str, kind: Kind, words: str, hosts: frozenset[Taker] = ALL_TAKERS, aliases: tuple[str, ...] = ()) -> Option:
    return Option(name, kind, words, group, hosts=hosts, aliases=aliases, optional=name not in _NEVER_NONE)


_NEVER_NONE = {"max_new_tokens", "do_sample", "num_beams"}
"""Where being without a value means nothing."""

LENGTH = _options(
    "length",
    ("max_new_tokens", Whole(1, MOST_TOKENS), "The longest reply, in tokens.", ALL_TAKERS, ("max_tokens", "n_predict")),
    ("min_new_tokens", Whole(0, MOST_TOKENS), "The shortest reply, in tokens.", _ASKED, ("min_tokens",)),
    ("max_time", Number(0, 86400, open_below=True), "The longest time for a reply, in seconds.", _EMBEDDED),
    (
        "exponential_decay_length_penalty",
        Pair(Whole(0, MOST_TOKENS), Number(0.01, 10)),
        "After so many tokens, makes the end of the reply likelier with each token by this factor.",
        _EMBEDDED,
    ),
    ("ban_eos_token", Switch(), "Never ends a reply before it is as long as it may be.", ALL_TAKERS, ("ignore_eos",)),
)

SAMPLING = _options(
    "sampling",
    ("do_sample", Switch(), "Draws tokens by their probabilities; off takes the likeliest each time."),
    ("temperature", Number(0, 5), "How far the drawing goes from the likeliest tokens; 0 takes the likeliest.", ALL_TAKERS, ("temp",)),
    ("top_k", Whole(0, 100000), "Draws among so many of the likeliest tokens; 0 for all of them."),
    ("top_p", _SOME, "Draws among the likeliest tokens that have this probability together.", ALL_TAKERS, ("nucleus",)),
    ("min_p", _PART, "Leaves out tokens less likely than this part of the likeliest one's probability."),
    ("top_h", _SOME, "Draws among the tokens that hold this part of the distribution's entropy.", _EMBEDDED),
    ("typical_p", _SOME, "Draws among tokens about as surprising as is usual, of this probability together.", ALL_TAKERS, ("typical",)),
    ("epsilon_cutoff", _PART, "Leaves out tokens below this probability, such as 0.0003."),
    ("eta_cutoff", _PART, "The same with a limit that falls where everything is unlikely, such as 0.0006."),
    ("top_n_sigma", Number(0, 5), "Draws among tokens within so many standard deviations of the best logit; 0 for all.", _SERVED),
    ("top_a", _PART, "Leaves out tokens below this times the square of the likeliest one's probability.", _SERVED),
    ("tfs", _PART, "Tail-free sampling: cuts where the probabilities level out; 1 cuts nothing.", _SERVED),
    ("xtc_threshold", Number(0, 0.5), "Exclude top choices: of tokens above this probability only the least likely stays.", _SERVED),
    ("xtc_probability", _PART, "How often xtc_threshold is applied; 0 for never.", _SERVED),
    ("dynamic_temperature", Switch(), "Makes the temperature higher where the model is less sure.", _SERVED),
    ("dynatemp_low", Number(0.01, 5), "The lowest temperature of dynamic_temperature.", _SERVED),
    ("dynatemp_high", Number(0.01, 5), "The highest temperature of dynamic_temperature.", _SERVED),
    ("dynatemp_exponent", Number(0.01, 5), "How the temperature rises with the entropy between the two.", _SERVED),
    ("smoothing_factor", Number(0, 10), "Quadratic sampling: flattens the top and cuts the tail; 0 for off.", _SERVED),
    ("smoothing_curve", Number(1, 10), "How steeply quadratic sampling falls off.", _SERVED),
    ("mirostat_mode", Whole(0, 2), "Keeps the surprise of the text even: 0 off, 1 (llama.cpp only), 2.", _SERVED, ("mirostat",)),
    ("mirostat_tau", Number(0, 10), "The surprise that mirostat aims at.", _SERVED),
    ("mirostat_eta", _PART, "How fast mirostat follows.", _SERVED),
    ("adaptive_target", _PART, "Adaptive-p: favours tokens of about this probability; 0 for off.", _SERVED),
    ("adaptive_decay", Number(0, 0.99), "How long adaptive-p looks back.", _SERVED),
    ("temperature_last", Switch(), "Applies the temperature after all other samplers.", _SERVED),
    ("sampler_priority", Many(OneOf(SAMPLERS), len(SAMPLERS)), "The order in which samplers are applied.", _SERVED),
    ("guidance_scale", Number(-0.5, 10), "Classifier-free guidance: how much the prompt counts; 1 for off.", ALL_TAKERS, ("cfg",)),
    ("negative_prompt", Words(2000), "What guidance_scale leads away from."),
    ("renormalize_logits", Switch(), "Makes probabilities of the logits again after all samplers.", _EMBEDDED),
    ("remove_invalid_values", Switch(), "Replaces infinite numbers of the model, which costs a little time.", _EMBEDDED),
)

SEARCH = _options(
    "search",
    ("num_beams", Whole(1, 32), "How many continuations are followed at once; 1 for no beam search.", _EMBEDDED, ("beams",)),
    ("early_stopping", Either(Switch(), OneOf(("never",))), "Ends beam search when there are as many replies as beams.", _EMBEDDED),
    ("length_penalty", Number(-10, 10), "Above 0 beam search prefers long replies, below 0 short ones.", _ASKED),
    ("penalty_alpha", Number(0, 5), "Contrastive search: how much repetition of meaning costs.", _WEBUI),
)

REPETITION = _options(
    "repetition",
    ("repetition_penalty", Number(0.1, 5), "Above 1 makes tokens that were used less likely.", ALL_TAKERS, ("repeat_penalty",)),
    ("repetition_penalty_range", Whole(0, MOST_TOKENS), "How many tokens back penalties look.", _SERVED, ("repeat_last_n",)),
    ("frequency_penalty", Number(-2, 2), "Makes a token less likely each time it was used.", _SERVED),
    ("presence_penalty", Number(-2, 2), "Makes a token less likely once it was used.", _SERVED),
    ("encoder_repetition_penalty", Number(0.8, 1.5), "Above 1 favours tokens of the prompt.", _SERVED),
    ("no_repeat_ngram_size", Whole(0, 100), "Says no run of so many tokens twice; 0 for off."),
    ("dry_multiplier", Number(0, 5), "DRY: how much going on with a repeated run costs; 0 for off, 0.8 is usual.", _SERVED),
    ("dry_allowed_length", Whole(1, 20), "The longest run that may be repeated for nothing.", _SERVED),
    ("dry_base", Number(1, 4), "How fast DRY grows with the length of the run.", _SERVED),
    ("dry_sequence_breakers", Many(Escaped(40), 32), "Texts that no run goes across.", _WEBUI),
)

OTHER = _options(
    "other",
    ("seed", Whole(0, 2**32 - 1), "Makes the drawing the same each time; none for a new one each time."),
    ("suppress_tokens", _TOKENS, "Ids of tokens that are never used.", _LOCAL, ("custom_token_bans",)),
    ("begin_suppress_tokens", _TOKENS, "Ids of tokens that no reply begins with.", _EMBEDDED),
    ("prompt_lookup_num_tokens", Whole(0, 100), "Guesses so many tokens from the prompt at once, for speed; 0 for off.", _LOCAL),
    ("max_matching_ngram_size", Whole(1, 16), "The longest run that such a guess is looked up by.", _EMBEDDED),
    ("grammar_string", Words(20000), "A grammar (GBNF) that the reply follows.", _SERVED, ("grammar",)),
    ("enable_thinking", Switch(), "Lets models think first that can.", _SERVED, ("thinking",)),
    ("reasoning_effort", OneOf(("low", "medium", "high")), "How long models think that can.", _SERVED),
    ("max_tokens_second", Whole(0, 100), "Slows the reply down to so many tokens a second; 0 for as fast as can be.", _WEBUI),
)

PARAMETERS = (*LENGTH, *SAMPLING, *SEARCH, *REPETITION, *OTHER)
"""All of them."""

_OUTPUT = "it is about what `generate` returns, and a reply is its text"
_CACHE = "it is about the cache inside the model, and changes no reply"
_SPECIAL = "it is an id of the model's own special tokens"
_ASSISTED = "it is about a second model that guesses ahead, and there is none"
_HUB = "transformers has moved it into code that would be fetched from the hub and run"
LEFT_OUT = {
    "max_length": "it counts the prompt too: max_new_tokens says it",
    "min_length": "it counts the prompt too: min_new_tokens says it",
    "stop_strings": "stop-words say it",
    "bad_words_ids": "banned-words say it in words",
    "sequence_bias": "word-weights say it in words",
    "num_return_sequences": "there is one reply",
    "token_healing": "it changes the end of the prompt, which is the chat template's",
    "watermarking_config": "it marks text so that a program can tell it, and changes nothing a person sees",
    "use_mtp": "it needs a model that is made for it, and changes speed only",
    "encoder_no_repeat_ngram_size": "models that chat have no encoder",
    "decoder_start_token_id": "models that chat have no encoder",
    **dict.fromkeys(("use_cache", "cache_implementation", "cache_config", "max_cache_len", "prefill_chunk_size"), _CACHE),
    **dict.fromkeys(("compile_config", "disable_compile", "continuous_batching_config"), _CACHE),
    **dict.fromkeys(("output_attentions", "output_hidden_states", "output_scores", "output_logits", "return_dict_in_generate"), _OUTPUT),
    **dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id", "forced_bos_token_id", "forced_eos_token_id"), _SPECIAL),
    **dict.fromkeys(("is_assistant", "num_assistant_tokens", "num_assistant_tokens_schedule"), _ASSISTED),
    **dict.fromkeys(("assistant_confidence_threshold", "assistant_early_exit", "assistant_lookbehind"), _ASSISTED),
    **dict.fromkeys(("target_lookbehind", "assistant_ensemble_weight", "speculation_type"), _ASSISTED),
    **dict.fromkeys(("low_memory", "dola_layers", "diversity_penalty", "num_beam_groups", "constraints", "force_words_ids"), _HUB),
}
"""What of GenerationConfig nobody may set, and why."""
WEBUI_LEFT_OUT = {
    "auto_max_new_tokens": "max_new_tokens says how long a reply may be",
    "add_bos_token": "the chat template says it",
    "skip_special_tokens": "a reply is text",
    "static_cache": _CACHE,
    "truncation_length": "it is the model's context, which the host says",
    "preserve_thinking": "it is about the prompt, not about generating",
    "preset": "decoding modes and saved presets say it",
    "custom_token_bans": "suppress_tokens and banned-words say it",
}
"""What of the webui's GenerationOptions nobody may set, and why."""
