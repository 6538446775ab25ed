"""Tests of the commands that let clones speak: for whom, what they show, and nobody who did not agree."""

from __future__ import annotations

import re

import pytest

from extension.commands.groups.every import COMMANDS
from extension.refresh.people import People
from extension.refresh.turns import Speaker
from tests.clones.conftest import trained
from tests.models import tiny_adapter, tiny_folder

VERA, MO = Speaker("vera", "Vera"), Speaker("mo", "Mo")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_folder(tmp_path_factory.mktemp("tiny") / "tiny-random-llama")


@pytest.fixture
def friends(app, say, tiny, tmp_path):
    """A run trained on Vera and Mo; only Vera has agreed."""
    say("vera", "Shall we row?")
    say("mo", "No wind today.")
    trained(app.settings.data_dir, tiny, tiny_adapter(tiny, tmp_path / "adapter"), (VERA, MO))
    People(app.memories.database, "me").change("vera", consent="given")
    return app


def text(answered):
    assert answered.good, answered.text
    return answered.text


def test_somebody_who_agreed_can_be_spoken_as_and_nobody_else(friends, give):
    assert re.match(r"Vera \(clone\): \S", text(give("vera", "--as vera")))
    assert text(give("vera", "--as Vera seed=perhaps")).startswith("Vera (clone): perhaps")
    refused = give("vera", "--as Mo")
    assert (refused.kind, refused.text.partition(".")[0]) == ("refused", "Mo has not agreed to be spoken as")
    assert text(give("mo", "--sayas Vera I am not here.")) == "Vera (clone): I am not here."
    assert give("mo", "--sayas Mo hi").kind == "refused"


def test_consent_that_is_taken_back_holds_at_once(friends, give):
    text(give("vera", "--as Vera"))
    People(friends.memories.database, "me").change("vera", consent="refused")
    assert give("vera", "--as Vera").kind == "refused"
    assert "Nobody friends was trained on has agreed" in give("mo", "--clone-banter 3").text


def test_several_versions_are_shown_side_by_side(friends, give):
    lines = text(give("mo", "--batch 3 Vera")).split("\nVera: ")
    assert len(lines) == 3
    assert give("mo", "--batch 2 everybody").good
    assert give("mo", "--batch 2 Vera, Mo").kind == "refused"
    assert give("mo", "--batch 2 Vera, Zed").text.startswith("friends cannot speak as 'Zed'")
    assert "At most 32 texts come at once" in give("mo", "--batch 10 Vera, Vera, Vera, Vera").text


def test_clones_banter_and_who_is_next_is_told(friends, give):
    assert text(give("mo", "--clone-banter 2")).startswith("Vera (clone): ")
    assert text(give("vera", "--next-speaker among=clones")) == "100%  Vera"
    assert give("vera", "--clone-banter 2").kind == "denied"


def test_a_text_is_put_into_somebodys_words(friends, give):
    assert text(give("vera", "--reword See you tomorrow voice=Vera"))
    assert give("vera", "--reword See you tomorrow voice=Mo").kind == "refused"


def test_without_a_trained_adapter_everything_is_as_before_and_says_what_is_missing(app, give):
    assert give("vera", "--as Nobody").text == "A companion answers here when something is said to it, and not otherwise."
    assert "There is no trained adapter yet" in give("mo", "--clone-banter 2").text


def test_names_are_offered_of_those_who_agreed(friends, scene, running):
    assert running.complete(COMMANDS.get("as"), "name", "v", scene("vera"), {}) == ["Vera"]
