"""Tests of the ranker: what it does with its trees, and without."""

from __future__ import annotations

import json

import numpy as np
import pytest

from extension.memory.ranking.ranker import CURVE, FOLDER, MODEL, Ranker

KNOWN = "all-MiniLM-L6-v2"


def columns(**given):
    import lightgbm

    names = lightgbm.Booster(model_file=str(FOLDER / MODEL)).feature_name()
    return {name: np.array(given.get(name, [0.0, 0.0]), dtype=np.float32) for name in names}


FOUND = {"bm25_own_best": [0.2, 1.0], "bm25_pair_best": [0.2, 1.0], "cosine": [0.1, 0.7], "talk_three": [0.5, 1.0]}


def test_the_trees_give_probabilities():
    scored = Ranker(KNOWN).score(columns(**FOUND))
    assert scored.values.dtype == np.float32 and scored.values.shape == (2,)
    assert ((scored.values >= 0) & (scored.values <= 1)).all()
    assert scored.least == pytest.approx(max(0.0, 0.15 * scored.values.max()))


def test_of_nothing_nothing_is_scored():
    assert Ranker(KNOWN).score(columns(**{name: [] for name in columns()})).values.shape == (0,)


def plain(ranker):
    scored = ranker.score(columns(**FOUND))
    assert scored.values == pytest.approx([0.2071, 1.0], abs=0.0001)
    assert scored.least == pytest.approx(0.45)


def test_another_embedding_model_is_ranked_without_the_trees(caplog):
    caplog.set_level("INFO")
    plain(Ranker("bge-small"))
    assert "it knows all-MiniLM-L6-v2, not bge-small" in caplog.text


def test_with_no_embedding_model_the_trees_go_by_words():
    found = {
        **FOUND,
        **{name: [float("nan")] * 2 for name in columns() if name.startswith(("cosine", "statement", "pair", "talk_cosine", "alike"))},
    }
    assert Ranker("").score(columns(**found)).least < 0.3


@pytest.mark.parametrize("trees", ["", "tree\nversion=v4\nnonsense", "\x00" * 100])
def test_damaged_trees_are_done_without(tmp_path, trees, caplog, capfd):
    caplog.set_level("INFO")
    (tmp_path / CURVE).write_text(json.dumps({"embedder": KNOWN, "slope": 1, "offset": 0}))
    (tmp_path / MODEL).write_text(trees)
    plain(Ranker(KNOWN, tmp_path))
    assert "damaged" in caplog.text
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("curve", ["", "{}", "[1]", '{"embedder": "all-MiniLM-L6-v2", "slope": "steep", "offset": 0}'])
def test_a_damaged_curve_is_done_without(tmp_path, curve):
    (tmp_path / CURVE).write_text(curve)
    (tmp_path / MODEL).write_bytes((FOLDER / MODEL).read_bytes())
    plain(Ranker(KNOWN, tmp_path))


def test_a_missing_lightgbm_is_done_without(monkeypatch):
    import sys

    found = columns(**FOUND)
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    assert Ranker(KNOWN).score(found).least == pytest.approx(0.45)
