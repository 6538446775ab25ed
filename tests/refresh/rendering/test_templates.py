"""Tests of the renderer against the library's own: with no names in it, a conversation is what `apply_chat_template` makes of it."""

from __future__ import annotations

import pytest
from transformers import AutoTokenizer

from extension.refresh.recipe.format import Format, Prompt
from extension.refresh.rendering.renderer import Renderer
from extension.refresh.turns import Conversation, Speaker, Turn

from ...models import smollm2_folder
from ..families import family

ANN, CARL = Speaker("1", "Ann"), Speaker("3", "Carl")
WORDS = ("hello there", "fine. how are you?", "yes\nno", "lol :)")
PLAIN = Format(tag_placement="content_prefix", author_tag="", prompt=Prompt(template="The group chat."))


def ours(tokenizer, system=PLAIN):
    turns = tuple(Turn((CARL, ANN)[number % 2], words, learned=number % 2 == 1) for number, words in enumerate(WORDS))
    return Renderer(tokenizer, system, (ANN,), (CARL,)).render(Conversation("c", turns)).ids


def theirs(tokenizer, system="The group chat."):
    rows = [{"role": ("user", "assistant")[number % 2], "content": words} for number, words in enumerate(WORDS)]
    rows = [{"role": "system", "content": system}, *rows] if system else rows
    return tokenizer.apply_chat_template(rows, tokenize=True, return_dict=False)


@pytest.mark.parametrize("name", ["llama3", "qwen"])
def test_roles_without_names_are_tokens_as_the_library_has_them(name):
    assert ours(family(name)) == theirs(family(name))


def test_after_the_last_turn_there_is_no_end_of_the_text_since_a_chat_goes_on():
    phi3 = family("phi3")
    assert [*ours(phi3), phi3.eos_token_id] == theirs(phi3)


@pytest.mark.parametrize("name", ["mistral", "gemma"])
def test_without_a_system_prompt_they_are_so_in_templates_that_know_none(name):
    assert ours(family(name), PLAIN.model_copy(update={"prompt": Prompt(template="")})) == theirs(family(name), "")


def test_a_template_that_moves_the_system_prompt_on_as_the_chat_grows_is_not_followed_there():
    mistral = family("mistral")
    rows = [{"role": role, "content": role[0]} for role in ("system", "user", "assistant", "user")]
    assert mistral.apply_chat_template(rows, tokenize=False) == "<s>[INST] u[/INST] a</s>[INST] s\n\nu[/INST]"
    assert mistral.decode(ours(mistral)).startswith("<s>[INST] The group chat.\n\nhello there[/INST] fine.")


@pytest.mark.model
@pytest.mark.parametrize("template", ["The group chat.", ""])
def test_smollm2_reads_what_its_own_template_writes(template):
    tokenizer = AutoTokenizer.from_pretrained(smollm2_folder())
    made = ours(tokenizer, PLAIN.model_copy(update={"prompt": Prompt(template=template)}))
    assert made == theirs(tokenizer, template)
