"""Titles, whatever was typed, as names of files that every system takes."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extension.documents.titles import DEFAULT, file_name, numbered, title_of


@pytest.mark.parametrize(
    ("title", "name"),
    [
        (DEFAULT, "familiar_text.docx"),
        ("War and Peace", "War and Peace.docx"),
        ("Война и мир 戦争と平和", "Война и мир 戦争と平和.docx"),
        ("Cafe\u0301", "Caf\u00e9.docx"),
        ("Draft.docx", "Draft.docx"),
        ("Draft v1.2", "Draft v1.2.docx"),
        ("../../etc/passwd", "etc passwd.docx"),
        ("C:\\Windows\\x", "C Windows x.docx"),
        ('What? "This" <that> | *star*', "What This that star.docx"),
        ("CON", "_CON.docx"),
        ("lpt1.old", "_lpt1.old.docx"),
        ("COM¹", "_COM¹.docx"),
        ("Contract", "Contract.docx"),
        (" . hidden . ", "hidden.docx"),
        ("...", "familiar_text.docx"),
        ("\u202efdp.exe\u200b", "fdp.exe.docx"),
        ("a\x00b\nc\ud83d", "a b c.docx"),
        ("é" * 300, "é" * 90 + ".docx"),
    ],
)
def test_a_title_becomes_a_name(title, name):
    assert file_name(title) == name


@given(st.text(alphabet=st.characters(), max_size=400))
def test_every_name_can_be_one(title):
    name = file_name(title_of(title))
    stem = name.removesuffix(".docx")
    assert stem.strip(" .") == stem != "" and len(name.encode()) <= 190
    assert not set(name) & set('<>:"/\\|?*') and name.isprintable() | (" " in name) | (not name.isascii())


@pytest.mark.parametrize(
    ("given", "title"),
    [(None, DEFAULT), ("  ", DEFAULT), ("\n", DEFAULT), (" War \n and\tPeace ", "War and Peace"), ("x" * 999, "x" * 300), ("a\x00", "a�")],
)
def test_a_title_is_one_line_of_a_sensible_length(given, title):
    assert title_of(given) == title


def test_a_name_that_is_taken_gets_a_number_before_its_ending():
    assert list(islice(numbered("War v1.docx"), 3)) == ["War v1.docx", "War v1 (2).docx", "War v1 (3).docx"]
