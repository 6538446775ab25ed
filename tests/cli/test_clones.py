"""Tests of `familiar clones`: what is said, for whom, and what an evaluation comes to."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from transformers import AutoTokenizer

from extension.app import build as opened
from extension.refresh.building import build
from extension.refresh.chats import Chats
from extension.refresh.people import People
from extension.refresh.recipe.recipe import Recipe
from extension.refresh.turns import Conversation, Speaker, Turn
from extension.settings import load
from tests.clones.conftest import trained
from tests.models import tiny_adapter, tiny_folder
from tests.refresh.talk import ANN, BOB, keep, talk

PEOPLE = (Speaker(ANN, "Ann Smith", "Ann"), Speaker(BOB, "Bob", "Bob"))
WORDS = ("boat", "lake", "wind", "tent", "map", "soup")
SHORT = ("--max-tokens", 8, "--temperature", 0)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_folder(tmp_path_factory.mktemp("tiny") / "tiny-random-llama")


def conversations():
    """Ann shouts, Bob does not; a session a day."""
    for day in range(40):
        at = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(days=day)
        word, other = WORDS[day % 6], WORDS[day // 6 % 6]
        texts = [f"THE {word.upper()}!!!", f"hm. {other}, perhaps…", f"NO, {other.upper()}!!!", f"or {word}, then…"]
        turns = [Turn(PEOPLE[number % 2], text, at=at + timedelta(minutes=number)) for number, text in enumerate(texts)]
        yield Conversation("discord:1", tuple(turns))


def chat():
    return [Conversation("discord:1", tuple(turn for each in conversations() for turn in each.turns))]


@pytest.fixture
def friends(familiar, tiny, tmp_path):
    """A run trained on Ann and Bob, who both agreed."""
    recipe = Recipe.model_validate({"dataset": {"eval_frac": 0.2, "chunk_size": 512}})
    build(chat(), recipe, AutoTokenizer.from_pretrained(tiny), "tiny").save(tmp_path / "dataset")
    trained(familiar.data_dir, tiny, tiny_adapter(tiny, tmp_path / "adapter"), PEOPLE, dataset=tmp_path / "dataset")
    application = opened(load({}, data_dir=familiar.data_dir, embedder="hashing", host="scripted"))
    keep(Chats(application.memories.database), *talk((ANN, "hi"), (BOB, "yo")))
    for who in (ANN, BOB):
        People(application.memories.database).change(who, consent="given")
    application.close()
    return familiar


@pytest.fixture
def said(tmp_path):
    path = tmp_path / "talk.txt"
    path.write_text("Ann Smith: WHO IS COMING?\nBob: me…\n")
    return path


def test_somebody_speaks_and_a_seed_says_it_again(friends, said):
    first = friends("clones", "say", "--as", "ann", "--context", said, "--seed-text", "WELL", *SHORT)
    assert first.out.startswith("WELL") and first.out.endswith("\n")
    again = friends("clones", "say", "--as", ANN, "--context", "-", "--seed-text", "WELL", *SHORT, stdin=said.read_bytes())
    assert again.out == first.out
    drawn = friends("clones", "say", "--as", "Ann", "--n", 3, "--max-tokens", 8, "--temperature", 2, "--seed", 5, "--json").json
    assert [each["name"] for each in drawn] == ["Ann Smith"] * 3 and len({each["text"] for each in drawn}) > 1


def test_all_speak_at_once_and_who_is_next_is_told(friends, said):
    rows = friends("clones", "batch", "--context", said, *SHORT, "--json").json
    assert [each["id"] for each in rows] == [ANN, BOB]
    shares = friends("clones", "next", "--context", said, "--json").json
    assert sum(each["probability"] for each in shares) == pytest.approx(1)
    assert {each["name"] for each in shares} == {"Ann Smith", "Bob"}
    turns = friends("clones", "banter", "--turns", 3, "--context", said, "--seed", 1, "--max-tokens", 8, "--temperature", 1, "--json").json
    assert 0 < len(turns) <= 3


def test_the_model_is_asked_beside_them_and_a_text_is_reworded(friends):
    plain, adapted = (friends("clones", "ask", "Who are you?", *SHORT, *more, "--json").json["text"] for more in ((), ("--adapted",)))
    assert plain != adapted
    assert friends("clones", "reword", "See you", "--as", "Bob", *SHORT).code == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("say", "--as", "Zed"), "friends cannot speak as 'Zed'. There are: Ann Smith, Bob."),
        (("say", "--as", "Bob", "--run", "../friends"), "There is no run ../friends."),
        (("say", "--as", "Bob", "--context", "/no/such/file"), "The context /no/such/file cannot be read: No such file or directory."),
        (("next", "--context", "/dev/null"), "Nothing was said yet"),
    ],
)
def test_what_cannot_be_done_is_said(friends, arguments, why):
    ran = friends("clones", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert why in ran.err


def test_before_anything_was_trained_it_says_how_to(familiar):
    assert "There is no trained adapter yet" in familiar("clones", "say", "--as", "Ann").err


EVALUATE = ("clones", "evaluate", "--occasions", 6, "--max-tokens", 6, "--temperature", 1, "--json")


def test_an_evaluation_tells_people_and_goes_on_after_a_kill(friends, monkeypatch):
    found = friends(*EVALUATE, "--n", 2).json["result"]
    assert (found["held_out"]["texts"], found["held_out"]["accuracy"], found["generated"]["texts"]) == (6, 1.0, 12)
    assert found["generated"]["accuracy"] < 0.9
    monkeypatch.setattr("extension.clones.clones.Clones.say", lambda *arguments: pytest.fail("made again"))
    assert friends(*EVALUATE, "--n", 2).json["result"] == found


def test_a_sheet_has_a_column_for_each_checkpoint_and_a_sweep_a_row_for_each_setting(friends, tiny):
    from extension.refresh.training.checkpoints import seal

    run = friends.data_dir / "runs" / "friends"
    checkpoint = tiny_adapter(tiny, run / "checkpoints" / "checkpoint-5", seed=4)
    seal(checkpoint)
    tiny_adapter(tiny, run / "checkpoints" / "checkpoint-9", seed=4)  # killed before it was sealed
    made = friends(*EVALUATE, "--what", "sheet").json
    assert made["result"]["columns"] == ["context", "speaker", "really said", "checkpoint-5", "friends"]
    assert len(made["result"]["rows"]) == 6
    assert sorted(path.rpartition("/")[2] for path in made["files"]) == ["sheet.csv", "sheet.html", "sheet.json", "sheet.md"]
    grid = ("--temperatures", 0.5, "--temperatures", 1.5, "--top-ps", 1, "--min-ps", 0)
    rows = friends(*EVALUATE, "--what", "sweep", *grid).json["result"]
    assert {row["settings"] for row in rows} == {"t=0.5 p=1 min_p=0", "t=1.5 p=1 min_p=0"}
    assert rows[0]["score"] >= rows[1]["score"]


def test_a_dataset_that_was_built_anew_measures_nothing(friends):
    run = friends.data_dir / "runs" / "friends" / "config.json"
    run.write_text(json.dumps(json.loads(run.read_text()) | {"data": "0"}))
    assert "was built anew since friends was trained" in friends(*EVALUATE).err
