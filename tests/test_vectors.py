"""Tests of the vector indexes: Chroma's two and the exact one behave alike, and none ends the process that opens it."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from contextlib import nullcontext
from itertools import count
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import psutil
import pytest
from chromadb.errors import InternalError

from extension.errors import IndexUnavailable, MissingPackage
from extension.vectors import ChromaVectors, ExactVectors, Server, SharedVectors, own

ROOT = Path(__file__).resolve().parent.parent
DIARIES = count(os.getpid() * 1000)
AXES = np.eye(4, dtype=np.float32)
KEYS = [(1, "said"), (1, "reply"), (2, "said"), (3, "said")]


def unit(*values):
    vector = np.array(values, dtype=np.float32)
    return vector / np.linalg.norm(vector)


@pytest.fixture(params=["chroma", "exact", pytest.param("shared", marks=pytest.mark.postgres)])
def index(request, tmp_path):
    """An empty index of each kind."""
    if request.param == "shared":
        opened = SharedVectors(Server(request.getfixturevalue("chroma")), next(DIARIES), "space")
    else:
        opened = ChromaVectors(tmp_path / "vectors", "space") if request.param == "chroma" else ExactVectors()
    yield opened
    opened.clear()
    opened.close()


def test_the_nearest_exchanges_are_found_with_their_cosine(index):
    index.put(7, KEYS, AXES)
    assert index.search([7], unit(1, 0, 1, 0), 10) == pytest.approx({1: 0.7071, 2: 0.7071, 3: 0.0}, abs=0.001)


def test_the_better_half_of_an_exchange_counts(index):
    index.put(7, KEYS[:2], np.stack([unit(1, 0, 0, 0), unit(1, 1, 0, 0)]))
    assert index.search([7], unit(0, 1, 0, 0), 10) == pytest.approx({1: 0.7071}, abs=0.001)


def test_of_several_questions_the_best_counts(index):
    index.put(7, KEYS, AXES)
    found = index.search([7], np.stack([unit(1, 0, 1, 0), unit(0, 0, 3, 4)]), 10)
    assert found == pytest.approx({1: 0.7071, 2: 0.7071, 3: 0.8}, abs=0.001)


def test_no_more_than_the_limit_are_looked_at(index):
    index.put(7, KEYS, AXES)
    assert index.search([7], unit(0, 0, 9, 1), 1) == pytest.approx({2: 0.9939}, abs=0.001)


def test_several_vectors_are_asked_for_at_once_and_the_best_counts(index):
    index.put(7, KEYS, AXES)
    both = np.stack([unit(0, 0, 9, 1), unit(3, 4, 0, 0)])
    assert index.search([7], both, 2) == pytest.approx({2: 0.9939, 3: 0.1104, 1: 0.8}, abs=0.001)


def test_realms_are_searched_apart_and_together(index):
    index.put(1, KEYS[:1], AXES[:1])
    index.put(2, KEYS[2:3], AXES[:1])
    assert set(index.search([1], AXES[0], 10)) == {1}
    assert set(index.search([2], AXES[0], 10)) == {2}
    assert set(index.search([1, 2, 3], AXES[0], 10)) == {1, 2}
    assert index.search([], AXES[0], 10) == {}


def test_a_vector_put_again_is_replaced(index):
    index.put(7, KEYS[:1], AXES[:1])
    index.put(7, KEYS[:1], AXES[1:2])
    assert index.search([7], AXES[1], 10) == pytest.approx({1: 1.0}, abs=0.001)
    assert index.counts() == {7: 1}


def synced(folder):
    """Return how many vectors' names Chroma wrote when it last wrote a graph; 0 before."""
    pickles = list(folder.rglob("index_metadata.pickle"))
    return sum(path.read_bytes().count(b":said") for path in pickles) // 2


@pytest.mark.parametrize(("expected", "written"), [(0, 1200), (500_000, 0)])
def test_a_graph_is_written_the_less_often_the_more_it_will_hold(tmp_path, expected, written):
    index = ChromaVectors(tmp_path / "vectors", "space", lambda realm: expected)
    index.put(7, [(number, "said") for number in range(1200)], np.tile(AXES, (300, 1)))
    assert synced(tmp_path) == written
    index.close()


def test_a_graph_that_has_grown_is_written_less_often_from_the_next_start(tmp_path):
    keys = [(number, "said") for number in range(3000)]
    for expected, some in ((0, slice(0, 1200)), (500_000, slice(1200, 3000))):
        index = ChromaVectors(tmp_path / "vectors", "space", lambda realm, expected=expected: expected)
        index.put(7, keys[some], np.tile(AXES, (750, 1))[some])
        assert (synced(tmp_path), index.counts()) == (1200, {7: some.stop})
        assert len(index.search([7], AXES[0], 3)) == 3
        index.close()


@pytest.mark.parametrize(("times", "kept"), [(2, True), (99, False)])
def test_what_chroma_says_of_its_own_work_in_the_background_is_over_a_moment_later(tmp_path, monkeypatch, times, kept):
    index, refused = ChromaVectors(tmp_path / "vectors", "space", lambda realm: 500_000), []
    opened = index._client.get_or_create_collection

    def locked(*values, **named):
        if len(refused) < times:
            refused.append(named)
            raise InternalError("Database error: error returned from database: (code: 5) database is locked")
        return opened(*values, **named)

    monkeypatch.setattr(index._client, "get_or_create_collection", locked)
    with nullcontext() if kept else pytest.raises(IndexUnavailable, match="database is locked"):
        index.put(7, KEYS, AXES)
    monkeypatch.undo()
    assert index.counts() == ({7: 4} if kept else {})
    index.close()


def test_a_large_graph_that_was_loaded_is_in_memory_before_the_first_question(tmp_path):
    index = ChromaVectors(tmp_path / "vectors", "space")
    index.put(7, [(number, "said") for number in range(1200)], np.tile(AXES, (300, 1)))
    index.close()
    index = ChromaVectors(tmp_path / "vectors", "space")
    index.load()
    for path in tmp_path.rglob("data_level0.bin"):
        path.unlink()
    assert len(index.search([7], AXES[0], 3)) == 3
    index.close()


def test_vectors_are_removed_and_those_that_are_not_there_are_no_error(index):
    index.put(7, KEYS, AXES)
    index.remove(7, [(1, "said"), (3, "said"), (99, "reply")])
    index.remove(8, [(1, "said")])
    assert index.keys(7) == {(1, "reply"), (2, "said")}
    assert set(index.search([7], AXES[0], 10)) == {1, 2}
    index.put(7, [(4, "said")], AXES[3:])
    assert index.search([7], AXES[3], 1) == pytest.approx({4: 1.0}, abs=0.001)


def test_counts_and_sizes_leave_empty_realms_out(index):
    index.put(7, KEYS, AXES)
    index.put(8, KEYS[:1], AXES[:1])
    index.remove(8, KEYS[:1])
    assert index.counts() == {7: 4}
    assert (index.size(7), index.size(8), index.size(9)) == (4, 0, 0)
    assert index.keys(9) == set()


def test_clearing_leaves_nothing_and_goes_back_to_the_beginning(index):
    index.put(7, KEYS, AXES)
    index.advance(12)
    assert index.revision == 12
    index.clear()
    assert (index.revision, index.counts(), index.search([7], AXES[0], 5)) == (0, {}, {})
    index.put(7, KEYS, AXES)
    assert index.counts() == {7: 4}


def test_hundreds_of_realms_are_counted(index):
    for realm in range(1, 106):
        index.put(realm, KEYS[:1], AXES[:1])
    assert index.counts() == dict.fromkeys(range(1, 106), 1)


def test_chroma_keeps_vectors_and_revision_over_a_restart(tmp_path):
    first = ChromaVectors(tmp_path / "vectors", "space")
    first.put(7, KEYS, AXES)
    first.advance(5)
    first.close()
    second = ChromaVectors(tmp_path / "vectors", "space")
    assert (second.revision, second.keys(7)) == (5, set(KEYS))
    second.close()


def test_another_vector_space_starts_anew(tmp_path, caplog):
    first = ChromaVectors(tmp_path / "vectors", "space")
    first.put(7, KEYS, AXES)
    first.advance(5)
    first.close()
    with caplog.at_level(logging.WARNING):
        second = ChromaVectors(tmp_path / "vectors", "other")
    assert (second.revision, second.counts()) == (0, {})
    assert "is of another version or model; rebuilding it from the diary." in caplog.text
    second.close()


def test_a_folder_has_one_owner_at_a_time(tmp_path):
    first = own(tmp_path / "vectors", "space")
    assert own(tmp_path / "vectors", "space") is None
    with pytest.raises(IndexUnavailable, match="Another process owns the vector index"):
        ChromaVectors(tmp_path / "vectors", "space")
    first.close()
    second = own(tmp_path / "vectors", "space")
    assert isinstance(second, ChromaVectors)
    second.close()


def test_another_process_that_owns_the_folder_keeps_it_until_it_ends(tmp_path):
    code = "import sys; from filelock import FileLock; lock = FileLock(sys.argv[1]); lock.acquire(); print('held', flush=True); input()"
    command = [sys.executable, "-c", code, str(tmp_path / "vectors.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        assert own(tmp_path / "vectors", "space") is None
        process.kill()
    index = own(tmp_path / "vectors", "space")
    assert index is not None
    index.close()


def test_a_file_where_the_folder_should_be_is_made_way_with(tmp_path):
    (tmp_path / "vectors").write_text("not a folder")
    index = ChromaVectors(tmp_path / "vectors", "space")
    assert index.counts() == {}
    index.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(IndexUnavailable, match=r"may not be written \("):
        ChromaVectors(tmp_path / "file" / "vectors", "space")


def test_vectors_of_another_length_are_refused(tmp_path):
    index = ChromaVectors(tmp_path / "vectors", "space")
    index.put(7, KEYS, AXES)
    with pytest.raises(IndexUnavailable, match="dimension"):
        index.search([7], np.ones(3, dtype=np.float32), 1)
    index.close()


def test_closing_leaves_no_file_open(tmp_path):
    index = ChromaVectors(tmp_path / "vectors", "space")
    index.put(7, KEYS, AXES)
    index.search([7], AXES[0], 1)
    index.close()
    until = monotonic() + 10
    while (still := [file.path for file in psutil.Process().open_files() if file.path.startswith(str(tmp_path))]) and monotonic() < until:
        sleep(0.05)  # Chroma's own threads close theirs a moment later
    assert still == []


def test_without_chromadb_a_sentence_says_what_to_install(tmp_path):
    code = """
import sys
sys.modules["chromadb"] = None
from pathlib import Path
from extension.vectors import ChromaVectors
try:
    ChromaVectors(Path(sys.argv[1]), "space")
except Exception as exc:
    print(type(exc).__name__, exc)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "vectors")], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.startswith(MissingPackage.__name__)
    assert "Install it: pip install chromadb" in done.stdout


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The folder a killed process leaves behind, with enough vectors in it that Chroma has written its graph."""
    folder = tmp_path_factory.mktemp("killed") / "vectors"
    index = ChromaVectors(folder, "space")
    vectors = np.random.default_rng(1).normal(size=(1100, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index.put(7, [(number, "said") for number in range(1100)], vectors)
    index.advance(3)
    left = shutil.copytree(folder, folder.with_name("left"))
    index.close()
    return left


def test_an_index_left_by_a_kill_is_used_when_it_is_sound(killed, tmp_path, caplog):
    folder = shutil.copytree(killed, tmp_path / "vectors")
    index = ChromaVectors(folder, "space")
    assert (index.revision, index.counts()) == (3, {7: 1100})
    assert caplog.text == ""
    index.close()


@pytest.mark.parametrize("damage", ["garbage", "truncated"])
@pytest.mark.parametrize("name", ["data_level0.bin", "index_metadata.pickle"])
def test_an_index_damaged_by_a_kill_starts_anew_and_never_ends_the_process(killed, tmp_path, caplog, name, damage):
    """Some of this damage ends a process that opens the index with a segmentation fault."""
    folder = shutil.copytree(killed, tmp_path / "vectors")
    [path] = folder.rglob(name)
    if damage == "garbage":
        path.write_bytes(b"garbage")
    else:
        os.truncate(path, path.stat().st_size // 2)
    with caplog.at_level(logging.WARNING):
        index = ChromaVectors(folder, "space")
    assert (index.revision, index.counts()) == (0, {})
    assert "was damaged when its process was killed; rebuilding it from the diary." in caplog.text
    index.put(7, [(1, "said")], np.ones((1, 32), dtype=np.float32))
    assert index.counts() == {7: 1}
    index.close()


MEMORY = """
import sys
from pathlib import Path
from threading import Barrier, Thread
import numpy
barrier = Barrier(16)
def say():
    barrier.wait()
    for _ in range(4):
        words = [(b"unmistakable" * 14_000, bytes(1000)) for _ in range(8)]
        del words
    barrier.wait()
threads = [Thread(target=say) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
from extension.vectors import ChromaVectors
index = ChromaVectors(Path(sys.argv[1]), "space")
for realm in range(1, 9):
    index.put(realm, [(1, "said")], numpy.ones((1, 384), dtype=numpy.float32))
index.close()
"""


def test_nothing_else_this_process_knew_is_in_the_files_of_the_index(tmp_path):
    """hnswlib writes memory it never filled: here, what threads that ended had in theirs."""
    subprocess.run([sys.executable, "-c", MEMORY, str(tmp_path / "vectors")], check=True, cwd=ROOT)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len([path for path in files if path.name == "data_level0.bin"]) == 8
    assert [path for path in files if b"unmistakable" in path.read_bytes()] == []


def test_an_index_grows_beyond_its_first_graph(tmp_path):
    vectors = np.random.default_rng(2).normal(size=(1200, 16)).astype(np.float32)
    index = ChromaVectors(tmp_path / "vectors", "space")
    for start in range(0, 1200, 40):
        index.put(7, [(number, "said") for number in range(start, start + 40)], vectors[start : start + 40])
        assert start in index.search([7], vectors[start], 3)
    index.close()
    again = ChromaVectors(tmp_path / "vectors", "space")
    assert again.counts() == {7: 1200}
    assert all(number in again.search([7], vectors[number], 3) for number in range(0, 1200, 50))
    again.close()


def test_the_similarity_of_single_exchanges_is_looked_up_in_the_realms_they_are_in():
    index = ExactVectors()
    index.put(1, KEYS, AXES)
    index.put(2, [(9, "said")], AXES[:1])
    index.remove(1, [(3, "said")])
    asked = [(1, "reply"), (2, "said"), (3, "said"), (9, "said")]
    assert index.similarity([1], asked, unit(0, 3, 4, 0)) == pytest.approx({1: 0.6, 2: 0.8})
    assert index.similarity([2, 7], asked, unit(1, 0, 0, 0)) == {9: 1.0}
