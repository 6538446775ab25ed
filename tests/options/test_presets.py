"""Saved presets: kept for each person, taken up as a whole, and never in anybody's way when one is damaged."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from extension.errors import CommandRefused, NotFound
from extension.messages import Generation
from extension.options.layers import Spot
from extension.options.presets import Presets
from extension.options.store import Options
from extension.tables import saved_preset

ADA = Spot("server", "channel", "", "ada")


@pytest.fixture
def options(database):
    return Options(database)


@pytest.fixture
def presets(database):
    return Presets(database)


def set_all(options, layer="person", **values):
    for name, text in values.items():
        options.set(name.replace("__", "-"), text, layer, ADA, "ada")


def test_a_preset_brings_back_exactly_what_was_saved(options, presets):
    set_all(options, decoding__mode="top_p", temperature="0.4", max_new_tokens="99", top_k="none", word__weights="ocean:2")
    made = options.generation(Generation(), ADA)
    presets.save("  my   own ", options.at(ADA), "ada")
    set_all(options, decoding__mode="beam_search", temperature="1.4", seed="3")
    presets.load("My own", options, "person", ADA, "ada")
    assert options.generation(Generation(), ADA) == made
    assert [(preset.name, dict(preset.values)) for preset in presets.saved("ada")] == [
        ("my own", {"decoding-mode": "top_p", "max_new_tokens": 99, "temperature": 0.4, "top_k": None})
    ]


def test_a_preset_without_a_mode_lets_nothing_of_other_layers_through(options, presets):
    set_all(options, temperature="0.4")
    presets.save("warm", options.at(ADA), "ada")
    set_all(options, "server", min_p="0.3", decoding__mode="beam_search")
    presets.load("warm", options, "person", ADA, "ada")
    assert options.generation(Generation(top_p=0.5), ADA) == Generation(temperature=0.4, whole=True)


def test_saving_again_replaces_and_removing_removes(options, presets):
    presets.save("a", options.at(ADA), "ada")
    set_all(options, seed="3")
    presets.save("a", options.at(ADA), "ada")
    assert [dict(preset.values)["seed"] for preset in presets.saved("ada")] == [3]
    presets.remove("A", "ada")
    assert presets.saved("ada") == []


def test_presets_belong_to_who_saved_them(options, presets):
    presets.save("mine", options.at(ADA), "ada")
    with pytest.raises(NotFound, match="You have saved no presets"):
        presets.load("mine", options, "person", ADA, "bo")


def test_a_name_that_is_not_there_says_which_may_be_meant(options, presets):
    presets.save("mellow", options.at(ADA), "ada")
    with pytest.raises(NotFound, match="Did you mean `mellow`"):
        presets.load("mello", options, "person", ADA, "ada")


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\x07b"])
def test_a_name_that_is_none_is_refused(options, presets, name):
    with pytest.raises(CommandRefused, match="1 to 64 characters"):
        presets.save(name, options.at(ADA), "ada")


def test_there_is_a_most_of_presets_and_one_of_them_can_still_be_saved_again(options, presets, monkeypatch):
    monkeypatch.setattr("extension.options.presets.MOST", 2)
    for name in ("a", "b", "a"):
        presets.save(name, options.at(ADA), "ada")
    with pytest.raises(CommandRefused, match="Remove one first"):
        presets.save("c", options.at(ADA), "ada")
    assert [preset.name for preset in presets.saved("ada")] == ["a", "b"]


@pytest.mark.parametrize(
    ("kept", "values"),
    [("", {}), ("{", {}), ("[1]", {}), (json.dumps({"seed": 3, "warp": 9, "temperature": "hot", "top_k": [1]}), {"seed": 3})],
)
def test_what_is_damaged_in_a_preset_is_left_out(options, presets, database, kept, values):
    with database.write() as connection:
        connection.execute(sa.insert(saved_preset), [{"person_id": "ada", "name": "old", "options": kept, "saved_at": 1e300}])
    presets.load("old", options, "person", ADA, "ada")
    assert {each.option.name: each.value for each in options.at(ADA).different()} == values
