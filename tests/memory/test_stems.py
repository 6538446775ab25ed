"""Tests of the stems: what the full-text index of the diary really holds for a word."""

from __future__ import annotations

from threading import Thread

import pytest

from extension.memory.fulltext import meaningful
from extension.memory.stems import Stems

from .conftest import told


@pytest.mark.parametrize(
    ("word", "tokens"),
    [
        ("gardens", [b"garden"]),
        ("gardening", [b"garden"]),
        ("us", [b"us"]),
        ("technology", [b"technolog"]),
        ("Zürich", [b"zurich"]),
        ("straßen", ["straßen".encode()]),
        ("日本語", ["日本語".encode()]),
        ("2026", [b"2026"]),
        ("r" * 80 + "ing", [b"r" * 80 + b"ing"]),
        ("snake_case", [b"snake", b"case"]),
        ("___", []),
    ],
)
def test_a_word_is_stemmed_as_the_index_stems_it(word, tokens):
    assert Stems().of([word]) == [tuple(tokens)]


TEXT = """
    US is as os technology technologies terminology analogous conflated troubling sized hopping tanned falling hissing fizzed
    failing filing happy sky relational conditional rational valenci hesitanci digitizer conformabli radicalli differentli vileli
    analogousli vietnamization predication operator feudalism decisiveness hopefulness callousness formaliti sensitiviti
    sensibiliti triplicate formative formalize electriciti electrical hopeful goodness revival allowance inference airliner
    gyroscopic adjustable defensible irritant replacement adjustment dependent adoption homologou communism activate angulariti
    homologous effective bowdlerize probate rate cease controll roll Oslo Alice's don't café naïve Ærøskøbing İstanbul поезда
    книги ångström straßes größe 東京 서울 नमस्ते ½ x² 3.14 e-mail C++ a I
"""
WORDS = TEXT.split()


@pytest.mark.embedded
def test_many_words_are_in_the_index_under_the_tokens_of_their_question(memories):
    told(memories.diary, *((word, "") for word in WORDS))
    memories.fulltext.catch_up()
    with memories.database.read() as connection:
        connection.exec_driver_sql("CREATE VIRTUAL TABLE temp.held USING fts5vocab(main, exchange_text, instance)")
        query = "SELECT doc % (1 << 40), CAST(term AS BLOB) FROM held WHERE col = 'said' ORDER BY doc, offset"
        rows = connection.exec_driver_sql(query).all()
    held = {number: tuple(term for doc, term in rows if doc == number) for number in range(1, len(WORDS) + 1)}
    assert [held[number] for number in range(1, len(WORDS) + 1)] == Stems().of(WORDS)


def test_several_threads_ask_at_once():
    stems = Stems()
    found = []
    threads = [Thread(target=lambda: found.append([stems.of([f"words{number}s"])[0] for number in range(300)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[(f"words{number}".encode(),) for number in range(300)]] * 4


def test_a_question_is_reduced_to_its_words_of_meaning():
    assert meaningful("What did I tell you about the Gardens of Zu\u0308rich, and gardens?") == ["gardens", "zürich"]
    assert meaningful("What did you say? And why?!") == []
    assert meaningful("snake_case and e-mail") == ["snake", "case", "e", "mail"]
    assert len(meaningful(" ".join(f"word{number}" for number in range(2000)))) == 512
