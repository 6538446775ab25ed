"""Tests of text that arrives token by token, with a byte-level tokenizer where a character can be several tokens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from extension.hosts.detokenizer import Detokenizer


def decode(ids):
    return bytes(ids).decode("utf-8", "replace")


def words(ids):
    """Decode as SentencePiece does, where a word has its space in front, but not at the beginning."""
    return "".join([" Hello", " there", "!", " World"][each] for each in ids).removeprefix(" ")


def arriving(ids, decode=decode):
    text = Detokenizer(decode)
    return [text.add(each) for each in ids] + [text.rest()]


def test_a_character_is_shown_when_it_is_whole():
    assert arriving("a😀b".encode()) == ["a", "", "", "", "😀", "b", ""]


def test_what_never_becomes_whole_is_shown_at_the_end():
    assert arriving("a😀".encode()[:3]) == ["a", "", "", "\ufffd"]


def test_spaces_between_words_survive():
    assert arriving([0, 1, 2, 3], words) == ["Hello", " there", "!", " World", ""]


def test_ids_without_text_add_nothing():
    assert arriving([1, 2], lambda ids: "") == ["", "", ""]


@given(st.binary(max_size=30))
def test_joined_the_pieces_are_the_text(data):
    assert "".join(arriving(data)) == decode(data)
