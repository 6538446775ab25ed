"""Tests of the full-text index in PostgreSQL: it finds and scores what SQLite's does, and its counts are always right."""

from __future__ import annotations

from random import Random

import pytest

from bench.synthetic import Words
from extension.database import Database
from extension.memory.diary import Answer, Diary
from extension.memory.fulltext import FullText
from extension.messages import Place

from .conftest import BOB, told, turn
from .stores import Files, Servers

pytestmark = pytest.mark.postgres
COUNTED = "SELECT term, count(*) FROM exchange_text, unnest(tsvector_to_array(terms)) AS term WHERE strpos(term, ':') = 0 GROUP BY term"
HELD = "SELECT (SELECT count(*) FROM exchange_text), (SELECT coalesce(sum(length), 0) FROM exchange_text)"


@pytest.fixture
def both(tmp_path, empty_diary, postgres, chroma, empty_template):
    """An empty diary in each of the two databases."""
    pairs = Files(empty_diary), Servers(postgres, chroma, empty_template)
    databases = []
    for stores in pairs:
        stores.make(tmp_path)
        databases.append(Database(stores.url(tmp_path)))
    yield databases
    for stores, database in zip(pairs, databases, strict=True):
        database.close()
        stores.drop()


def test_both_databases_find_the_same_and_score_it_alike(both):
    for database in both:
        diary, words = Diary(database), Words(3, 300)
        for number in range(120):
            who = {"person": BOB, "place": Place("bobs")} if number % 4 == 0 else {"place": Place(f"place {number % 3}")}
            diary.write(turn(words.sentence(), number, **who), Answer(words.sentence(40)))
    first, second = (FullText(database) for database in both)
    assert first.catch_up() == second.catch_up() == 120
    words, found = Words(4, 300), 0
    for number in range(40):
        question, where = f"{words.sentence(20)} saturday alice", (None, "place 1")[number % 2]
        mine, theirs = (index.search(question, [1, 2], 10, where) for index in (first, second))
        assert [match.score for match in theirs] == pytest.approx([match.score for match in mine], rel=1e-4)
        assert [match.strength for match in theirs] == pytest.approx([match.strength for match in mine], rel=1e-4)
        best = mine[-1].score * 1.001 if mine else 0
        assert {match.exchange for match in mine if match.score > best} <= {match.exchange for match in theirs}
        found += len(mine)
    assert found > 300


def test_the_counts_are_those_of_what_the_index_holds(memories, stores, data_dir):
    chance, words, diary = Random(5), Words(5, 60), memories.diary
    for step in range(60):
        held = [exchange.id for exchange in diary.browse(limit=None)]
        kind = chance.randrange(4)
        if kind < 2 or not held:
            diary.write(turn(words.sentence(), chance.randrange(15), place=Place(f"p{step % 2}")), Answer(words.sentence()))
        elif kind == 2:
            diary.edit(chance.choice(held), reply=words.sentence())
        else:
            diary.forget(chance.sample(held, 1))
        if step % 3 == 0:
            memories.fulltext.catch_up(batch=2)
    memories.fulltext.catch_up()
    assert dict(stores.run(data_dir, "SELECT term, found FROM exchange_term")) == dict(stores.run(data_dir, COUNTED))
    totals = dict(stores.run(data_dir, "SELECT name, value FROM counter WHERE name LIKE 'fulltext:%'"))
    assert (totals["fulltext:documents"], totals["fulltext:tokens"]) == stores.run(data_dir, HELD)[0]
    memories.fulltext.rebuild()
    assert dict(stores.run(data_dir, "SELECT term, found FROM exchange_term")) == dict(stores.run(data_dir, COUNTED))


def test_forgotten_words_are_in_no_table(memories, stores, data_dir):
    ids = told(memories, ("Unmistakable confession.", "Unmistakable absolution."), ("Other words.", "Yes."))
    memories.settle()
    memories.forget(ids[:1])
    tables = [row[0] for row in stores.run(data_dir, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    texts = [str(stores.run(data_dir, f"SELECT * FROM {table}")) for table in tables]
    assert [table for table, text in zip(tables, texts, strict=True) if "nmistak" in text] == []
    assert len(tables) > 9


@pytest.mark.parametrize(
    "said",
    [
        "it's 'quoted' \\ and back\\slashed \\' :A :1 & | ! <-> (x)",
        "x" * 99_999,
        " ".join(chr(number) for number in range(0x4E00, 0x9FFF)),
        " ".join(f"{number:x}" for number in range(20_000)),
        "again " * 16_000,
        "\N{REPLACEMENT CHARACTER}\u202e\u0300 \U0001f99c\u200d\U0001f99c",
    ],
    ids=["quoted", "one long word", "20,000 letters", "numbers", "one word often", "odd"],
)
def test_whatever_was_said_can_be_indexed(memories, said):
    told(memories.diary, ("Keepsake before.", "Yes."), (f"Keepsake. {said}", said), ("Keepsake after.", "Yes."))
    assert memories.fulltext.catch_up() == 3
    assert {match.exchange for match in memories.fulltext.search("keepsake", [1])} == {1, 2, 3}


def test_more_words_than_a_vector_holds_are_indexed_in_part(memories):
    letters = [chr(number) for number in (*range(0xF0000, 0xFFFFE), *range(0x100000, 0x10FFFE), *range(0x20000, 0x2A6DF))]
    parts = [" ".join(letters[start : start + 49_000]) for start in range(0, 170_000, 49_000)]
    told(memories.diary, (parts[0], parts[1]), (f"Keepsake {parts[2]}", parts[3]))
    assert memories.fulltext.catch_up() == 2
    assert [match.exchange for match in memories.fulltext.search("keepsake", [1])] == [2]
