"""Forgetting on servers: in no row, no index and no byte of PostgreSQL's tables, and who delays that."""

from __future__ import annotations

import psycopg
import pytest

from extension.dialects import postgres as dialect
from extension.messages import Place

from .conftest import told
from .test_facts import Asked, think
from .test_forgetting import SECRETS

WORDS = (b"zebrafish", b"quixot", b"daphnia", b"aquarium")
"""As they are said, stemmed, and noted."""

pytestmark = pytest.mark.postgres


@pytest.fixture
def remains(stores, data_dir):
    """Return the tables and indexes of the server in whose bytes one of the words stands."""

    def look():
        held = stores.contents(data_dir).items()
        return sorted(name for name, data in held if any(word in data.lower() for word in WORDS))

    return look


@pytest.fixture
def ids(memories):
    """Two exchanges with the words in them, their fact and their vectors, beside one without."""
    told(memories, ("Good morning", "Hello Alice"))
    made = told(memories, *SECRETS, place=Place("study"))
    think(memories, Asked(lambda messages: "Alice | pet of the aquarium | Quixote" if "Quixote" in messages[-1].content else "NONE"))
    memories.settle()
    return made


def test_forgotten_words_are_in_no_byte_of_the_servers_tables(memories, ids, remains):
    kept = {"exchange", "exchange_text", "exchange_text_terms", "exchange_term", "exchange_term_pkey", "fact"}
    assert kept <= set(remains())
    memories.forget(ids)
    memories.settle()
    assert remains() == []
    assert [each.said for each in memories.diary.browse()] == ["Good morning"]
    assert memories.semantic.indexed() == memories.semantic.expected()


def test_a_large_table_is_vacuumed_and_not_rewritten(memories, ids, stores, data_dir, monkeypatch):
    files = "SELECT relname, relfilenode FROM pg_class WHERE relname IN ('exchange', 'counter') ORDER BY relname"
    before = stores.run(data_dir, files)
    monkeypatch.setattr(dialect, "_REWRITTEN", 0)
    memories.forget(ids)
    assert stores.run(data_dir, files) == before
    assert stores.run(data_dir, "SELECT id FROM exchange") == [(1,)]


def test_who_still_reads_what_was_deleted_delays_the_erasing_and_is_named(memories, ids, stores, data_dir, remains, caplog):
    with psycopg.connect(stores.url(data_dir)) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT 1")
        memories.forget(ids)
        assert "Another program is reading the diary" in caplog.text
        assert remains() != []
    memories.settle()
    assert remains() == []


def test_a_table_that_another_program_holds_is_not_waited_for_long(memories, ids, stores, data_dir, remains, caplog):
    with psycopg.connect(stores.url(data_dir)) as other:
        other.execute("LOCK TABLE place IN ACCESS SHARE MODE")
        memories.forget(ids)
        assert "gone from the diary, but not yet from all that was derived from it" in caplog.text
        assert [each.said for each in memories.diary.browse()] == ["Good morning"]
    memories.settle()
    assert remains() == []
