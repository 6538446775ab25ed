"""Forgetting for good: in no table, no index and no byte of any file, and undone only while this process remembers."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extension.app import log_to_file
from extension.database import Database
from extension.embedders import Hashing
from extension.errors import NotFound, StoreLocked
from extension.memory import semantic
from extension.memory.diary import Answer, Diary, Filter
from extension.memory.forgetting import Forgetting
from extension.memory.reconcile import ChatRow, reconcile
from extension.memory.selection import Selection
from extension.memory.spool import Spool
from extension.messages import Place
from extension.settings import Settings
from extension.tables import embedding, exchange

from .conftest import ALICE, BOB, CHANNEL, KITCHEN, NOON, told, turn
from .forgetter import TRANSACTION
from .stores import indexed, remains
from .test_facts import Asked, think

ROOT = Path(__file__).resolve().parents[2]
SECRETS = (("My zebrafish is called Quixote", "A zebrafish, how unusual."), ("Quixote eats daphnia", "Noted: daphnia."))
WORDS = (b"zebrafish", b"quixote", b"daphnia")


@pytest.fixture
def forgetting(database, tmp_path):
    """Forgetting over a diary alone, which nothing is derived from outside of its tables."""
    made = Forgetting(database, Spool(tmp_path, tmp_path / "elsewhere"), lambda: None, (database.compact,))
    yield made
    made.close()


def rows(database) -> list[dict[str, object]]:
    """Return everything in the table of exchanges but the revisions, which only ever grow."""
    columns = [column for column in exchange.c if column.name != "revision"]
    with database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(*columns).order_by(exchange.c.id)).mappings()]


@pytest.mark.embedded
def test_forgotten_words_are_in_no_byte_of_any_file(memories, data_dir):
    log_to_file(Settings(data_dir=data_dir, log_level="DEBUG"))
    told(memories, ("Good morning", "Hello Alice"))
    ids = told(memories, *SECRETS, place=Place("study"))
    assert memories.catch_up.wait(60)  # or it might empty the file while it is being written
    (data_dir / "unsaved.jsonl").write_text('{"turn": {"person": {"id": "alice"}, "said": "My zebrafish is cal\n')
    (data_dir / "exports").mkdir()
    (data_dir / "exports" / "1.path").write_text(str(data_dir / ".left behind.tmp"))
    (data_dir / ".left behind.tmp").write_text("My zebrafish is called Quixote")
    memories.settle()
    assert {"diary.sqlite-wal", "unsaved.damaged", ".left behind.tmp"} <= set(remains(data_dir, *WORDS))
    assert memories.forget(ids) == 2
    assert remains(data_dir, *WORDS) == []
    assert remains(data_dir, b"good morning") != []
    logger = logging.getLogger("extension")
    for handler in [each for each in logger.handlers if isinstance(each, logging.FileHandler)]:
        logger.removeHandler(handler)
        handler.close()


def test_what_came_after_forgotten_exchanges_does_not_carry_their_words_on(memories, data_dir):
    ids = told(memories, *(("My zebrafish is ill", "Oh.") if row % 2 else (f"Fact {row}", "Noted.") for row in range(60)))
    memories.settle()
    assert memories.forget(ids[1:2]) == 30  # the others are copies of it
    assert remains(data_dir, *WORDS) == []
    assert memories.fulltext.search("zebrafish ill", [1]) == []
    assert memories.fulltext.count() == 30


@pytest.mark.embedded
def test_a_forgotten_vector_is_in_no_byte_of_chromas_files(memories, data_dir):
    told(memories, ("Good morning", "Hello Alice"))
    ids = told(memories, *SECRETS, place=Place("study"))
    memories.settle()
    vector = Hashing().embed([SECRETS[0][0]])[0].astype("float16").astype("float32").tobytes()
    kept = Hashing().embed(["Good morning"])[0].astype("float16").astype("float32").tobytes()
    assert remains(data_dir / "vectors", vector) != []
    memories.forget(ids)
    memories.settle()
    assert remains(data_dir / "vectors", vector) == []
    assert remains(data_dir / "vectors", kept) != []
    assert (memories.semantic.kind, memories.semantic.indexed()) == ("chroma", memories.semantic.expected())


@pytest.mark.embedded
def test_a_large_vector_index_is_not_made_anew(memories, data_dir, monkeypatch):
    monkeypatch.setattr(semantic, "MOST_REMADE", 3)
    told(memories, ("Good morning", "Hello Alice"))
    ids = told(memories, *SECRETS, place=Place("study"))
    memories.settle()
    before = (data_dir / "vectors" / "chroma.sqlite3").stat().st_ino
    memories.forget(ids[:1])
    memories.settle()
    assert (data_dir / "vectors" / "chroma.sqlite3").stat().st_ino == before
    assert memories.semantic.indexed() == memories.semantic.expected()


@pytest.mark.parametrize("step", range(TRANSACTION, 5))
def test_what_a_killed_process_forgot_stays_forgotten_and_is_erased_by_the_next(open_memories, stores, data_dir, step):
    """Before the transaction is over nothing is forgotten; after it, everything, whatever step of erasing comes next."""
    first = open_memories()
    told(first, ("Good morning", "Hello Alice"))
    ids = told(first, *SECRETS, place=Place("study"))
    think(first, Asked(lambda messages: "Alice | pet | Quixote" if "Quixote" in messages[-1].content else "NONE"))
    first.settle()
    assert first.facts.count() == 2
    first.close()
    words = [str(step), ",".join(map(str, ids)), *stores.words(data_dir)]
    command = [sys.executable, "-m", "tests.memory.forgetter", *words]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=120).returncode == -9
    memories = open_memories()
    gone = step != TRANSACTION
    assert [each.id for each in memories.diary.browse()] == ([1] if gone else [3, 2, 1])
    assert memories.facts.count() == (0 if gone else 2)
    memories.settle()
    left = b"".join(stores.contents(data_dir).values()).lower()
    assert [word for word in WORDS if word in left] == ([] if gone else list(WORDS))
    assert indexed(memories) == {each.id for each in memories.diary.browse()}
    assert memories.semantic.indexed() == memories.semantic.expected()


def test_what_cannot_be_erased_yet_is_owed(database, tmp_path, caplog):
    tries = []

    def step():
        tries.append(1)
        if len(tries) < 4:
            raise StoreLocked("The diary is locked.")

    told(Diary(database), *SECRETS)
    forgetting = Forgetting(database, Spool(tmp_path), lambda: None, (step, lambda: tries.append(2)))
    assert forgetting.forget([1]).exchanges == 1
    assert "gone from the diary, but not yet from all that was derived from it: The diary is locked." in caplog.text
    assert tries == [1, 2]
    with pytest.raises(StoreLocked):
        forgetting.erase()
    assert tries == [1, 2, 1, 2]
    forgetting.erase()
    forgetting.erase()
    assert tries == [1, 2, 1, 2, 1, 2]


@pytest.mark.embedded
def test_a_reader_of_the_diary_delays_the_erasing_and_is_named(open_memories, data_dir, caplog):
    memories = open_memories(lock_timeout=0.1)
    ids = told(memories, *SECRETS)
    memories.settle()
    with memories.database.read() as connection:
        connection.execute(sa.select(exchange)).all()
        memories.forgetting.forget(ids)
        assert "Another program is reading the diary" in caplog.text
        assert remains(data_dir, *WORDS) != []
    memories.settle()
    assert remains(data_dir, *WORDS) == []


def test_forgetting_is_undone_as_if_nothing_had_happened(memories):
    ids = told(memories, ("Good morning", "Hello"), *SECRETS)
    ids += told(memories, ("In the channel", "Yes"), person=BOB, place=CHANNEL)
    memories.diary.edit(ids[1], said="My zebrafish is called Sancho")
    memories.diary.pin(ids[1])
    memories.diary.rate(ids[2], -1)
    memories.settle()
    before, indexed = rows(memories.database), memories.semantic.indexed()
    gone = memories.forgetting.forget(ids[1:], undo_for=60)
    assert (gone.exchanges, len(rows(memories.database))) == (3, 1)
    assert memories.forgetting.undo(gone.batch) == 3
    assert rows(memories.database) == before
    found = memories.diary.one(ids[3])
    assert (found.person, found.place) == (BOB, CHANNEL)
    memories.settle()
    assert memories.semantic.indexed() == indexed
    assert [memory.exchange.id for memory in memories.search("Sancho", ALICE, "Robin")][:1] == [ids[1]]
    assert [memory.exchange.id for memory in memories.search("In the channel", BOB, "Robin")] == [ids[3]]


def test_what_is_brought_back_is_not_embedded_again(memories):
    ids = told(memories, *SECRETS)
    memories.settle()
    gone = memories.forgetting.forget(ids, undo_for=60)
    memories.forgetting.undo(gone.batch)
    with memories.database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(embedding)).scalar() == 4


def test_what_is_brought_back_can_be_forgotten_again_and_comes_back_through_no_chat(forgetting, database):
    told(Diary(database), *SECRETS)
    chat = [ChatRow(row, said, reply, NOON) for row, (said, reply) in enumerate(SECRETS)]
    forgetting.undo(forgetting.forget([1], undo_for=60).batch)
    assert not reconcile(database, ALICE, KITCHEN, "Robin", chat, 2)
    forgetting.forget([1])
    assert not reconcile(database, ALICE, KITCHEN, "Robin", chat, 2)
    assert [each.id for each in Diary(database).browse()] == [2]


def test_a_row_that_was_taken_meanwhile_is_left_to_what_was_said_there(forgetting, database):
    diary = Diary(database)
    told(diary, *SECRETS)
    gone = forgetting.forget([1, 2], undo_for=60)
    diary.write(turn("Something else"), Answer("Fine."))
    forgetting.undo(gone.batch)
    assert [(each.row, each.said) for each in diary.chat("kitchen")] == [(0, "Something else"), (1, SECRETS[1][0]), (2, SECRETS[0][0])]


def test_what_was_derived_comes_back_where_its_key_is_free(forgetting, database):
    told(Diary(database), *SECRETS)
    values = [{"exchange_id": number, "part": "said", "space": "s", "digest": "d", "vector": b"1"} for number in (1, 2)]
    with database.write() as connection:
        connection.execute(sa.insert(embedding), values)
    gone = forgetting.forget([1, 2], undo_for=60)
    with database.write() as connection:
        connection.execute(sa.insert(embedding).values(values[0] | {"vector": b"2"}))
    forgetting.undo(gone.batch)
    with database.read() as connection:
        assert connection.execute(sa.select(embedding.c.exchange_id, embedding.c.vector)).all() == [(1, b"2"), (2, b"1")]


def test_after_its_time_a_batch_is_held_nowhere(forgetting, database):
    told(Diary(database), *SECRETS)
    gone = forgetting.forget([1], undo_for=0.01)
    for _, timer in list(forgetting._batches.values()):
        timer.join(10)
    with pytest.raises(NotFound, match="It is too late to bring this back: it is forgotten for good"):
        forgetting.undo(gone.batch)
    assert forgetting._batches == {}


def test_a_batch_is_brought_back_once(forgetting, database):
    told(Diary(database), *SECRETS)
    gone = forgetting.forget([1], undo_for=60)
    forgetting.undo(gone.batch)
    with pytest.raises(NotFound):
        forgetting.undo(gone.batch)


def test_nothing_is_kept_for_undoing_where_nobody_asked_for_it(forgetting, database, monkeypatch):
    told(Diary(database), *SECRETS)
    assert forgetting.forget([1]).batch == 0
    assert forgetting.forget([77], undo_for=60) == forgetting.forget([])
    monkeypatch.setattr("extension.memory.forgetting.MOST_KEPT", 0)
    assert forgetting.forget([2], undo_for=60).batch == 0


def test_turns_kept_aside_are_forgotten_with_the_others(memories):
    memories.spool.append(turn("My zebrafish is called Quixote"), Answer(""))
    plan = memories.forgetting.plan(Selection(Filter(person="alice")))
    assert len(plan.selected) == 1
    memories.spool.append(turn("Quixote eats daphnia", 1), Answer(""))
    memories.forgetting.carry_out(plan)
    assert (memories.spool.waiting(), [each.said for each in memories.diary.browse()]) == (0, ["Quixote eats daphnia"])


def test_damaged_turns_of_others_stay(tmp_path):
    spool = Spool(tmp_path, tmp_path / "elsewhere")
    line = json.dumps({"turn": {"said": 'My "zebra" Ä'}})
    lines = [line, line[:-6], line[:20] + "\\u00", json.dumps({"turn": {"said": "My"}}), json.dumps({"turn": {"said": "Mine"}})[:24], "{"]
    (tmp_path / "unsaved.damaged").write_text("\n".join(lines))
    assert spool.forget(lambda: ['My "zebra" Ä', "Other"]) == 2
    assert (tmp_path / "unsaved.damaged").read_text().split("\n") == lines[2:]
    assert spool.forget(lambda: ["My", "Mine"]) == 2
    assert spool.forget(lambda: ["Nothing"]) == 0


@pytest.mark.embedded
def test_the_file_shrinks_when_much_was_forgotten(memories, data_dir):
    ids = told(memories, *((f"Statement {number} " + "x" * 3000, "y" * 3000) for number in range(60)))
    memories.forget(ids[:5])
    large = (data_dir / "diary.sqlite").stat().st_size
    memories.forget(ids[5:])
    assert (data_dir / "diary.sqlite").stat().st_size < large / 2


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab"), st.booleans()), max_size=6), st.sets(st.integers(1, 6)))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_forgotten_and_brought_back_the_diary_is_as_before(tmp_path, empty_diary, turns, ids):
    (tmp_path / "one.sqlite").write_bytes(empty_diary.read_bytes())
    for ending in ("-wal", "-shm"):
        (tmp_path / f"one.sqlite{ending}").unlink(missing_ok=True)
    database = Database(f"sqlite:///{tmp_path / 'one.sqlite'}")
    diary = Diary(database)
    forgetting = Forgetting(database, Spool(tmp_path, tmp_path / "elsewhere"), lambda: None, ())
    for row, said, shared in turns:
        diary.write(turn(said, row, person=BOB if shared else ALICE, place=CHANNEL if shared else KITCHEN), Answer(said * 2))
    before = rows(database)
    gone = forgetting.forget(ids, undo_for=60)
    left = {row["id"] for row in rows(database)}
    assert left.isdisjoint(ids)
    assert len(left) + gone.exchanges == len(before)
    if gone.batch:
        assert forgetting.undo(gone.batch) == gone.exchanges
    assert rows(database) == before
    forgetting.close()
    database.close()
