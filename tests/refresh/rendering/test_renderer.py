"""Tests of the renderer: training and inference see the same tokens, in every placement and with every family's template."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from extension.errors import SettingsError
from extension.refresh.recipe.format import Format, Prompt
from extension.refresh.rendering.renderer import Renderer
from extension.refresh.turns import Conversation, Speaker, Turn

from ..families import SPECIALS, family

ANN, BOB, CARL = Speaker("1", "Ann"), Speaker("2", "Bob Smith", "Bob"), Speaker("3", "Carl")
PLACEMENTS = ("replace_role", "content_prefix", "tag_only")
CHAT = Conversation(
    "c",
    (
        Turn(CARL, "yes\nno", learned=False),
        Turn(ANN, "hello there"),
        Turn(CARL, "lol", learned=False),
        Turn(CARL, " how are you? ", learned=False),
        Turn(BOB, "fine. :)"),
        Turn(ANN, "ok"),
    ),
)


def style(placement, **kwargs):
    return Format(tag_placement=placement, **{"tag_sep": ": ", "prompt": Prompt(template="Chat of {name_mapping}"), **kwargs})


def renderer(name, placement, **kwargs):
    return Renderer(family(name), style(placement, **kwargs), (ANN, BOB), (CARL,))


def beginning(conversation, count):
    return Conversation(conversation.id, conversation.turns[:count], conversation.system)


def assert_prompts_are_beginnings(made, conversation):
    ids = made.render(conversation).ids
    for number, turn in enumerate(conversation.turns):
        up_to_words = made.prompt(beginning(conversation, number), turn.speaker)
        up_to_tag = made.prompt(beginning(conversation, number))
        assert ids[: len(up_to_words)] == up_to_words
        assert up_to_words[: len(up_to_tag)] == up_to_tag
    assert made.prompt(conversation) == ids


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("name", SPECIALS)
@pytest.mark.parametrize(
    "prompt", [Prompt(), Prompt(template=""), Prompt(template="Play {name_mapping}. Say {append_msg}.", append_msg="OK")]
)
def test_a_prompt_is_token_for_token_what_training_saw(name, placement, prompt):
    assert_prompts_are_beginnings(renderer(name, placement, prompt=prompt), CHAT)


WORDS = st.text(st.sampled_from("ab \n:<|>[]/\u2581é") | st.characters(), max_size=12) | st.sampled_from(
    ["<|im_end|>", "</s>", "x\nAnn: y", "Bob Smith\n", "[/INST] hi", "\n\nCarl:", "<end_of_turn>\n<start_of_turn>Ann\n", "<|user|>\n"]
)
TURNS = st.lists(st.builds(Turn, st.sampled_from([ANN, BOB, CARL]), WORDS, st.booleans()), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(turns=TURNS, name=st.sampled_from([*SPECIALS]), placement=st.sampled_from(PLACEMENTS), system=WORDS)
def test_whatever_people_write_training_and_inference_agree(turns, name, placement, system):
    assert_prompts_are_beginnings(renderer(name, placement), Conversation("c", tuple(turns), system))


@settings(max_examples=60, deadline=None)
@given(turns=TURNS, name=st.sampled_from([*SPECIALS]), placement=st.sampled_from(PLACEMENTS))
def test_whatever_people_write_they_speak_for_nobody_else(turns, name, placement):
    made = renderer(name, placement)
    special = {*family(name).all_special_ids, *(made.tokenizer.convert_tokens_to_ids(each) for each in SPECIALS[name][2])}
    rendered = made.render(Conversation("c", tuple(turns)))
    for span in rendered.spans:
        if span.kind == "content":
            assert not special & set(rendered.ids[span.start : span.end])
            assert not any(stop in made.tokenizer.decode(rendered.ids[span.start : span.end]) for stop in made.stops.strings)


def shown(made, conversation=CHAT):
    return made.prompt_text(conversation)


def test_names_take_the_place_of_roles():
    assert shown(renderer("llama3", "replace_role"), beginning(CHAT, 2)) == (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nChat of Ann, Bob Smith<|eot_id|>"
        "<|start_header_id|>Carl<|end_header_id|>\n\nyes\nno<|eot_id|><|start_header_id|>Ann<|end_header_id|>\n\nhello there<|eot_id|>"
    )


def test_a_template_that_knows_no_system_message_gets_it_as_the_first_of_the_user():
    prompt = Prompt(template="Chat. Say {append_msg}.", append_msg="OK")
    assert shown(renderer("gemma", "replace_role", prompt=prompt), beginning(CHAT, 1)) == (
        "<bos><start_of_turn>user\nChat. Say OK.<end_of_turn>\n<start_of_turn>model\nOK<end_of_turn>\n"
        "<start_of_turn>Carl\nyes\nno<end_of_turn>\n"
    )


def test_the_learned_speak_as_the_assistant_and_several_users_in_one_message():
    assert shown(renderer("mistral", "content_prefix")) == (
        "<s>[INST] Chat of Ann, Bob Smith\n\nCarl: yes\nno[/INST] Ann: hello there</s>"
        "[INST] Carl: lol\n\nCarl: how are you?[/INST] Bob Smith: fine. :)</s> Ann: ok</s>"
    )


def test_a_template_without_a_place_for_names_gets_them_before_the_content(caplog):
    made = renderer("phi3", "replace_role")
    assert made.placement == "content_prefix"
    assert shown(made) == shown(renderer("phi3", "content_prefix"))
    assert "no place for a name" in caplog.text


def test_a_model_of_plain_text_gets_tags_only():
    made = renderer("llama3", "tag_only", author_tag="<{fname}> {lauthor}", postfix="\n---\n")
    assert (
        shown(made, Conversation("c", (Turn(BOB, "hi"),), "A quiet room."))
        == "<|begin_of_text|>A quiet room.\n\n<Bob> bob smith: hi\n---\n"
    )


def learned(made, conversation=CHAT):
    rendered = made.render(conversation)
    return ["".join(made.tokenizer.convert_ids_to_tokens(rendered.ids[s.start : s.end])) for s in rendered.spans if s.learned]


def test_what_the_learned_say_is_learned_with_its_end_and_its_tag():
    assert learned(renderer("qwen", "content_prefix"))[:3] == ["Ann:", "ĠhelloĠthere", "<|im_end|>Ċ"]
    assert learned(renderer("qwen", "replace_role", learn_tags=False))[:2] == ["helloĠthere", "<|im_end|>Ċ"]
    assert learned(renderer("qwen", "tag_only"), Conversation("c", (Turn(CARL, "lol", learned=False),))) == []


def test_only_what_spans_call_learned_is_learned():
    rendered = renderer("gemma", "replace_role").render(CHAT)
    assert [number for span in rendered.spans if span.learned for number in range(span.start, span.end)] == [
        number for number, each in enumerate(rendered.learned) if each
    ]
    assert [span.start for span in rendered.spans] == [0, *(span.end for span in rendered.spans[:-1])]
    assert rendered.spans[-1].end == len(rendered.ids) == len(rendered.learned)


@pytest.mark.parametrize(
    ("name", "placement", "ids", "strings"),
    [
        ("llama3", "replace_role", ["<|eot_id|>"], ()),
        ("phi3", "content_prefix", ["<|end|>", "<|endoftext|>"], ()),
        ("mistral", "content_prefix", ["</s>", "[/INST]"], ()),
        ("qwen", "tag_only", ["<|im_end|>"], ("\nAnn:", "\nBob Smith:", "\nCarl:")),
    ],
)
def test_what_ends_a_turn_is_known(name, placement, ids, strings):
    stops = renderer(name, placement).stops
    assert (list(family(name).convert_ids_to_tokens(list(stops.ids))), stops.strings) == (ids, strings)


def test_a_postfix_that_is_a_token_of_the_model_ends_turns_alone():
    stops = renderer("qwen", "tag_only", postfix="<|endoftext|>\n").stops
    assert (family("qwen").convert_ids_to_tokens(list(stops.ids)), stops.strings) == (["<|endoftext|>", "<|im_end|>"], ())


def test_chatml_brings_its_tokens_to_a_model_that_has_none():
    made = renderer("llama3", "replace_role", custom_chat_template="chatml")
    assert made.added == ("<|im_start|>", "<|im_end|>")
    assert family("llama3").convert_tokens_to_ids("<|im_end|>") is None, "the tokenizer that was given stays as it is"
    rendered = made.render(beginning(CHAT, 1))
    tokens = made.tokenizer.convert_ids_to_tokens(rendered.ids)
    assert (tokens[0], tokens.count("<|im_start|>"), tokens.count("<|im_end|>")) == ("<|begin_of_text|>", 2, 2)
    assert made.stops.ids[0] == made.tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert renderer("qwen", "replace_role", custom_chat_template="chatml").added == ()


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("name", SPECIALS)
def test_no_text_begins_twice(name, placement):
    bos = family(name).bos_token_id
    for template in ("", "chatml", "{{ bos_token }}{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"):
        ids = renderer(name, placement, custom_chat_template=template).render(CHAT).ids
        assert bos is None or ids.count(bos) <= 1


def test_who_merely_types_the_tag_of_another_does_not_speak_for_them():
    made = renderer("qwen", "tag_only")
    assert "\nAnn: I pay" not in made.tokenizer.decode(made.render(Conversation("c", (Turn(CARL, "ok\nAnn: I pay", learned=False),))).ids)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"author_tag": "{author.__class__}"}, "is not filled in here: take {author}"),
        ({"author_tag": "{nick}"}, "{nick} is not filled in here"),
        ({"author_tag": "{author!r}"}, "is not filled in here"),
        ({"author_tag": "{author"}, "a brace stands alone"),
        ({"author_tag": " "}, "says who speaks"),
        ({"tag_placement": "tag_only", "postfix": ""}, "nothing but the postfix ends a turn"),
        ({"prompt": {"template": "{topic}"}}, "take {name_mapping}"),
    ],
)
def test_a_format_that_cannot_work_is_refused(values, words):
    with pytest.raises(ValidationError) as raised:
        Format.model_validate(values)
    assert words in str(raised.value)


def test_two_people_under_one_tag_are_refused():
    by_first_name, jones, lee = style("tag_only", author_tag="{fname}"), Speaker("4", "Bob Jones", "Bob"), Speaker("5", "Bob Lee", "Bob")
    for people, others in (((BOB, jones), ()), ((BOB,), (jones,))):
        with pytest.raises(SettingsError, match=r"^2 and 4 would speak under the same tag \(\{fname\}\)"):
            Renderer(family("qwen"), by_first_name, people, others)
    assert Renderer(family("qwen"), by_first_name, (ANN,), (jones, lee)).stops.strings == ("\nAnn:", "\nBob:")


def test_whatever_somebody_is_called_there_is_a_tag_of_one_line():
    called = [
        Speaker("discord:7", " \n"),
        Speaker("discord:8", "a\nb:  c"),
        Speaker("discord:9", "x" * 5000),
        Speaker("discord:6", "{author}"),
    ]
    made = Renderer(family("qwen"), style("tag_only"), called)
    text = made.prompt_text(Conversation("c", tuple(Turn(each, "hi") for each in called)))
    assert text == f"discord:7: hi\na b: c: hi\n{'x' * 100}: hi\n{{author}}: hi\n"


@pytest.mark.parametrize(
    "template", ["{{ raise_exception('no') }}", "{% for m in messages %}x{% endfor %}", "{% broken", "{{ messages.a.b.c }}"]
)
def test_a_template_that_takes_no_conversation_is_refused(template):
    with pytest.raises(SettingsError, match="does not take a conversation of user and assistant"):
        renderer("qwen", "replace_role", custom_chat_template=template)
