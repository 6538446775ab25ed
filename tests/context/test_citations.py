"""Tests of citations: which numbers a reply names, as links and as footnotes."""

from __future__ import annotations

import pytest

from extension.context.citations import cited, footnotes, with_links, without_links
from extension.messages import Excerpt

LINK = "#familiar-cited-"


def link(number):
    return f"{LINK}12-{number}"


@pytest.mark.parametrize(
    ("reply", "numbers"),
    [
        ("It is tall [2], and old [1]. Very tall [2].", [2, 1]),
        ("Both [1, 2] and [1;3] say so.", [1, 2, 3]),
        ("Beyond [4], nothing [0], no number [x], [1234].", []),
        ("In code `list[1]` and\n```\na[2]\n```\nnone.", []),
        ("A link is none: [1](https://example.org).", []),
        ("[" * 5000 + "1" + "]" * 5000, [1]),
        ("", []),
    ],
)
def test_a_reply_names_excerpts_by_their_numbers(reply, numbers):
    assert cited(reply, 3) == numbers


def test_citations_become_links_and_words_again():
    reply = "Tall [1, 2], `a[1]`, old [2], beyond [1, 9]."
    linked = with_links(reply, 2, link)
    assert linked == (
        r"Tall [\[1\]](#familiar-cited-12-1) [\[2\]](#familiar-cited-12-2), `a[1]`, old [\[2\]](#familiar-cited-12-2), beyond [1, 9]."
    )
    assert without_links(linked, LINK) == "Tall [1] [2], `a[1]`, old [2], beyond [1, 9]."
    assert with_links(reply, 0, link) == reply


def test_a_reply_has_a_footnote_for_each_excerpt_it_cites():
    tower = Excerpt(1, (1,), "everyone", "The Tower", "/books/tower.pdf", "Tall.", page=3)
    found = [tower, Excerpt(2, (2,), "everyone", "", "a.md", "Old.")]
    assert footnotes("Old [2]. Tall [1].", found) == ["[2] a.md", "[1] The Tower (tower.pdf), page 3"]
    assert footnotes("Neither.", found) == []
