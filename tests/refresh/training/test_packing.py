"""Packing: no sample is cut or lost, none sees another, and the loss is taken on what is learned alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from extension.refresh.training import attention
from extension.refresh.training.learning import loss_of
from extension.refresh.training.packing import MASKED, Collator, labels, packed

SAMPLES = ([5, 6, 7, 8, 9], [20, 21, 22], [30, 31, 32, 33, 34, 35, 36])


def row(*samples, learned=None):
    """Return samples as one row, all of them learned unless said otherwise."""
    wanted = learned or [[True] * len(each) for each in samples]
    return {
        "input_ids": [token for each in samples for token in each],
        "labels": [label for each, flags in zip(samples, wanted, strict=True) for label in labels(each, flags)],
        "seq_lengths": [len(each) for each in samples],
    }


@pytest.fixture(scope="module", params=["sdpa", "eager"])
def llama(request):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=64, attn_implementation=request.param, **sizes)).eval()


def test_each_sample_goes_into_the_fullest_row_that_takes_it():
    assert packed([7, 5, 3, 2, 4], 10) == [[0, 2], [1, 4], [3]]
    assert packed([6, 4, 5, 3, 2], 10) == [[0, 1], [2, 3, 4]]


def test_one_that_is_too_long_has_a_row_of_its_own():
    assert packed([30, 4, 4], 10) == [[0], [1, 2]]


def test_nothing_makes_no_rows():
    assert packed([], 10) == []


@given(some.lists(some.integers(1, 60), max_size=80), some.integers(1, 50))
def test_no_sample_is_lost_doubled_or_squeezed_in(lengths, capacity):
    rows = packed(lengths, capacity)
    assert sorted(sample for each in rows for sample in each) == list(range(len(lengths)))
    assert all(sum(lengths[sample] for sample in each) <= capacity or len(each) == 1 for each in rows)


def test_the_first_token_of_a_sample_is_never_guessed():
    assert labels([1, 2, 3, 4], [True, True, False, True]) == [MASKED, 2, MASKED, 4]


def test_rows_become_a_batch_whose_padding_is_a_sample_of_its_own():
    made = Collator(padding=0)
    batch = made([row([1, 2], [3, 4, 5]), row([6, 7, 8])])
    assert batch["input_ids"].tolist() == [[1, 2, 3, 4, 5], [6, 7, 8, 0, 0]]
    assert batch["labels"].tolist() == [[MASKED, 2, MASKED, 4, 5], [MASKED, 7, 8, MASKED, MASKED]]
    assert batch["position_ids"].tolist() == [[0, 1, 0, 1, 2], [0, 1, 2, 0, 1]]
    assert (made.tokens, made.learned) == (8, 5)


def test_the_logits_of_a_packed_sample_are_those_of_the_sample_alone(llama):
    import torch

    batch = Collator(padding=0)([row(SAMPLES[0], SAMPLES[1]), row(SAMPLES[2])])
    with torch.no_grad():
        together = llama(input_ids=batch["input_ids"], position_ids=batch["position_ids"], use_cache=False).logits
        alone = [llama(input_ids=torch.tensor([each])).logits[0] for each in SAMPLES]
    torch.testing.assert_close(together[0, :5], alone[0])
    torch.testing.assert_close(together[0, 5:8], alone[1])
    torch.testing.assert_close(together[1, :7], alone[2])


def test_on_a_processor_samples_attend_by_themselves_to_the_same_logits_and_gradients(llama):
    """trl's collator lays the rows of a batch behind each other and says where samples begin."""
    import copy

    import torch
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    ours = copy.deepcopy(llama)
    attention.put_on(ours)
    batch = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)([row(SAMPLES[0], SAMPLES[1]), row(SAMPLES[2])])
    assert batch["cu_seq_lens_q"].tolist() == [0, 5, 8, 15]
    losses = [loss_of(ours, dict(batch)), loss_of(llama, Collator(padding=0)([row(SAMPLES[0], SAMPLES[1]), row(SAMPLES[2])]))]
    torch.testing.assert_close(*(loss.detach() for loss in losses))
    for loss in losses:
        loss.backward()
    torch.testing.assert_close(*(each.model.layers[0].self_attn.k_proj.weight.grad for each in (ours, llama)))
    llama.zero_grad()
    with torch.no_grad():
        together = ours(**{name: value for name, value in batch.items() if name != "labels"}, use_cache=False).logits[0]
        alone = [llama(input_ids=torch.tensor([each])).logits[0] for each in SAMPLES]
    torch.testing.assert_close(together, torch.cat(alone))


def test_packed_without_positions_of_its_own_a_sample_would_see_the_one_before(llama):
    import torch

    with torch.no_grad():
        leaking = llama(input_ids=torch.tensor([SAMPLES[0] + SAMPLES[1]])).logits[0, 5:]
        alone = llama(input_ids=torch.tensor([SAMPLES[1]])).logits[0]
    assert not torch.allclose(leaking, alone, atol=1e-3)


def test_the_loss_is_the_mean_over_the_learned_tokens_alone(llama):
    import torch

    learned = [[False, True, False, True, True], [True, True, False]]
    batch = Collator(padding=0)([row(SAMPLES[0], SAMPLES[1], learned=learned), row(SAMPLES[2], learned=[[False] * 7])])
    with torch.no_grad():
        loss = float(loss_of(llama, batch))
        each = [torch.log_softmax(llama(input_ids=torch.tensor([ids])).logits[0], -1) for ids in SAMPLES[:2]]
    wanted = [(0, 1), (0, 3), (0, 4), (1, 1)]
    expected = -sum(float(each[sample][place - 1, SAMPLES[sample][place]]) for sample, place in wanted) / len(wanted)
    assert loss == pytest.approx(expected, rel=1e-5)


def test_a_batch_without_a_learned_token_has_a_loss_of_nought(llama):
    batch = Collator(padding=0)([row(SAMPLES[0], learned=[[False] * 5])])
    loss = loss_of(llama, batch)
    loss.backward()
    assert loss.item() == 0.0
