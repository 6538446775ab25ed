"""What the tests of training share: a tiny model, a dataset of a small group chat, and run folders of them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from extension.refresh.building import build
from extension.refresh.recipe.recipe import Recipe
from extension.refresh.training import base, run, script
from extension.refresh.turns import Conversation, Speaker, Turn
from tests.models import tiny_folder

QUICK = {
    "batch_size": 2,
    "gradient_accumulation_steps": 2,
    "max_steps": 8,
    "learning_rate": 0.01,
    "logging_steps": 1,
    "save_steps": 2,
    "eval_steps": 4,
    "warmup_steps": 0,
}
"""A training of a moment."""


def recipe_of(**sections):
    """Return a recipe that trains in a moment; `training={...}` and the other sections change it."""
    cut = {"chunk_size": 300, "eval_frac": 0.2, "hours_between_sessions": 1}
    given = {**sections, "training": QUICK | sections.get("training", {}), "dataset": cut | sections.get("dataset", {})}
    return Recipe.model_validate(given)


def chat(sessions=24, seed=3):
    """Return a chat of two people who say the same few words again and again; sessions are of different lengths."""
    draw = random.Random(seed)
    people = [Speaker("a:1", "Ann"), Speaker("a:2", "Bob")]
    turns = []
    for session in range(sessions):
        at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=session)
        for number in range(draw.randint(3, 9)):
            words = " ".join(draw.choices(["hello", "the tea", "is hot", "again"], k=draw.randint(1, 6)))
            turns.append(Turn(people[number % 2], words, number % 2 == 0, at + timedelta(minutes=number)))
    return Conversation("a:chat", tuple(turns))


def saved(folder, model, recipe, conversation=None):
    """Build a dataset for a model and return its folder."""
    from transformers import AutoTokenizer

    build([conversation or chat()], recipe, AutoTokenizer.from_pretrained(model), model.name).save(folder)
    return folder


@pytest.fixture(scope="session")
def model(tmp_path_factory) -> Path:
    """The folder of a llama with random weights."""
    return tiny_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def dataset(tmp_path_factory, model) -> Path:
    """The folder of a dataset for it."""
    return saved(tmp_path_factory.mktemp("sets") / "set", model, recipe_of())


@pytest.fixture
def prepared(tmp_path, model, dataset):
    """Make runs of that model and dataset."""

    def make(recipe=None, name="one", data=dataset, of=model):
        recipe = recipe or recipe_of()
        return run.prepared(tmp_path / "data", recipe, data, base.located(recipe.model.model_id, of), name)

    return make


@pytest.fixture(scope="session")
def trained(tmp_path_factory, model, dataset):
    """A run that is done, for tests that only look at it."""
    made = run.prepared(tmp_path_factory.mktemp("trained"), recipe_of(), dataset, model, "one")
    script.train(made)
    return made
