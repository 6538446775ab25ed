"""The six decoding modes, with exactly the parameters they were promised with."""

from __future__ import annotations

import pytest

from extension.options.catalogue import find
from extension.options.decoding import PRESETS, USUAL


def test_the_modes_are_these():
    assert {name: dict(values) for name, values in PRESETS.items()} == {
        "greedy": {"do_sample": False},
        "beam_search": {"num_beams": 10, "early_stopping": True, "no_repeat_ngram_size": 2, "length_penalty": -0.1},
        "sampling": {"do_sample": True, "top_k": 0, "temperature": 0.6},
        "top_k": {"do_sample": True, "top_k": 50},
        "top_p": {"do_sample": True, "top_p": 0.92, "top_k": 0},
        "top_kp": {"do_sample": True, "top_k": 50, "top_p": 0.95},
    }
    assert USUAL == "top_kp"


@pytest.mark.parametrize("mode", PRESETS)
def test_every_value_of_a_mode_could_be_chosen_by_hand(mode):
    assert {name: find(name).checked(value) for name, value in PRESETS[mode].items()} == PRESETS[mode]
