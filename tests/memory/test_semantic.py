"""Tests of recall by meaning: embedded once, in an index that always agrees with the diary, whatever happens to its folder."""

from __future__ import annotations

import logging
import os
import shutil

import pytest

from extension.embedders import Hashing
from extension.errors import IndexUnavailable, MissingModel
from extension.memory.diary import Answer, insert
from extension.memory.semantic import Semantic
from extension.messages import Place
from extension.vectors import ChromaVectors
from tests.doubles import Absent, Counting

from .conftest import BOB, told, turn

ROWS = (("I planted tulips.", "Which colour?"), ("Red ones.", "Lovely."), ("My bike was stolen.", "How awful."))


def nearest(semantic, text, realms=(1,), limit=5):
    found = semantic.search(list(realms), Hashing().embed([text])[0], limit)
    return max(found, key=found.get) if found else None


def agree(semantic):
    return semantic.expected() == semantic.indexed()


@pytest.fixture
def counting():
    return Counting()


@pytest.fixture
def semantic(memories):
    """Three exchanges, embedded and in Chroma."""
    told(memories.diary, *ROWS)
    memories.settle()
    assert memories.semantic.kind == "chroma"
    return memories.semantic


def test_what_is_near_in_meaning_is_found_and_both_halves_count(semantic):
    assert nearest(semantic, "planted tulips") == 1
    assert nearest(semantic, "how awful") == 3
    assert semantic.search([1], Hashing().embed(["I planted tulips."])[0], 1)[1] == pytest.approx(1.0, abs=0.01)
    assert semantic.indexed() == {1: {(number, part) for number in (1, 2, 3) for part in ("said", "reply")}}


def test_only_the_realms_asked_for_are_searched(semantic, memories):
    told(memories.diary, ("I planted tulips too.", "Nice."), person=BOB, place=Place("bobs"))
    memories.settle()
    assert set(semantic.search([2], Hashing().embed(["tulips"])[0], 9)) == {4}
    assert set(semantic.search([1], Hashing().embed(["tulips"])[0], 9)) == {1, 2, 3}
    assert semantic.search([], Hashing().embed(["tulips"])[0], 9) == {}
    assert semantic.search([77], Hashing().embed(["tulips"])[0], 9) == {}


def test_one_place_is_searched_within_the_realms_asked_for(semantic, memories):
    memories.diary.write(turn("I planted tulips too.", 9, person=BOB), Answer("Nice."))
    memories.settle()
    vector = Hashing().embed(["tulips"])[0]
    assert set(semantic.search_place("kitchen", [1], vector)) == {1, 2, 3}
    assert set(semantic.search_place("kitchen", [1, 2], vector)) == {1, 2, 3, 4}
    assert semantic.search_place("attic", [1, 2], vector) == {}


def test_every_text_is_embedded_once(open_memories, counting):
    memories = open_memories(embedder=counting)
    told(memories.diary, *ROWS)
    memories.settle()
    memories.settle()
    assert set(counting.embedded) == {text for row in ROWS for text in row}
    assert set(counting.embedded.values()) == {1}


def test_a_new_reply_embeds_the_reply_alone(open_memories, counting):
    memories = open_memories(embedder=counting)
    told(memories.diary, *ROWS)
    memories.settle()
    counting.embedded.clear()
    memories.diary.write(turn(ROWS[0][0]), Answer("What a good idea."))
    memories.settle()
    assert counting.embedded == {"What a good idea.": 1}
    assert nearest(memories.semantic, "what a good idea") == 1


def test_an_exchange_that_only_moved_is_not_embedded_again(open_memories, counting):
    memories = open_memories(embedder=counting)
    ids = told(memories.diary, *ROWS)
    memories.settle()
    counting.embedded.clear()
    memories.diary.forget(ids[:1])  # the row after it is indexed anew, with another previous turn
    memories.settle()
    assert counting.embedded == {}
    assert agree(memories.semantic)


def test_what_was_only_heard_has_one_half(memories):
    memories.diary.hear(turn("Are you there?"))
    memories.settle()
    assert memories.semantic.indexed() == {1: {(1, "said")}}
    memories.diary.write(turn("Are you there?"), Answer("Yes."))
    memories.settle()
    assert memories.semantic.indexed() == {1: {(1, "said"), (1, "reply")}}


def test_a_reply_that_was_edited_away_leaves_the_index(semantic, memories):
    memories.diary.edit(1, reply="  ")
    memories.settle()
    assert (1, "reply") not in semantic.indexed()[1]
    assert agree(semantic)


def test_what_was_forgotten_leaves_the_index_and_the_embeddings(semantic, memories):
    memories.forget([1])
    assert semantic.indexed() == semantic.expected() == {1: {(number, part) for number in (2, 3) for part in ("said", "reply")}}
    assert nearest(semantic, "planted tulips") != 1


def test_forgetting_needs_no_model(open_memories):
    first = open_memories()
    told(first.diary, *ROWS)
    first.settle()
    first.close()
    absent = Absent()
    second = open_memories(embedder=absent)
    second.diary.write(turn("Not embedded yet.", 5), Answer("No."))
    with pytest.raises(MissingModel):
        second.settle()
    assert second.forget([1]) == 1
    assert second.semantic.kind == "chroma"
    assert second.semantic.indexed() == {1: {(number, part) for number in (2, 3) for part in ("said", "reply")}}
    absent.installed = True
    second.settle()
    assert agree(second.semantic)
    assert (4, "said") in second.semantic.indexed()[1]


def test_another_embedder_replaces_all_embeddings(open_memories, caplog):
    first = open_memories(embedder=Counting(name="first"))
    told(first.diary, *ROWS)
    first.settle()
    first.close()
    other = Counting(64, name="second")
    second = open_memories(embedder=other)
    with caplog.at_level(logging.WARNING):
        second.settle()
    assert "is of another version or model; rebuilding it from the diary" in caplog.text
    assert set(other.embedded.values()) == {1}
    assert agree(second.semantic)
    assert len(second.semantic.indexed()[1]) == 6
    with second.database.read() as connection:
        assert connection.exec_driver_sql("SELECT DISTINCT space FROM embedding").scalars().all() == ["second"]


def test_going_back_to_the_first_embedder_embeds_everything_again(open_memories):
    for name in ("first", "second", "first"):
        embedder = Counting(name=name)
        memories = open_memories(embedder=embedder)
        told(memories.diary, *ROWS)
        memories.settle()
        assert len(embedder.embedded) == 6
        assert agree(memories.semantic)
        memories.close()


def test_a_missing_model_leaves_the_index_of_the_one_before_alone(open_memories, semantic, memories, data_dir):
    memories.close()
    nameless = Absent()
    nameless.name = ""
    other = open_memories(embedder=nameless)
    with pytest.raises(MissingModel):
        other.settle()
    other.close()
    again = open_memories(embedder=Counting())
    again.settle()
    assert again.semantic.embedder.embedded == {}
    assert agree(again.semantic)


def damage_garbage(folder):
    (folder / "chroma.sqlite3").write_bytes(b"garbage" * 1000)


def damage_truncated(folder):
    os.truncate(folder / "chroma.sqlite3", 20_000)


def damage_emptied(folder):
    os.truncate(folder / "chroma.sqlite3", 0)


def damage_database_gone(folder):
    (folder / "chroma.sqlite3").unlink()


def damage_all_gone(folder):
    shutil.rmtree(folder)


def damage_marker_gone(folder):
    (folder / "familiar.json").unlink()


def damage_marker_garbage(folder):
    (folder / "familiar.json").write_bytes(b"\xff\xfe not json")


def damage_other_version(folder):
    (folder / "familiar.json").write_text('{"format": 1, "space": "hashing-384", "chroma": "0.4.24", "revision": 3}')


def damage_a_file_in_the_way(folder):
    shutil.rmtree(folder)
    folder.write_text("not a folder")


@pytest.mark.embedded
@pytest.mark.parametrize(
    "damage",
    [
        damage_garbage,
        damage_truncated,
        damage_emptied,
        damage_database_gone,
        damage_all_gone,
        damage_marker_gone,
        damage_marker_garbage,
        damage_other_version,
        damage_a_file_in_the_way,
    ],
)
def test_a_damaged_index_is_rebuilt_from_the_diary_at_the_next_start(semantic, memories, open_memories, data_dir, caplog, damage):
    memories.close()
    damage(data_dir / "vectors")
    counting = Counting()
    again = open_memories(embedder=counting)
    with caplog.at_level(logging.WARNING):
        again.settle()
    assert agree(again.semantic)
    assert nearest(again.semantic, "planted tulips") == 1
    assert again.semantic.kind == "chroma"
    assert counting.embedded == {}
    assert "rebuilding it from the diary" in caplog.text or damage is damage_all_gone


def test_an_index_that_fails_in_a_search_is_rebuilt_at_the_next_sync(semantic, memories, caplog):
    wrong = Hashing(7).embed(["Vectors of seven dimensions are none of ours."])[0]
    with pytest.raises(IndexUnavailable):
        semantic.search([1], wrong, 5)
    with caplog.at_level(logging.WARNING):
        semantic.sync()
    assert "The vector index failed" in caplog.text
    assert agree(semantic)
    assert nearest(semantic, "planted tulips") == 1


@pytest.mark.embedded
def test_an_index_deleted_under_our_feet_is_rebuilt_at_the_next_write(semantic, memories, data_dir, caplog):
    shutil.rmtree(data_dir / "vectors")
    memories.diary.write(turn("Now something new.", 3), Answer("What is it?"))
    with caplog.at_level(logging.WARNING):
        memories.settle()
    assert "rebuilding it from the diary" in caplog.text
    assert agree(semantic)
    assert nearest(semantic, "something new") == 4
    assert (data_dir / "vectors" / "chroma.sqlite3").is_file()


@pytest.mark.embedded
def test_an_index_that_fails_again_and_again_is_given_up_for_exact_search(semantic, memories, data_dir, caplog):
    with caplog.at_level(logging.WARNING):
        for number in range(4):
            shutil.rmtree(data_dir / "vectors")
            memories.diary.write(turn(f"New {number}.", 3 + number), Answer("Yes."))
            memories.settle()
            assert agree(semantic)
    assert semantic.kind == "exact"
    assert "failed too often" in caplog.text
    assert nearest(semantic, "planted tulips") == 1


@pytest.mark.embedded
def test_an_index_that_disagrees_with_the_diary_is_rebuilt_at_the_next_start(semantic, memories, open_memories, data_dir, caplog):
    memories.close()
    index = ChromaVectors(data_dir / "vectors", "hashing-384")
    index.remove(1, [(2, "said")])
    index.close()
    again = open_memories()
    with caplog.at_level(logging.WARNING):
        again.settle()
    assert "it does not agree with the diary" in caplog.text
    assert agree(again.semantic)


def test_a_backlog_at_the_start_is_no_disagreement(semantic, memories, open_memories, caplog):
    memories.diary.edit(1, said="I planted roses.")
    memories.diary.write(turn("One more.", 3), Answer("Good."))
    memories.close()
    again = open_memories()
    with caplog.at_level(logging.WARNING):
        again.settle()
    assert caplog.text == ""
    assert agree(again.semantic)


@pytest.mark.embedded
def test_where_the_index_may_not_be_written_the_diary_is_searched(memories, open_memories, data_dir, caplog):
    (data_dir / "vectors.lock").mkdir()
    told(memories.diary, *ROWS)
    with caplog.at_level(logging.WARNING):
        memories.settle()
    assert memories.semantic.kind == "exact"
    assert "may not be written" in caplog.text
    assert agree(memories.semantic)
    assert nearest(memories.semantic, "planted tulips") == 1


def test_a_second_instance_searches_too_and_both_find_what_the_other_wrote(semantic, memories, open_memories, stores):
    second = open_memories()
    second.settle()
    assert (semantic.kind, second.semantic.kind) == ("chroma", stores.second)
    assert nearest(second.semantic, "planted tulips") == 1
    second.diary.write(turn("Written by the second.", 3), Answer("I see."))
    second.settle()
    semantic.catch_up()
    assert nearest(semantic, "written by the second") == 4
    memories.diary.write(turn("Written by the first.", 4), Answer("I see."))
    memories.settle()
    second.settle()
    assert nearest(second.semantic, "written by the first") == 5
    memories.forget([4])
    second.settle()
    assert agree(semantic)
    assert agree(second.semantic)


@pytest.mark.embedded
def test_the_second_instance_takes_over_when_the_first_is_gone(semantic, memories, open_memories):
    second = open_memories()
    second.settle()
    memories.close()
    second.diary.write(turn("After the first has gone.", 3), Answer("Yes."))
    second.settle()
    assert second.semantic.kind == "chroma"
    assert agree(second.semantic)
    assert nearest(second.semantic, "after the first has gone") == 4


def test_embeddings_another_instance_made_are_not_made_again(memories, open_memories):
    told(memories.diary, *ROWS)
    memories.settle()
    counting = Counting()
    second = open_memories(embedder=counting)
    second.settle()
    assert counting.embedded == {}
    assert agree(second.semantic)


def test_embeddings_of_words_that_changed_meanwhile_are_not_kept(open_memories):
    """While this process embeds, another one edits the exchange: the embedding of the old words must not stay."""
    other = open_memories()

    class Interrupted(Counting):
        def embed(self, texts):
            if not self.embedded:
                other.diary.edit(1, said="Changed in between.")
            return super().embed(texts)

    memories = open_memories(embedder=Interrupted())
    told(memories.diary, *ROWS)
    memories.semantic.catch_up()
    assert nearest(memories.semantic, "changed in between") == 1
    assert agree(memories.semantic)
    assert memories.semantic.behind() == 0


def test_a_question_finds_the_exact_similarity_of_exchanges_the_index_did_not_name(semantic):
    vector = Hashing().embed(["My bike was stolen."])[0]
    assert semantic.similarity(vector, [3, 1, 99])[3] == pytest.approx(1.0, abs=0.01)
    assert set(semantic.similarity(vector, [3, 1, 99])) == {1, 3}
    assert semantic.similarity(vector, []) == {}


def test_without_a_folder_the_search_is_exact(database, diary):
    told(diary, *ROWS)
    semantic = Semantic(database, Hashing(), None)
    semantic.catch_up()
    assert semantic.kind == "exact"
    assert nearest(semantic, "planted tulips") == 1
    assert agree(semantic)
    semantic.close()
    assert semantic.kind == "none"


def test_before_the_first_sync_nothing_is_found_and_nothing_is_opened(memories, data_dir):
    told(memories.diary, *ROWS)
    assert not memories.semantic.ready
    assert nearest(memories.semantic, "tulips") is None
    assert not (data_dir / "vectors").exists()


def test_the_index_can_be_rebuilt_by_hand(semantic):
    assert semantic.rebuild() == 3
    assert agree(semantic)


def test_a_diary_of_several_batches_is_embedded_and_indexed(database, diary):
    with database.write() as connection:
        for number in range(1100):
            insert(connection, turn(f"Sentence {number}.", number), Answer(""))
    semantic = Semantic(database, Hashing(), None)
    semantic.catch_up()
    assert semantic.expected() == semantic.indexed() == {1: {(number, "said") for number in range(1, 1101)}}
    assert nearest(semantic, "Sentence 1042.") == 1043
    semantic.close()
