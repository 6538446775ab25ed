"""Tests of the numbers of a dataset, of the dataset of a database, and of the renderer it was made with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from extension.errors import SettingsError
from extension.refresh.building import build, renderer_of
from extension.refresh.statistics import statistics

from .families import family
from .test_dataset import chat, recipe


def test_the_numbers_are_those_of_the_samples():
    made = build([chat()], recipe(), family("qwen"), "tiny")
    found = statistics(made)
    assert (found.chats, found.messages, found.turns, found.samples, found.eval_samples) == (1, 40, 40, 9, 1)
    assert [(voice.id, voice.turns) for voice in found.people] == [("discord:1", 18), ("discord:3", 18)]
    ann, carl = found.people
    assert (ann.learned_tokens, carl.learned_tokens) == (found.learned_tokens, 0)
    assert sum(count for _, count in found.lengths) == 9
    assert found.longest == max(made.train.lengths) <= found.packing.row
    assert found.packing.rows == 9 and found.packing.filled == round(found.tokens / (9 * found.longest), 4)


def test_a_dataset_of_nothing_has_numbers_too():
    found = statistics(build([], recipe(), family("qwen"), "tiny"))
    assert (found.samples, found.longest, found.packing, found.lengths) == (0, 0, None, ())


@pytest.mark.parametrize("template", ["", "chatml"])
def test_who_speaks_later_renders_as_the_dataset_was(template):
    given = recipe().model_copy(update={"format": recipe().format.model_copy(update={"custom_chat_template": template})})
    made = build([chat()], given, family("llama3"), "tiny")
    again = renderer_of(made.manifest, family("llama3"))
    assert again.added == made.manifest.added == (("<|im_start|>", "<|im_end|>") if template else ())
    entry = made.entries[0]
    assert again.render(entry.conversation).ids == made.train.sample(0)[0]
    unlearned = replace(entry.conversation, turns=tuple(replace(turn, learned=False) for turn in entry.conversation.turns))
    assert again.render(unlearned).ids == made.train.sample(0)[0]


def test_the_tokenizer_of_another_model_is_refused():
    made = build([chat()], recipe(), family("llama3"), "tiny")
    with pytest.raises(SettingsError, match="was made for the tokenizer of tiny"):
        renderer_of(made.manifest, family("qwen"))
