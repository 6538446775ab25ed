"""Tests of stop strings and of valid Unicode."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extension.hosts.pieces import until
from extension.prompt import valid


def pieces(*texts):
    yield from texts


@pytest.mark.parametrize(
    ("given", "stops", "expected"),
    [
        (("a b", " c"), (), ["a b", " c"]),
        (("ab", "STOP", "c"), ("STOP",), ["ab"]),
        (("ab ST", "OP c"), ("STOP",), ["ab "]),
        (("ab S", "and c"), ("STOP",), ["ab ", "Sand c"]),
        (("ab S",), ("STOP",), ["ab ", "S"]),
        (("STOP",), ("STOP",), []),
        (("a\n\nb c",), (" c", "\n\n"), ["a"]),
        (("abc",), ("",), ["abc"]),
        (("aaab",), ("aab",), ["a"]),
    ],
)
def test_a_reply_is_cut_at_the_first_stop_string(given, stops, expected):
    assert list(until(pieces(*given), stops)) == expected


@given(st.lists(st.text("abc", min_size=1)), st.lists(st.text("abc", min_size=1, max_size=3), max_size=3))
def test_however_a_reply_is_cut_into_pieces_no_stop_string_is_in_it_and_nothing_else_is_lost(texts, stops):
    whole = "".join(texts)
    ends = [whole.index(stop) for stop in stops if stop in whole]
    kept = "".join(until(pieces(*texts), stops))
    assert whole.startswith(kept)
    assert not any(stop in kept for stop in stops)
    assert kept == whole or ends
    assert "".join(until(pieces(whole), stops)) == whole[: min(ends, default=len(whole))]


def test_the_source_is_closed_at_a_stop_string():
    source = pieces("a", "STOP", "b")
    list(until(source, ("STOP",)))
    assert list(source) == []


def test_the_source_is_closed_with_the_reply():
    source = pieces("a", "b")
    reply = until(source, ("STOP",))
    next(reply)
    reply.close()
    assert list(source) == []


def test_half_a_surrogate_pair_is_replaced_and_a_whole_one_joined():
    assert valid("a\ud83db \ud83d\ude00 \x00é") == "a\ufffdb 😀 \x00é"
