"""How plain sentences are judged: the figures of literal cases, and files that hold no labelled sentences."""

from __future__ import annotations

import pytest

from bench.intents import Judged, by_command, figures, same
from bench.labelled import Sentence, sentences
from extension.commands.plain import Meant

JUDGED = [
    Judged(
        Sentence("a", "set-config", {"name": "temperature", "value": 0.4}),
        Meant("set-config", {"name": "Temperature", "value": "0.40"}, 1),
        0.01,
    ),
    Judged(Sentence("b", "make-docx", {"n": 3}), Meant("make-docx", {"n": "4"}, 1), 0.02),
    Judged(Sentence("c", "models", {}), None, 0.03),
    Judged(Sentence("d", None, {}), Meant("models", {}, 1), 0.04),
    Judged(Sentence("e", None, {}), None, 0.05),
]


def test_precision_recall_and_arguments_are_shares_of_what_they_say():
    found = figures(JUDGED)
    assert (found["sentences"], found["chat"]) == (5, 2)
    assert (found["precision"], found["recall"], found["argument_accuracy"]) == (0.6667, 0.6667, 0.5)
    assert (found["ms_p50"], found["ms_p95"]) == (30.0, 50.0)


def test_a_command_sees_every_other_as_chat():
    assert by_command(JUDGED)["models"] == {"sentences": 1, "precision": 0.0, "recall": 0.0, "argument_accuracy": None}


def test_arguments_are_the_same_as_numbers_and_whatever_their_case():
    assert same({"n": "3"}, {"n": 3, "m": None})
    assert same({"title": " War and Peace"}, {"title": "war and peace"})
    assert not same({"n": "3"}, {})


@pytest.mark.parametrize(
    ("text", "reason"), [("", "holds no sentences"), ("{", "line 1"), ('{"text": "a"}', "line 1"), ("[]", "line 1"), ("\n\n3", "line 3")]
)
def test_a_file_without_labelled_sentences_is_refused_by_its_line(tmp_path, text, reason):
    (tmp_path / "x.jsonl").write_text(text)
    with pytest.raises(ValueError, match=reason):
        sentences(tmp_path / "x.jsonl")
