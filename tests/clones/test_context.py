"""Tests of contexts: what was said so far, from a file."""

from __future__ import annotations

import pytest

from extension.clones.context import LONGEST, read, shown
from extension.errors import ImportRefused

PAIRS = [("Ann", "Who is coming?"), ("Bob Lee", "Me: and Cy\nlater")]


@pytest.mark.parametrize(
    "text",
    [
        "Ann: Who is coming?\nBob Lee: Me: and Cy\nlater\n",
        "\ufeffAnn: Who is coming?\r\nBob Lee: Me: and Cy\r\nlater",
        '[["Ann", "Who is coming?"], ["Bob Lee", "Me: and Cy\\nlater"]]',
        '{"author": "Ann", "text": "Who is coming?"}\n\n{"author": "Bob Lee", "text": "Me: and Cy\\nlater", "at": 5}\n',
        '["Ann", "Who is coming?"]\n["Bob Lee", "Me: and Cy\\nlater"]\n["Ann", "  "]',
    ],
)
def test_a_context_is_read_as_lines_with_names_or_as_json(text):
    assert read(text) == PAIRS
    assert read(shown(PAIRS)) == PAIRS


def test_brackets_at_the_beginning_are_no_json_by_themselves():
    assert read("[mod] Ann: hi") == [("[mod] Ann", "hi")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hello\nAnn: hi", "Line 1 of the context begins with no name"),
        ('{"author": "Ann", "text": "hi"}\n{"author": 5}', "Entry 2 of the context should be"),
        ('{"author": "Ann", "text": "hi"}\n{"author"', "Entry 2 of the context should be"),
        ('[{"author": " ", "text": "hi"}]', "Entry 1 of the context should be"),
        ("[" * 100_000, "Line 1 of the context begins with no name"),
        ("x" * (LONGEST + 1), "at most 1,000,000 are read"),
    ],
    ids=["no name", "half an entry", "cut off", "nobody", "nested", "huge"],
)
def test_what_is_no_context_is_refused_with_a_reason(text, why):
    with pytest.raises(ImportRefused, match=why):
        read(text)
