"""A companion's card: its parts, the prompt made of them, what others keep in the file, and what a hostile file comes to."""

from __future__ import annotations

from itertools import pairwise

import pytest

from extension.characters import BASE_PROMPTS, Expert, parsed
from extension.errors import SettingsError
from extension.messages import Attention, Generation

WREN = """\
name: Wren
greeting: Hello.
context: '{{char}} talks to {{user}}.'
your_name: Bob
familiar:
  expertise: |-
    Birds.

    - and nests
  base_prompt: brief
  scope: place
  mood: sunny
  preset:
    temperature: 0.2
    top_k: 5
    stop:
    - 'Q:'
    min_p: 0.1
"""


def test_the_prompt_is_the_own_words_then_the_expertise_then_the_base_prompt():
    found = parsed(WREN, "x").character("Wren")
    assert found.context == f"Wren talks to the person you talk to.\n\nBirds.\n\n- and nests\n\n{BASE_PROMPTS['brief']}"
    assert found.greeting == "Hello."


def test_a_base_prompt_may_be_a_sentence_of_ones_own():
    assert parsed("familiar: {base_prompt: Answer in rhymes.}", "x").character("Wren").context == "You are Wren.\n\nAnswer in rhymes."


def test_what_is_not_known_is_kept_when_the_file_is_written_and_named():
    card = parsed(WREN, "x")
    assert card.written() == WREN
    assert [warning.split("`")[1] for warning in card.warnings] == ["familiar.mood", "familiar.preset.min_p"]


def test_written_for_the_webui_it_holds_the_whole_prompt_and_reads_as_the_same_card():
    card = parsed(WREN, "x")
    whole = card.written(whole=True)
    assert f"  {{{{char}}}} talks to {{{{user}}}}.\n\n  Birds.\n\n  - and nests\n\n  {BASE_PROMPTS['brief']}\n" in whole
    again = parsed(whole, "x")
    assert again == card
    assert (again.written(), again.written(whole=True)) == (WREN, whole)


def test_a_context_of_the_webui_that_was_changed_by_hand_counts():
    whole = parsed(WREN, "x").written(whole=True).replace("talks to {{user}}", "shouts", 1)
    card = parsed(whole, "x")
    assert card.prompt.startswith("{{char}} shouts.\n\nBirds.")
    assert card.prompt.count("Birds.") == 1
    assert "changed by hand" in card.warnings[-1]
    assert card.expert.scope == "place"


def test_what_an_expert_does_not_say_is_as_the_person_chose():
    expert = parsed(WREN, "x").expert
    usual = Generation(max_new_tokens=9, temperature=0.7, top_p=0.5, stop=("end",))
    assert expert.generation(usual) == Generation(max_new_tokens=9, temperature=0.2, top_p=0.5, top_k=5, stop=("end", "Q:"))
    assert Expert().generation(usual) == usual
    assert expert.attention(Attention(budget=5)) == Attention(budget=5, scope="place")
    assert Expert(shelf="Ada").attention(Attention(scope="person")) == Attention(scope="person", shelf="Ada")


@pytest.mark.parametrize(
    ("part", "why"),
    [
        ("text", "`familiar` should be a mapping"),
        ("[1]", "`familiar` should be a mapping"),
        ("{scope: all}", "`familiar.scope`: it is one of place, companion, person."),
        ("{base_prompt: techer}", "Did you mean `teacher`?"),
        ("{context: [1]}", "`familiar.context`: it should be a text."),
        ("{expertise: 5}", "`familiar.expertise`: input should be a valid string."),
        ("{shelf: [Ada]}", "`familiar.shelf`"),
        ("{preset: warm}", "`familiar.preset`"),
        ("{preset: {temperature: 9}}", "`familiar.preset.temperature`: input should be less than or equal to 5."),
        ("{preset: {temperature: '0.5'}}", "`familiar.preset.temperature`: input should be a valid number."),
        ("{preset: {temperature: .nan}}", "`familiar.preset.temperature`"),
        ("{preset: {max_new_tokens: 0}}", "`familiar.preset.max_new_tokens`"),
        ("{preset: {top_k: true}}", "`familiar.preset.top_k`"),
        ("{preset: {stop: ['']}}", "each text is 1 to 200 characters long"),
        (f"{{expertise: {'x' * 50_001}}}", "`familiar.expertise`"),
    ],
)
def test_a_value_that_makes_no_sense_is_named_with_what_it_may_be(part, why):
    with pytest.raises(SettingsError) as caught:
        parsed(f"familiar: {part}\n", "Wren.yaml")
    assert str(caught.value).startswith("The companion in Wren.yaml ")
    assert why in str(caught.value)
    assert len(str(caught.value)) < 400


NINE = [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in pairwise("abcdefghij")]
BOMB = "\n".join(["a: &a [x, x, x, x, x, x, x, x, x]", *NINE])
"""A file of ten lines that stands for 3.5 billion letters."""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BOMB, "an alias"),
        ("context: !!python/object/apply:os.system [exit]", "a tag"),
        ("context: !!int ''", "a tag"),
        ("familiar: " + "[" * 100_000, "nested too deeply"),
        ("{" * 100_000, "nested too deeply"),
        ("familiar: {mood: [" + "1," * 100_000 + "]}", "more than 5000 keys and values"),
        ("context: \x01", "characters that YAML does not take"),
        ("? [a]\n: b", "line 1"),
        ("context: 'never ended\n", "line 2"),
        ("context: " + "x" * 300_000, "is larger than 256 kB"),
    ],
)
def test_a_hostile_file_is_refused_and_not_quoted(text, why):
    with pytest.raises(SettingsError, match=why) as caught:
        parsed(text, "Wren.yaml")
    assert "os.system" not in str(caught.value) and "xxx" not in str(caught.value)


def test_words_that_other_readers_of_yaml_would_turn_into_something_else_stay_words():
    card = parsed("greeting: 2026-13-45\ncontext: yes\nother: 1:1:1:1\nnumber: " + "1" * 5000, "x")
    assert (card.greeting, card.context, card.others["other"], len(card.others["number"])) == ("2026-13-45", "yes", "1:1:1:1", 5000)


def test_half_a_character_and_a_nul_do_not_reach_the_model():
    assert parsed('context: "a\\ud800b\\0c"', "x").context == "a?bc"
    with pytest.raises(SettingsError, match=r"`familiar\.expertise`"):
        parsed('familiar: {expertise: "\\ud800"}', "x")
