"""Conversations in LoCoMo's format: evidence however it is written, pictures, and files that are something else."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bench.conversations import evidence_ids, locomo, ours


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        (["D1:3"], ["D1:3"]),
        (["D8:6; D9:17"], ["D8:6", "D9:17"]),
        (["D30:05", "D1:3", "D1:3"], ["D30:5", "D1:3"]),
        (["D:11:26"], ["D11:26"]),
        ("D9:1 D4:4 D4:6", ["D9:1", "D4:4", "D4:6"]),
        (["D", None, 7], []),
        ([], []),
    ],
)
def test_evidence_is_read_however_it_is_written(given, ids):
    assert evidence_ids(given) == ids


def test_a_conversation_is_read_with_its_pictures_and_times(tmp_path):
    talk = {
        "session_2_date_time": "1:56 pm on 8 May, 2023",
        "session_2": [
            {"dia_id": "D2:1", "speaker": "Caroline", "text": "Look!", "blip_caption": "a dog"},
            {"dia_id": "D2:2", "speaker": "Mel", "text": "Nice."},
        ],
        "session_10": [{"dia_id": "D10:1", "speaker": "Mel"}],
    }
    asked = [
        {"question": "What is on the picture?", "evidence": ["D2:01", "D99:1"], "category": 4},
        {"question": "And?", "evidence": ["D99:1"]},
        {"question": "Nothing?"},
    ]
    (tmp_path / "data.json").write_text(json.dumps([{"conversation": talk, "qa": asked, "sample_id": "conv-1"}]))
    [found] = locomo(tmp_path / "data.json")
    assert [(turn.ids, turn.speaker, turn.said, turn.session) for turn in found.turns] == [
        (("D2:1",), "Caroline", "Look! [picture: a dog]", 2),
        (("D2:2",), "Mel", "Nice.", 2),
        (("D10:1",), "Mel", "", 10),
    ]
    assert found.turns[1].when == datetime(2023, 5, 8, 13, 56, 30, tzinfo=UTC)
    assert [(each.text, each.evidence, each.category) for each in found.questions] == [("What is on the picture?", ("D2:1",), 4)]
    assert found.sources == {"D2:1": 0, "D2:2": 1, "D10:1": 2}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "cannot be read as JSON"),
        ("{}", "is not in LoCoMo's format"),
        ('[{"qa": []}]', "is not in LoCoMo's format"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_something_else_is_refused(tmp_path, text, reason):
    if text is not None:
        (tmp_path / "data.json").write_text(text)
    with pytest.raises(ValueError, match=reason):
        locomo(tmp_path / "data.json")


def test_every_question_of_our_own_conversations_has_its_answer_in_them():
    conversations = ours()
    assert {each.kind for each in conversations} == {"companion", "friends", "group"}
    for each in conversations:
        assert each.questions
        assert all(number in each.sources for question in each.questions for number in question.evidence)
