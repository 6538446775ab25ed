"""The real model: it learns three voices in a minute on a processor, and needs the memory that was foretold."""

from __future__ import annotations

import pytest

from bench.voices import lines
from extension.refresh.building import build
from extension.refresh.recipe.recipe import Recipe
from extension.refresh.rendering.loading import tokenizer
from extension.refresh.training import run, samples
from extension.refresh.training.adapter import check_adapter
from extension.refresh.training.estimate import needed
from extension.refresh.training.plan import kept_plan
from extension.refresh.training.shape import shape_of
from extension.refresh.turns import Conversation, Speaker, Turn
from tests.models import smollm2_folder

pytestmark = [pytest.mark.model, pytest.mark.slow]

RECIPE = {
    "dataset": {"chunk_size": 128, "name": "max_tokens", "eval_frac": 0.05},
    "training": {
        "batch_size": 1,
        "gradient_accumulation_steps": 1,
        "gradient_checkpointing": False,
        "max_steps": 8,
        "learning_rate": 2e-3,
        "warmup_steps": 0,
        "logging_steps": 1,
        "eval_steps": 100,
        "save_steps": 100,
        "max_grad_norm": 1.0,
    },
}


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A short training on three voices, in a process of its own."""
    model, place, recipe = smollm2_folder(), tmp_path_factory.mktemp("voices"), Recipe.model_validate(RECIPE)
    said = lines(3, 60)
    turns = tuple(Turn(Speaker(line.author, line.name), line.text, True, line.at, (line.id,)) for line in said)
    dataset = build([Conversation("discord:1", turns)], recipe, tokenizer(model), model.name)
    made = run.prepared(place, recipe, dataset, model, "voices")
    last = run.follow(made, run.start(made, processes=1), lambda now: None)
    assert last.state == "done", last.trouble
    return made


def test_the_voices_perplexity_falls_by_a_fifth_on_what_was_held_out(learned):
    before, after = (loss for _, loss in learned.log.losses("eval_loss"))
    assert 2.718281828**after < 0.8 * 2.718281828**before
    assert check_adapter(learned.adapter, smollm2_folder())["losses"]["eval_last"] == after


def test_its_memory_was_foretold_within_15_percent(learned):
    recipe, data = learned.recipe(), samples.read(learned.path / "dataset")
    share = samples.learned(data.train) / sum(data.train.lengths)
    foretold = needed(shape_of(smollm2_folder()), kept_plan(learned), recipe.lora, recipe.training.optimizer, share).total
    assert learned.progress().memory == pytest.approx(foretold, rel=0.15)
