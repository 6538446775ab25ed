"""Layers: the most special choice holds, a decoding mode is applied whole, and every value says where it comes from."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extension.errors import CommandRefused
from extension.messages import Generation
from extension.options.catalogue import DECODED, OPTIONS, find
from extension.options.decoding import PRESETS
from extension.options.layers import Choice, Choices, Spot
from extension.options.option import LAYERS

HERE = Spot("server", "channel", "thread", "ada")
WHEN = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
USUAL = Generation(max_new_tokens=256, temperature=0.8, stop=("Q:",))


def choice(name, value, layer="global"):
    return Choice(find(name), value, layer, "" if layer == "global" else "holder", "bo", WHEN)


def at(*choices, spot=HERE):
    return Choices(spot, choices)


@given(st.dictionaries(st.sampled_from(LAYERS), st.floats(0, 5), max_size=5), st.randoms())
def test_the_most_special_choice_holds_in_whatever_order_they_were_made(values, random):
    choices = [choice("temperature", value, layer) for layer, value in values.items()]
    random.shuffle(choices)
    chosen = at(*choices).value("temperature")
    special = max(values, key=LAYERS.index, default="")
    assert (chosen.layer, chosen.value) == (special, values.get(special))


@given(
    st.dictionaries(st.tuples(st.sampled_from(LAYERS), st.sampled_from([option.name for option in DECODED])), st.just(1), max_size=20),
    st.sampled_from(LAYERS),
    st.sampled_from(sorted(PRESETS)),
)
def test_a_decoding_mode_leaves_nothing_of_the_layers_under_it(others, layer, mode):
    choices = at(choice("decoding-mode", mode, layer), *(choice(name, value, of) for (of, name), value in others.items()))
    over = {name for of, name in others if LAYERS.index(of) >= LAYERS.index(layer)}
    left = {option.name: choices.value(option.name) for option in DECODED if option.name not in over}
    assert {name: chosen.value for name, chosen in left.items() if chosen.given} == {
        name: value for name, value in PRESETS[mode].items() if name not in over
    }
    assert choices.generation(USUAL).whole


@pytest.mark.parametrize("spot", [Spot(), Spot(person="ada"), Spot(server="server", thread="thread")])
def test_only_layers_there_are_here_count(spot):
    choices = at(*(choice("top_k", number, layer) for number, layer in enumerate(LAYERS)), spot=spot)
    assert choices.value("top_k").layer == spot.layers[-1][0]


def test_a_choice_in_a_layer_the_option_does_not_have_is_passed_over():
    assert at(choice("autoreply", True, "person"))["autoreply"] is False


def test_what_was_not_chosen_has_its_default():
    choices = at()
    assert {name: choices[name] for name in ("streaming", "lurk", "banter", "alias", "temperature", "prompt")} == {
        "streaming": True, "lurk": "off", "banter": 0, "alias": (), "temperature": None, "prompt": None,
    }  # fmt: skip
    assert (choices.value("temperature").shown, choices.value("temperature").why) == ("as the model's host has it", "nothing was chosen")
    assert choices.different() == []
    assert [each.option for each in choices.everything()] == list(OPTIONS)


def test_a_value_says_who_chose_it_where_and_when():
    choices = at(choice("temperature", 0.4, "channel"), choice("decoding-mode", "top_p", "server"))
    assert choices.value("temp").why == "chosen for this channel by bo on 2026-11-21 12:30 UTC"
    assert choices.value("top_p").why == "the decoding mode top_p names it, chosen for this server by bo on 2026-11-21 12:30 UTC"
    assert choices.value("min_p").why.startswith("the decoding mode top_p leaves it to the model")
    assert (choices.value("min_p").shown, choices.value("top_p").shown) == ("as the model's host has it", "0.92")


def test_where_nothing_was_chosen_generation_is_as_usual():
    assert at().generation(USUAL) == USUAL


def test_a_mode_takes_the_place_of_the_usual_settings():
    assert at(choice("decoding-mode", "beam_search")).generation(USUAL) == Generation(
        max_new_tokens=256,
        stop=("Q:",),
        further=(("num_beams", 10), ("early_stopping", True), ("length_penalty", -0.1), ("no_repeat_ngram_size", 2)),
        whole=True,
    )


def test_what_was_chosen_one_by_one_stands_beside_the_mode():
    choices = at(
        choice("decoding-mode", "sampling", "server"), choice("temperature", 0.4, "person"), choice("max_new_tokens", 99, "person")
    )
    made = choices.generation(USUAL)
    assert (made.max_new_tokens, made.temperature, made.top_k, made.further) == (99, 0.4, 0, (("do_sample", True),))
    assert choices.decoding.name == "custom"
    assert choices.decoding.shown == "custom: sampling (do_sample true, top_k 0, temperature 0.6), but temperature 0.4"


@pytest.mark.parametrize(
    ("choices", "name", "shown"),
    [
        ((), "", "none chosen: the model's own settings hold (top_kp is a good beginning)"),
        ((choice("decoding-mode", "greedy"),), "greedy", "greedy (do_sample false)"),
        ((choice("decoding-mode", "model"),), "model", "model (as the model has it)"),
        ((choice("min_p", 0.05),), "custom", "custom: the model's own settings, but min_p 0.05"),
        ((choice("seed", 3), choice("max_new_tokens", 9)), "", "none chosen: the model's own settings hold (top_kp is a good beginning)"),
    ],
)
def test_the_mode_in_effect_is_shown(choices, name, shown):
    decoding = at(*choices).decoding
    assert (decoding.name, decoding.shown) == (name, shown)


def test_none_is_kept_apart_from_nothing_chosen():
    made = at(choice("top_k", None), choice("typical_p", None), choice("temperature", 0.1)).generation(Generation(top_k=7))
    assert (made.top_k, made.temperature, made.further) == (None, 0.1, (("top_k", None), ("typical_p", None)))


def test_words_are_added_to_the_usual_ones():
    rows = (choice("stop-words", ("\nYou:",)), choice("banned-words", ("delve",)), choice("word-weights", (("ocean", 2.0),)))
    made = at(*rows).generation(USUAL)
    assert (made.stop, made.banned, made.weighted, made.further) == (("Q:", "\nYou:"), ("delve",), (("ocean", 2.0),), ())
    assert hash(made) == hash(made)


def test_the_prompt_and_the_length_of_the_answer_make_the_system_prompt():
    choices = at(choice("prompt", "You are a poet."), choice("answer-length", "long"))
    assert choices.context("You are Ada.", "Hi") == "You are a poet.\n\nAnswer in detail and completely; take the room you need."
    assert at().context("You are Ada.", "Hi") == "You are Ada."
    assert choices.answering(USUAL, "Hi").max_new_tokens == 1024


def test_an_unknown_option_is_refused():
    with pytest.raises(CommandRefused, match="Did you mean `lurk`"):
        at()["lurks"]
