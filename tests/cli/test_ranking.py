"""Tests of `familiar memory ranking`, and of what the doctor says about it."""

from __future__ import annotations

from extension.doctor.ranking import ranking
from extension.memory.ranking.correction import Correction, Corrections
from extension.settings import load


def judged(familiar):
    """Let ann's thumb up stand in the diary, with what was learned from her."""
    familiar.tell("My dog is called Biscuit.", as_="ann", place="sofa")
    familiar.tell("What is my dog called?", as_="ann", place="desk")
    assert familiar("memory", "edit", 2, "--rate", "up").code == 0
    figures = {"questions": 40, "own_before": 0.8, "own_after": 0.9}
    weights = {"length": -0.5, "cosine": 0.25}
    Corrections(familiar.data_dir).keep(
        "ann", Correction("trees", "2026-11-21", ("a",), weights, dict.fromkeys(weights, 1.0), figures=figures)
    )


def test_what_was_learned_is_shown_and_taken_back(familiar):
    assert familiar("memory", "ranking").err.startswith("Nothing was learned yet: it takes 30 replies with a thumb up")
    judged(familiar)
    expected = "ann: learned from 40 questions (80% of pairs in order before, 90% after): length -0.50, cosine +0.25, …\n"
    assert familiar("memory", "ranking").out == expected
    [shown] = familiar("memory", "ranking", "--person", "ann", "--json").json
    assert (shown["person"], shown["weights"]["length"], shown["judgements"]) == ("ann", -0.5, 1)
    assert familiar("memory", "ranking", "--reset", "--person", "bob").err == "What was learned for 0 people was taken back.\n"
    assert familiar("memory", "ranking", "--reset").err == "What was learned for 1 person was taken back.\n"
    assert familiar("memory", "ranking").out == "ann: ranked as shipped. It was taken back.\n"


def test_the_doctor_says_how_the_ranking_is(familiar, monkeypatch):
    judged(familiar)
    settings = load({}, data_dir=familiar.data_dir)
    assert (ranking(settings).state, ranking(settings).facts) == ("ok", {"learned": 1, "damaged": 0, "learns": True})
    assert ranking(settings.changed(learn=False)).text.endswith("learning from thumbs and pins is switched off")
    next((familiar.data_dir / "ranking").iterdir()).write_text("{")
    found = ranking(settings)
    assert (found.state, found.text) == ("warning", "What the ranking learned is damaged for 1: the shipped ranker ranks")
    monkeypatch.setattr("extension.doctor.ranking.find_spec", lambda name: None)
    assert ranking(settings).text.startswith("lightgbm is not installed")
