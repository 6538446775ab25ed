"""Tests of the viewer: every token of a sample is shown, and nothing that people wrote can steer who looks at it."""

from __future__ import annotations

import re
from html import unescape

import pytest

from extension.refresh.recipe.format import Format, Prompt
from extension.refresh.rendering.renderer import Renderer, Span
from extension.refresh.rendering.viewer import coloured, html, plain, view
from extension.refresh.turns import Conversation, Speaker, Turn

from ..families import SPECIALS, family

ANN, CARL = Speaker("1", "<b>Ann"), Speaker("3", "Carl")
ROCKET = "go 🚀é!"
TURNS = (Turn(CARL, "hello <script>alert('x')</script>", learned=False), Turn(ANN, "yes\nno"))


def tokens(name="qwen", placement="replace_role"):
    style = Format(tag_placement=placement, prompt=Prompt(template=""))
    made = Renderer(family(name), style, (ANN,), (CARL,))
    conversation = Conversation("c", TURNS)
    rendered = made.render(conversation)
    return view(rendered.ids, rendered.learned, rendered.spans, TURNS, made.tokenizer), made.prompt_text(conversation)


def test_a_character_of_several_tokens_stands_at_the_last_of_them():
    tokenizer = family("qwen")
    ids = tokenizer(ROCKET, add_special_tokens=False)["input_ids"]
    span = Span(0, len(ids), "content", 0, True)
    shown = view(ids, [True] * len(ids), [span], [Turn(ANN, ROCKET)], tokenizer)
    assert "".join(token.text for token in shown) == ROCKET
    assert "▯|▯|▯|🚀|▯|é|!" in plain(shown)[0].replace(" ", "")


@pytest.mark.parametrize("name", SPECIALS)
def test_the_tokens_in_a_row_are_the_text(name):
    shown, text = tokens(name, "tag_only")
    if name == "phi3":  # its tokenizer puts a space before the first word after a special token
        text = text.replace("<s>Carl", "<s> Carl")
    assert "".join(token.text for token in shown).replace("\N{WORD JOINER}", "") == text.replace("\N{WORD JOINER}", "")


def test_what_is_learned_stands_out_as_html_and_nothing_steers_the_page():
    page = html(tokens()[0])
    assert "<script>" not in page and "<b>" not in page
    assert set(re.findall(r"<(/?\w+)", page)) == {"pre", "/pre", "span", "/span"}
    learned = re.findall(r'<span class="learned"[^>]*>(.*?)</span>', page, re.DOTALL)
    assert unescape("".join(learned)).replace("⏎\n", "\n").replace("⏎", "\n") == "<b>Ann\nyes\nno<|im_end|>\n"
    assert "· content · &lt;b&gt;Ann" in page


def test_plain_text_has_a_star_where_something_is_learned():
    lines = plain(tokens()[0])
    assert [line[:9] for line in lines if line.startswith("*")] == ["* tag    ", "* content", "* end    "]
    assert lines[-1] == "* end     <b>Ann       <|im_end|>|⏎"


def test_colours_are_for_what_is_learned_alone():
    text = coloured(tokens()[0])
    styled = {span.style for span in text.spans}
    assert {style for style in styled if "white on" in style} == {"white on #2779bd", "white on #2779bd underline"}
    assert "dim" in styled
