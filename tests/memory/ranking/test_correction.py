"""Tests of the file of what was learned for a person: read and written whole, never believed when it is damaged."""

from __future__ import annotations

import json

import numpy as np
import pytest

from extension.errors import StoreError
from extension.memory.ranking.correction import MOST, Correction, Corrections, _checksum
from extension.memory.ranking.ranker import Ranker

from .test_ranker import FOUND, KNOWN, columns

TREES = Ranker(KNOWN).trees


def correction(trees=TREES, **weights):
    return Correction(trees, "2026-11-21T10:00:00+00:00", ("a", "b"), weights, dict.fromkeys(weights, 0.5), figures={"questions": 40})


@pytest.fixture
def held(tmp_path):
    return Corrections(tmp_path)


def file_of(folder):
    [path] = (folder / "ranking").iterdir()
    return path


def scores(corrections, person="ann", embedder=KNOWN):
    return Ranker(embedder, corrections=corrections).score(columns(**FOUND), person).values.tolist()


def test_what_was_learned_is_read_back_and_raises_the_score_of_that_person_alone(held):
    shipped = scores(None)
    held.keep("ann", correction(cosine=1.5))
    assert Corrections(held._folder.parent).of("ann") == correction(cosine=1.5)
    mine = scores(held)
    assert mine[0] < shipped[0] and mine[1] > shipped[1]
    assert scores(held, "bob") == shipped
    assert scores(held, "") == shipped


def test_a_correction_is_in_deviations_from_the_mean_and_never_large():
    features = {"cosine": np.array([0.1, 0.2, 0.6, float("nan")], dtype=np.float32), "length": np.array([0, 0, 9e9, 0], dtype=np.float32)}
    assert correction(cosine=0.5).of(features).tolist() == pytest.approx([-0.2, -0.1, 0.3, 0.0])
    assert correction(cosine=-3.0, length=5.0).of(features).tolist() == pytest.approx([-MOST, -MOST, MOST, -MOST])


def test_switched_off_or_learned_with_other_trees_it_is_not_used(held):
    shipped = scores(None)
    held.keep("ann", correction("other trees", cosine=1.5))
    assert scores(held) == shipped
    held.keep("ann", correction(cosine=1.5))
    assert scores(held, embedder="bge-small") == pytest.approx([0.2071, 1.0], abs=0.0001)
    held.used = False
    assert scores(held) == shipped


def resigned(change):
    def damage(text):
        body = change(json.loads(text))
        body.pop("checksum")
        return json.dumps(body | {"checksum": _checksum(body)})

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[:-40],
        lambda text: text.replace("1.5", "2.5"),
        lambda text: "[]",
        lambda text: "[" * 100_000,
        lambda text: "\x00" * 300_000,
        resigned(lambda body: body | {"weights": {"cosine": float("nan")}}),
        resigned(lambda body: body | {"weights": {"cosine": 1e9}}),
        resigned(lambda body: body | {"weights": {"__class__": 1.0}, "scales": {"__class__": 1.0}}),
        resigned(lambda body: body | {"weights": {"cosine": "x"}}),
        resigned(lambda body: body | {"scales": {"cosine": 0}}),
        resigned(lambda body: body | {"weights": [1.0]}),
        resigned(lambda body: body | {"format": 2}),
        resigned(lambda body: body | {"further": 1}),
    ],
)
def test_a_damaged_or_hostile_file_is_warned_of_once_and_the_shipped_ranker_ranks(held, tmp_path, damage, caplog):
    held.keep("ann", correction(cosine=1.5))
    path = file_of(tmp_path)
    path.write_text(damage(path.read_text()))
    assert scores(held) == scores(held) == scores(None)
    assert caplog.text.count("is damaged") == 1
    assert held.each() == [None]
    held.keep("ann", correction(cosine=1.5))
    assert held.of("ann") == correction(cosine=1.5)


def test_what_cannot_be_written_leaves_what_was_there(held, tmp_path, monkeypatch):
    held.keep("ann", correction(cosine=1.5))
    monkeypatch.setattr("pathlib.Path.replace", lambda *given: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(StoreError, match="No space left on device"):
        held.keep("ann", correction(cosine=0.5))
    assert held.of("ann") == correction(cosine=1.5)
    assert len(list((tmp_path / "ranking").iterdir())) == 1


def test_a_file_goes_with_its_person_and_so_does_what_a_kill_left_of_writing_it(held, tmp_path):
    for person in ("ann", "bob"):
        held.keep(person, correction(cosine=1.5))
    left = held._path("bob")
    left.with_name(f".{left.name}.4711.tmp").write_text('{"format": 1, "weig')
    held.keep_only(["ann", "eve"])
    assert file_of(tmp_path) == held._path("ann")
    assert (held.of("bob"), held.of("ann")) == (None, correction(cosine=1.5))


def test_the_name_and_the_text_of_a_file_name_nobody(held, tmp_path):
    held.keep("ann@example.org", correction(cosine=1.5))
    path = file_of(tmp_path)
    assert "ann" not in path.name + path.read_text()
