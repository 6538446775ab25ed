"""Tests of passages: what they hold, where they are cut, and that nothing of a document is missing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extension.context.blocks import Block
from extension.context.chunks import Chunking, passages
from extension.context.outline import Outline
from extension.context.passages import Piece, extracted
from extension.embedders import LONGEST, Hashing, MiniLM, minilm_folder

SENTENCE = "The tower on the hill was built of grey granite in the year 1890. "


@pytest.fixture(scope="module")
def minilm():
    return MiniLM(minilm_folder())


def pieces(*blocks: Block) -> list[Piece]:
    return list(Outline().pieces(blocks))


def check(document: list[Piece], found: list, window: int) -> None:
    """Assert what holds of the passages of every document."""
    text = "".join(extracted(document))
    covered = bytearray(len(text))
    for passage in found:
        assert text[passage.start : passage.end] == passage.text
        assert passage.text.strip()
        assert passage.tokens <= window
        assert len(passage.text) <= Chunking().longest
        covered[passage.start : passage.end] = b"\1" * (passage.end - passage.start)
    assert [place for place, letter in enumerate(text) if not covered[place] and not letter.isspace()] == []
    assert [each.start for each in found] == sorted(each.start for each in found)


words = st.text(st.one_of(st.sampled_from(" \n\t.,;:!?-#é東京。🦜ßx"), st.characters(codec="utf-8")), max_size=3_000)
blocks = st.builds(
    Block,
    st.one_of(words, st.sampled_from(["word " * 900, "x" * 5_000, "東京。" * 700, "🦜" * 600, SENTENCE * 30, "    y = 1\n" * 300])),
    st.sampled_from(["prose", "heading", "code", "table"]),
    level=st.integers(1, 6),
    page=st.one_of(st.none(), st.integers(1, 9)),
    under=st.sampled_from([(), ("Sheet",), ("東京" * 100, "x" * 300)]),
    language=st.sampled_from(["", "python", "ts", "perl", "visualbasic6", "latex", "no such language"]),
    follows=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(blocks, max_size=6))
def test_passages_cover_a_document_and_fit_the_window(made):
    document = pieces(*made)
    check(document, list(passages(document, Hashing())), 256)


@pytest.mark.model
@settings(max_examples=10, deadline=None)
@given(st.lists(blocks, max_size=4))
def test_passages_fit_what_the_model_reads(minilm, made):
    document = pieces(*made)
    found = list(passages(document, minilm))
    check(document, found, 256)
    assert [each.tokens for each in found] == minilm.count([each.embedded for each in found])


@pytest.mark.model
def test_the_model_sees_every_token_of_a_passage(minilm):
    found = list(passages(pieces(Block("Towers", "heading", 1), Block(SENTENCE * 100)), minilm))
    assert [each.tokens for each in found[:-1]] == [228] * (len(found) - 1)
    model = minilm._loaded()
    assert [int(model.preprocess([each.embedded])["attention_mask"].sum()) for each in found] == [each.tokens for each in found]


def test_passages_end_at_sentences_and_overlap_by_some():
    sentences = [f"Sentence number {number} says that there are {number} of them in all." for number in range(100)]
    document = pieces(Block(" ".join(sentences)))
    first, second, *_ = passages(document, Hashing(), Chunking(overlap=30, tile=100))
    assert first.text == " ".join(sentences[:19])
    assert second.text.startswith(" ".join(sentences[17:19]))
    assert Hashing().count([first.text]) == [first.tokens]


def test_a_passage_stands_under_one_title_path_and_begins_with_its_heading():
    document = pieces(
        Block("Book", "heading", 1),
        Block("Towers", "heading", 2),
        Block("They are tall."),
        Block("Wells", "heading", 2),
        Block("They are deep."),
        Block("The end", "heading", 2),
    )
    found = list(passages(document, Hashing()))
    assert [(each.titles, each.text) for each in found] == [
        (("Book", "Towers"), "Book\n\nTowers\n\nThey are tall."),
        (("Book", "Wells"), "Wells\n\nThey are deep."),
        (("Book", "The end"), "The end"),
    ]
    assert [each.embedded for each in found] == [
        "Book\n\nTowers\n\nThey are tall.",
        "Book\nWells\n\nThey are deep.",
        "Book\nThe end",
    ]


def test_a_passage_goes_over_a_page_only_in_the_middle_of_a_sentence_and_says_both():
    document = pieces(*(Block(SENTENCE * 6, page=page) for page in range(1, 4)))
    assert [(each.page, each.last_page) for each in passages(document, Hashing())] == [(1, 1), (2, 2), (3, 3)]
    document = pieces(*(Block(f"{SENTENCE * 5}The tower on the", page=page) for page in range(1, 6)))
    assert [(each.page, each.last_page) for each in passages(document, Hashing(), Chunking(overlap=0))] == [(1, 3), (4, 5)]


def test_rows_and_functions_are_not_cut_where_they_fit():
    row = "Name: Ada Lovelace | Born: 1815 | Known for: the first published program, for a machine that was never finished"
    function = "def area(side):\n    # the square of the side\n    return side * side\n\n\n"
    found = list(passages(pieces(*[Block(row, "table")] * 40), Hashing()))
    assert {line for each in found for line in each.text.splitlines()} == {row}
    found = list(passages(pieces(Block(function * 40, "code", language="python")), Hashing()))
    assert {each.text.strip().splitlines()[0] for each in found} == {"def area(side):"}


def test_passages_come_before_a_document_has_been_read_to_its_end():
    read = []

    def endless():
        start = 0
        while True:
            read.append(start)
            yield Piece(SENTENCE * 10, start)
            start += len(SENTENCE) * 10

    found = passages(endless(), Hashing())
    assert next(found).start == 0
    assert len(read) < 2_000


def test_no_passage_is_longer_than_what_an_embedder_looks_at():
    assert Chunking().longest + 200 <= LONGEST
