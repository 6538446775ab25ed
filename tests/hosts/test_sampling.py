"""What was chosen for a generation, with real models: every option alone, words by their tokens, and combinations that mean nothing."""

from __future__ import annotations

import warnings

import pytest
import torch

from extension.hosts.embedded import Embedded
from extension.hosts.sampling import TAKEN, arguments
from extension.hosts.scripted import Scripted
from extension.hosts.taken import untaken
from extension.hosts.words import biases, sequences, variants
from extension.messages import Generation, Message
from extension.options.catalogue import find
from extension.options.decoding import PRESETS
from extension.options.layers import Choice, Choices, Spot
from tests.options.test_layers import WHEN
from tests.options.test_option import example


@pytest.fixture(scope="module")
def host(tiny):
    return Embedded(tiny)


def chosen(**values):
    """Return how to generate where these were chosen."""
    rows = (Choice(find(name), find(name).read(text), "global", "", "", WHEN) for name, text in values.items())
    return Choices(Spot(), rows).generation(Generation(max_new_tokens=8))


def letters(text):
    return [ord(letter) for letter in text]


def reply(host, options, text="Name three colours."):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return "".join(host.generate([Message("user", text)], options))


@pytest.mark.parametrize("name", sorted(TAKEN))
def test_every_option_it_takes_can_be_used_alone_and_be_none(host, name, capfd):
    text = {"max_new_tokens": "9", "suppress_tokens": "3, 4", "begin_suppress_tokens": "3", "max_time": "60"}.get(
        name, example(find(name).kind)
    )
    reply(host, chosen(**{name: text}))
    if find(name).optional:
        reply(host, chosen(**{name: "none"}))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("mode", PRESETS)
def test_every_decoding_mode_makes_a_reply_without_a_warning(host, mode, capfd):
    assert reply(host, chosen(**{"decoding-mode": mode}))
    assert capfd.readouterr() == ("", "")


def test_what_means_nothing_beside_the_rest_is_left_out():
    assert arguments(chosen(do_sample="off", temperature="0.4", top_p="0.9", min_p="0.1", seed="3"), letters) == {
        "max_new_tokens": 8,
        "do_sample": False,
    }
    assert arguments(chosen(length_penalty="1", early_stopping="on", max_matching_ngram_size="2"), letters) == {"max_new_tokens": 8}
    assert arguments(chosen(num_beams="2", prompt_lookup_num_tokens="3"), letters) == {"max_new_tokens": 8, "num_beams": 2}
    assert arguments(chosen(temperature="0", num_beams="2"), letters) == {"max_new_tokens": 8, "num_beams": 2, "do_sample": False}
    assert arguments(chosen(min_new_tokens="99"), letters) == {"max_new_tokens": 8, "min_new_tokens": 8}


def test_what_was_chosen_reaches_the_model_by_its_own_name():
    made = arguments(chosen(typical_p="0.9", top_k="none", repetition_penalty="1.2", xtc_probability="0.5"), letters)
    assert made == {"max_new_tokens": 8, "do_sample": True, "typical_p": 0.9, "top_k": None, "repetition_penalty": 1.2}


def test_what_no_transformers_takes_is_told(host):
    options = chosen(xtc_probability="0.5", tfs="0.9", mirostat_tau="none", num_beams="2")
    assert untaken(host, options) == ["tfs", "xtc_probability"]
    assert untaken(Scripted(), options) == ["tfs", "xtc_probability", "num_beams"]


def test_a_word_is_written_in_these_ways():
    assert variants("ocean") == ("ocean", "Ocean", " ocean", " Ocean")
    assert variants("iPhone") == ("iPhone", "IPhone", " iPhone", " IPhone")
    assert sequences(["a", "A"], letters) == [[97], [65], [32, 97], [32, 65]]


def test_hosts_that_know_single_tokens_only_are_told_which_words_are_none():
    assert biases(Generation(banned=("a",), weighted=(("b", 2.0), ("long", 1.0))), letters) == (
        {98: 2.0, 66: 2.0, 97: -100.0, 65: -100.0},
        ("long",),
    )


@pytest.fixture(scope="module")
def real(smollm2):
    return Embedded(smollm2)


GREEDY = Generation(max_new_tokens=24, temperature=0)
QUESTION = "What is the capital of France? Answer in one sentence."


@pytest.mark.model
def test_a_banned_word_is_not_said(real):
    assert "Paris" in reply(real, GREEDY, QUESTION)
    assert "paris" not in reply(real, Generation(max_new_tokens=24, temperature=0, banned=("paris", "<|im_end|>", "")), QUESTION).lower()


@pytest.mark.model
def test_a_weighted_word_is_said_more(real):
    weighted = Generation(max_new_tokens=24, temperature=0, weighted=(("London", 10.0), ("Paris", -10.0)))
    said = reply(real, weighted, QUESTION)
    assert "London" in said
    assert "Paris" not in said


@pytest.mark.model
def test_a_search_by_beams_gives_what_transformers_finds(real):
    search = PRESETS["beam_search"]
    checkpoint = real.load()
    prompt = torch.tensor([checkpoint.prompt([Message("user", QUESTION)])])
    found = checkpoint.model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=24, **search)
    options = Generation(max_new_tokens=24, further=tuple(search.items()), whole=True)
    assert reply(real, options, QUESTION) == checkpoint.decode(found[0, prompt.shape[1] :].tolist()) != ""


@pytest.mark.model
def test_a_reply_without_its_end_is_as_long_as_it_may_be(real):
    options = Generation(max_new_tokens=60, temperature=0, further=(("ban_eos_token", True),))
    assert len(reply(real, options, QUESTION)) > len(reply(real, Generation(max_new_tokens=60, temperature=0), QUESTION))
