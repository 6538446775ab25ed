"""Estimates: what a plan needs, what `auto` makes of machines, and what is advised where it does not fit."""

from __future__ import annotations

import pytest

from extension.errors import TrainingRefused
from extension.refresh.recipe.recipe import Recipe
from extension.refresh.training.estimate import advice, needed, work
from extension.refresh.training.machine import Machine
from extension.refresh.training.plan import Plan, plan
from extension.refresh.training.shape import Shape, shape_of

GB = 1_000_000_000
SEVEN = Shape(  # Mistral 7B
    parameters=7_241_732_096,
    embeddings=2 * 32_000 * 4096,
    linears=tuple(
        layer
        for _ in range(32)
        for layer in (
            ("q_proj", 4096, 4096),
            ("k_proj", 4096, 1024),
            ("v_proj", 4096, 1024),
            ("o_proj", 4096, 4096),
            ("gate_proj", 4096, 14336),
            ("up_proj", 4096, 14336),
            ("down_proj", 14336, 4096),
        )
    ),
    hidden=4096,
    inner=14336,
    layers=32,
    heads=32,
    keys=1024,
    vocabulary=32_000,
)


def card(gigabytes, *, bitsandbytes=True, **known):
    """Return a machine with a graphics card."""
    return Machine("cuda", "a card", int(gigabytes * GB), bitsandbytes=bitsandbytes, **known)


def of(**sections):
    return Recipe.model_validate(sections)


def test_the_shape_is_read_from_the_configuration(model):
    shape = shape_of(model)
    assert (shape.hidden, shape.inner, shape.layers, shape.heads, shape.keys) == (32, 64, 2, 4, 16)
    assert len(shape.linears) == 14
    assert shape.embeddings == shape.vocabulary * 32
    assert shape.adapted(8, "all-linear") == 2 * 8 * (64 + 48 + 48 + 64 + 96 + 96 + 96)
    assert shape.adapted(8, ("q_proj",)) == shape.adapted(8, "q_proj") == 2 * 8 * 64
    assert shape.adapted(8, ("q_proj",), dora=True) == 2 * (8 * 64 + 32)


def test_a_large_card_takes_the_weights_as_they_are_and_a_small_one_in_four_bits():
    large, small = (plan(Recipe(), SEVEN, card(gigabytes), [900, 2000]) for gigabytes in (80, 12))
    assert (large.quant, large.dtype, large.autocast, large.row) == ("bf16", "bfloat16", "bfloat16", 2048)
    assert (small.quant, small.checkpointing) == ("bnb4", True)
    assert large.batch * large.accumulation == small.batch * small.accumulation == 8
    assert large.batch >= small.batch


def test_an_old_card_computes_in_half_precision():
    assert plan(Recipe(), SEVEN, card(80, bf16=False), [100]).autocast == "float16"


def test_a_processor_takes_the_weights_in_full_and_short_rows():
    made = plan(Recipe(), SEVEN, Machine("cpu", "2 cores", 64 * GB), [100, 300])
    assert (made.quant, made.dtype, made.autocast, made.batch, made.accumulation, made.row) == ("fp32", "float32", "", 2, 4, 512)


def test_what_the_recipe_says_is_not_chosen_anew():
    asked = {"batch_size": 3, "gradient_accumulation_steps": 5, "gradient_checkpointing": True, "precision": "fp32", "packing": False}
    made = plan(of(training=asked, model={"quant_method": "bf16", "attn_implementation": "eager"}), SEVEN, card(1), [70, 50])
    assert (made.batch, made.accumulation, made.checkpointing, made.autocast, made.packing) == (3, 5, True, "", False)
    assert (made.quant, made.attention, made.row) == ("bf16", "eager", 70)


def test_several_cards_share_the_rows_of_a_step():
    made = plan(Recipe(), SEVEN, card(140), [100], processes=4)
    assert made.batch * made.accumulation * 4 >= 8 and made.processes == 4


@pytest.mark.parametrize(
    ("sections", "here", "words"),
    [
        ({"model": {"quant_method": "bnb4"}}, card(80, bitsandbytes=False), "it is not installed: pip install bitsandbytes"),
        ({"model": {"quant_method": "bnb8"}}, Machine("cpu", "2 cores", GB), r"this machine has none \(2 cores\)"),
        ({"training": {"precision": "fp16"}}, Machine("cpu", "2 cores", GB), "precision: fp16 needs a CUDA graphics card"),
    ],
)
def test_what_a_machine_cannot_do_is_said(sections, here, words):
    with pytest.raises(TrainingRefused, match=words):
        plan(of(**sections), SEVEN, here, [100])


def test_what_does_not_fit_is_told_with_what_would():
    recipe = of(model={"quant_method": "bf16"}, training={"batch_size": 1, "gradient_checkpointing": True})
    here = card(11)
    made = plan(recipe, SEVEN, here, [1000])
    memory = needed(SEVEN, made, recipe.lora, "adamw_torch")
    assert 15 * GB < memory.total < 20 * GB
    told = advice(SEVEN, made, recipe, here, memory, 1.0)
    assert told.startswith("It does not fit: needs 1") and "you have 11.0 GB. Use 4-bit (model.quant_method=bnb4), which needs " in told
    hopeless = advice(SEVEN, made, recipe, Machine("cuda", "x", GB), memory, 1.0)
    assert hopeless.endswith("nothing makes it fit. Choose a smaller model, or a machine with more memory.")
    assert advice(SEVEN, made, recipe, card(80), memory, 1.0).startswith("It fits: ")


def test_every_saving_saves():
    recipe = Recipe()
    full = Plan("cuda", "bf16", "bfloat16", "bfloat16", "sdpa", 4, 2, False, True, 2048)

    def total(**changed):
        from dataclasses import replace

        return needed(SEVEN, replace(full, **changed), recipe.lora, "adamw_torch").total

    assert total(checkpointing=True) < total() > total(batch=1) and total(quant="bnb4") < total(quant="bnb8") < total()
    assert needed(SEVEN, full, recipe.lora, "paged_adamw_8bit").adapter < needed(SEVEN, full, recipe.lora, "adamw_torch").adapter
    dora = recipe.lora.model_copy(update={"use_dora": True})
    assert needed(SEVEN, full, dora, "adamw_torch").total > total()


def test_work_is_twice_the_weights_there_and_twice_back():
    made = Plan("cuda", "bf16", "bfloat16", "", "sdpa", 1, 8, False, True, 512)
    blocks = SEVEN.parameters - SEVEN.embeddings
    assert work(SEVEN, made, 0.0) == pytest.approx(4 * blocks, rel=0.05)
    assert work(SEVEN, made, 1.0) - work(SEVEN, made, 0.0) == 4 * 32_000 * 4096
