"""Options as they are written and kept: every one of them takes what its kind says and refuses everything else in words."""

from __future__ import annotations

import json

import pytest

from extension.errors import CommandRefused
from extension.options.catalogue import BY_NAME, NAMES, OPTIONS, find
from extension.options.generation import LEFT_OUT, PARAMETERS, SAMPLERS, WEBUI_LEFT_OUT
from extension.options.kinds import Either, Many, Number, OneOf, Switch, Whole, Words
from extension.options.option import UNSET
from extension.options.texts import Escaped, Pair, Weighted

HOSTILE = [
    "",
    " ",
    "\x00",
    "x" * 100_000,
    "9" * 5000,
    "nan",
    "-inf",
    "1e999",
    "[[[[",
    "'; DROP TABLE chosen; --",
    "\ud800",
    "none,none,\n,",
]
DAMAGED = [
    None,
    {},
    [],
    [[]],
    {"a": 1},
    "x" * 100_000,
    10**40,
    -(10**40),
    float("nan"),
    float("inf"),
    True,
    [None],
    ["a", {}],
    [["a", "b", "c"]],
]


def example(kind):
    """Return a text that a kind takes."""
    if isinstance(kind, Many):
        return f"{example(kind.of)}, {example(kind.of)}"
    if isinstance(kind, Either):
        return example(kind.second)
    if isinstance(kind, (Whole, Number)):
        return str(kind.most if kind.most is not None else kind.least or 1)
    words = {Switch: "on", OneOf: "", Words: "some words", Escaped: "a\\nb", Weighted: "ocean:-2.5", Pair: "16, 1.5"}
    return kind.words[0] if isinstance(kind, OneOf) else words[type(kind)]


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_an_option_keeps_what_it_takes_and_writes_it_so_that_it_can_be_read_again(option):
    value = option.read(example(option.kind))
    assert option.checked(json.loads(json.dumps(value))) == value
    assert option.read(option.shown(value)) == value
    assert hash(value) == hash(value)
    assert option.read(" Default ") is UNSET
    assert option.help.endswith(".")
    assert option.takes.endswith("; or default")


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_whatever_is_written_is_a_value_or_refused_in_words(option):
    for text in HOSTILE:
        try:
            value = option.read(text)
        except CommandRefused as exc:
            refusal = str(exc)
        else:
            refusal = f"{option.name}: "
            assert len(json.dumps(value)) < 70_000
        assert refusal.startswith(f"{option.name}: ")
        assert len(refusal) < 2000


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_whatever_was_kept_is_a_value_or_refused(option):
    for raw in DAMAGED:
        if raw is None and option.optional:
            continue
        try:
            value = option.checked(raw)
        except CommandRefused:
            continue
        assert option.checked(value) == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("temperature", "5.01", r"^temperature: `5\.01` is out of range: it takes a number from 0 to 5\.$"),
        ("temperature", "warm", r"^temperature: `warm` is not a number from 0 to 5\.$"),
        ("top_p", "0", r"^top_p: `0` is out of range: it takes a number above 0 to 1\.$"),
        ("num_beams", "33", "from 1 to 32"),
        ("num_beams", "none", "is not a whole number"),
        ("do_sample", "perhaps", "neither on nor off"),
        ("sampler_priority", "top_k, top_q", "Did you mean `top_"),
        ("word-weights", "ocean", "has no weight"),
        ("word-weights", "ocean:11", "from -10 to 10"),
        ("exponential_decay_length_penalty", "16", "a comma, and a number"),
        ("input-buffer-size", "0", "from 1 to 1000"),
        ("lurk", "1.5", "one of off, or a number above 0 to 1"),
        ("stop-words", ",".join("abcdefghijklmnopq"), "16 at most"),
        ("decoding-mode", "topp", "Did you mean `top_p`"),
    ],
)
def test_a_refusal_says_what_is_taken(name, text, message):
    with pytest.raises(CommandRefused, match=message):
        find(name).read(text)


def test_values_have_the_type_of_the_parameter():
    read = {
        name: find(name).read(text)
        for name, text in {
            "temperature": "0,4",
            "top_k": "40",
            "do_sample": "yes",
            "early_stopping": "never",
            "top_p": "none",
            "stop-words": '"\\nYou:", END',
            "word-weights": "ocean:2, like:this:-1",
            "suppress_tokens": "[1, 2]",
            "lurk": "off",
        }.items()
    }
    assert read == {
        "temperature": 0.4,
        "top_k": 40,
        "do_sample": True,
        "early_stopping": "never",
        "top_p": None,
        "stop-words": ("\nYou:", "END"),
        "word-weights": (("ocean", 2.0), ("like:this", -1.0)),
        "suppress_tokens": (1, 2),
        "lurk": "off",
    }


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Temperature", "temperature"),
        ("temp", "temperature"),
        ("top-k", "top_k"),
        ("stop words", "stop-words"),
        ("n_predict", "max_new_tokens"),
        ("mirostat", "mirostat_mode"),
    ],
)
def test_an_option_is_found_by_its_names(name, found):
    assert find(name).name == found


def test_a_name_that_is_none_says_which_may_be_meant():
    with pytest.raises(CommandRefused, match=r"^There is no setting `temprature`\. Did you mean `temperature`\?$"):
        find("temprature")


def test_no_two_options_have_a_name_in_common():
    assert len(BY_NAME) == len(OPTIONS)
    assert len(NAMES) == len(OPTIONS) + sum(len(option.aliases) for option in OPTIONS)


def test_every_attribute_of_transformers_generation_config_can_be_chosen_or_is_left_out_for_a_reason():
    from transformers import GenerationConfig

    ours = {option.name for option in PARAMETERS}
    theirs = {name for name in vars(GenerationConfig()) if not name.startswith("_")} - {"transformers_version"}
    assert theirs - ours - set(LEFT_OUT) == set()
    assert ours & set(LEFT_OUT) == set()
    assert {option.name for option in PARAMETERS if "embedded" in option.hosts} - theirs == {"seed", "negative_prompt", "ban_eos_token"}


WEBUI = """
preset dynatemp_low dynatemp_high dynatemp_exponent smoothing_factor smoothing_curve min_p top_k typical_p xtc_threshold
xtc_probability epsilon_cutoff eta_cutoff tfs top_a top_n_sigma adaptive_target adaptive_decay dry_multiplier dry_allowed_length
dry_base repetition_penalty encoder_repetition_penalty no_repeat_ngram_size repetition_penalty_range penalty_alpha guidance_scale
mirostat_mode mirostat_tau mirostat_eta prompt_lookup_num_tokens max_tokens_second do_sample dynamic_temperature temperature_last
auto_max_new_tokens ban_eos_token add_bos_token enable_thinking reasoning_effort preserve_thinking skip_special_tokens static_cache
truncation_length seed sampler_priority custom_token_bans negative_prompt dry_sequence_breakers grammar_string temperature top_p
frequency_penalty presence_penalty
"""
"""GenerationOptions of the webui's modules/api/typing.py in v4.7.3, and what its chat requests have beside them."""


def test_every_sampler_of_the_webui_can_be_chosen_or_is_left_out_for_a_reason():
    assert set(WEBUI.split()) - {option.name for option in PARAMETERS if "webui" in option.hosts} == set(WEBUI_LEFT_OUT)
    assert len(set(SAMPLERS)) == len(SAMPLERS) == 21
