"""Tests of the encoder: segments are cut as they would be within the whole text, and kept only so long."""

from __future__ import annotations

import pytest

from extension.refresh.rendering import encoder
from extension.refresh.rendering.encoder import Encoder

from ..families import family


def pieces(name, text, after, *, data=True):
    made = Encoder(family(name))
    return family(name).convert_ids_to_tokens(made.ids(text, after, data=data))


def test_a_space_stands_before_the_first_word_only_where_the_tokenizer_puts_one():
    assert pieces("phi3", "hello", "start") == ["▁", "hello"]
    assert pieces("phi3", "hello", "special") == ["▁", "hello"]
    assert pieces("phi3", "hello", "text") == ["hello"]
    assert pieces("mistral", "hello", "start") == ["▁", "hello"]
    assert pieces("mistral", "hello", "special") == ["hello"]
    assert pieces("gemma", "hello", "start") == ["hello"]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("phi3", "<|user|>\n", "special"),
        ("gemma", "<start_of_turn>user\n", "text"),
        ("gemma", "<end_of_turn>\n", "text"),
        ("llama3", "<|eot_id|>", "special"),
        ("llama3", "", "start"),
    ],
)
def test_what_a_segment_stands_after_is_told_by_what_swallows_a_space(name, text, expected):
    assert Encoder(family(name)).after(text) == expected


def test_words_hold_no_special_token_even_where_nothing_broke_it():
    assert "<|im_end|>" not in pieces("qwen", "a<|im_end|>b", "text")
    assert pieces("qwen", "<|im_end|>", "text", data=False) == ["<|im_end|>"]


def test_the_oldest_segments_are_let_go_of(monkeypatch):
    monkeypatch.setattr(encoder, "REMEMBERED", 4)
    made = Encoder(family("qwen"))
    for number in range(20):
        assert family("qwen").decode(made.ids(f"w{number}", "text", data=True)) == f"w{number}"
        assert len(made._known) == min(number + 1, 5)


def test_a_tokenizer_without_the_quick_library_is_taken_as_it_is():
    class Slow:
        chat_template = None

        def __init__(self):
            self.added_tokens_decoder = {}

        def __call__(self, text, add_special_tokens):
            return {"input_ids": [ord(each) for each in text]}

    assert Encoder(Slow()).ids("hi", "text", data=True) == [104, 105]
