"""Tests of the values that travel through Familiar."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extension.messages import SCOPES, Attention, Briefing, Message, Person, Place, digest, transcript


def test_a_person_is_shown_by_name_or_else_by_id():
    assert (Person("u1", "Alice").shown, Person("u1").shown) == ("Alice", "u1")


def test_values_do_not_change():
    with pytest.raises(FrozenInstanceError):
        Place("kitchen").shared = True


def test_the_default_scope_is_one_of_the_scopes():
    assert SCOPES == ("place", "companion", "person")
    assert Attention().scope in SCOPES


def test_a_briefing_stands_before_the_question():
    assert Briefing("<memories>…</memories>").before("Why?") == "<memories>…</memories>\n\nWhy?"
    assert Briefing().before("Why?") == "Why?"


def test_a_transcript_leaves_empty_halves_out():
    assert transcript([("Hi.", "Hello."), ("", "Welcome."), ("Wait", "")]) == [
        Message("user", "Hi."),
        Message("assistant", "Hello."),
        Message("assistant", "Welcome."),
        Message("user", "Wait"),
    ]


def test_a_digest_is_what_it_always_was():
    """Digests are stored; another algorithm would not know them again."""
    assert digest("I like tea.", "Noted.") == "4c14a82a2818701bb61e325a89bbfc20"
    assert digest() == "cae66941d9efbd404e4d88758ea67670"


@given(st.lists(st.text(max_size=20), max_size=4), st.lists(st.text(max_size=20), max_size=4))
def test_digests_tell_texts_their_order_and_their_boundaries_apart(first, second):
    assert (digest(*first) == digest(*second)) is (first == second)


def test_a_digest_takes_letters_that_cannot_be_encoded():
    assert digest("\ud800") != digest("?")
