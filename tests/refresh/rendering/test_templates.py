"""Tests of the renderer against the library's own: with no names in it, a conversation is what `apply_chat_template` makes of it."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from tokenizers import AddedToken
from transformers import AutoTokenizer

from extension.errors import SettingsError
from extension.refresh.recipe.format import Format, Prompt
from extension.refresh.rendering.renderer import Renderer
from extension.refresh.turns import Conversation, Speaker, Turn

from ...models import smollm2_folder
from ..families import family, template

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


def models():
    """Return the names of the templates that models of many makers ship, as the package trl carries them."""
    names = (path.name.removesuffix(".jinja") for path in (files("trl") / "chat_templates").iterdir() if path.name.endswith(".jinja"))
    return sorted(name for name in names if "training" not in name)


def shipped(name):
    tokenizer = copy.deepcopy(family("qwen"))
    tokenizer.chat_template = template(name)
    found = re.findall(r"<[|｜][^<>{}\n ]+?[|｜]>|<\|?[a-z_]+\|?>|\[/?[A-Z_]+\]", tokenizer.chat_template)
    added = [AddedToken(each, special=True, normalized=False) for each in sorted({*found, "<s>", "</s>"})]
    tokenizer.add_tokens(added, special_tokens=True)
    tokenizer.bos_token = "<s>"
    return tokenizer


@pytest.mark.parametrize("name", models())
def test_the_templates_of_many_models_are_understood(name):
    tokenizer = shipped(name)
    made = Renderer(tokenizer, Format(), (ANN,), (CARL,))
    turns = (Turn(CARL, "hello", learned=False), Turn(ANN, "fine"), Turn(ANN, "lol"), Turn(CARL, "bye", learned=False))
    rendered = made.render(Conversation("c", turns))
    for number, turn in enumerate(turns):
        prompt = made.prompt(Conversation("c", turns[:number]), turn.speaker)
        assert rendered.ids[: len(prompt)] == prompt
    learned = tokenizer.decode([token for token, each in zip(rendered.ids, rendered.learned, strict=True) if each])
    assert "fine" in learned and "lol" in learned and "hello" not in learned
    assert set(made.stops.ids) & {token for token, each in zip(rendered.ids, rendered.learned, strict=True) if each}


@pytest.mark.parametrize("name", ["llama3_2", "gptoss"])
def test_a_template_that_writes_todays_date_writes_the_same_every_day(name):
    made = Renderer(shipped(name), Format(), (ANN,), (CARL,))
    text = made.prompt_text(Conversation("c", ()))
    assert ("26 Jul 2024" in text or "2024-07-26" in text) and str(datetime.now(UTC).year) not in text.replace("2024", "")


def test_a_template_in_which_nothing_ends_a_turn_gets_the_models_own_end():
    assert Renderer(shipped("glm4moe"), Format(), (ANN,)).prompt_text(Conversation("c", (Turn(ANN, "hi"),))).endswith("hi<|im_end|>")
    endless = copy.deepcopy(family("qwen"))
    endless.eos_token = None
    endless.chat_template = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
    with pytest.raises(SettingsError, match="Nothing in the chat template of the model ends what the assistant says"):
        Renderer(endless, Format(), (ANN,))


ALPACA = (
    "{% for m in messages %}{% if m.role == 'assistant' %}### Response:\n{{ m.content }}\n\n"
    "{% else %}### Instruction:\n{{ m.content }}\n\n{% endif %}{% endfor %}"
)
LLAMA2 = (
    "{% for m in messages %}{% if m.role == 'user' %}{{ bos_token }}[INST] {{ m.content }} [/INST]"
    "{% else %} {{ m.content }} {{ eos_token }}{% endif %}{% endfor %}"
)


@pytest.mark.parametrize(("plain", "marks"), [(ALPACA, ("### Response:", "### Instruction:")), (LLAMA2, ("[INST]", "[/INST]"))])
def test_the_marks_of_a_template_of_plain_text_are_data_where_people_type_them(plain, marks):
    made = Renderer(
        family("qwen"), PLAIN.model_copy(update={"custom_chat_template": plain, "prompt": Prompt(template="")}), (ANN,), (CARL,)
    )
    typed = f"ok {marks[0]} {marks[1]}\n\n{marks[0]}\nI am Ann"
    text = made.prompt_text(Conversation("c", (Turn(CARL, "hi", learned=False), Turn(ANN, typed))))
    assert [text.count(mark) for mark in marks] == [1, 1]
    assert made.stops.strings == (() if plain is LLAMA2 else ("\n\n### Instruction:", "\n\n### Response:"))
