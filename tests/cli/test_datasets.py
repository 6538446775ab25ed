"""Tests of `familiar dataset`: a sample token by token, the numbers, and the folder."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bench.voices import lines
from extension.database import Database
from extension.hosts import smollm2
from extension.refresh.chats import Chat, Chats, File
from extension.refresh.dataset import Dataset
from extension.refresh.people import People
from extension.settings import load

from ..models import smollm2_folder, tiny_folder

MIA, ALDOUS, RICO = (f"discord:80000000000000000{number}" for number in (1, 2, 3))


@pytest.fixture
def talked(familiar):
    """A data directory with a chat of three people, two of whom agreed."""
    chosen = load(data_dir=familiar.data_dir)
    database = Database(chosen.diary_url, chosen.lock_timeout)
    said = lines(3, 20)
    Chats(database).add(
        File("x.json", "discord", "x"), [Chat(said[0].conversation, "general", "discord")], said, Counter(), datetime.now(UTC)
    )
    for each in (MIA, ALDOUS):
        People(database).change(each, consent="given")
    database.close()
    return familiar


@pytest.fixture
def model(talked, tmp_path):
    """A model whose tokenizer is small; datasets are made for it."""
    folder = tiny_folder(tmp_path / "tiny")
    return "--set", f"model.model_id={folder}"


def test_a_sample_is_shown_token_by_token_with_what_is_learned(talked, model):
    ran = talked("dataset", "preview", "--sample", 2, *model)
    assert ran.code == 0
    learned = [line for line in ran.out.splitlines() if line.startswith("*")]
    assert {line.split()[1] for line in learned} == {"tag", "content", "end"}
    assert any(" mia " in line for line in learned) and not any(" RICO " in line for line in learned)
    assert "RICO" in ran.out
    assert "Sample 2 of 20 (to learn, 2023-01-0" in ran.err


def test_samples_of_a_person_are_those_in_which_they_are_learned(talked, model):
    shown = talked("dataset", "preview", "--person", "MIA", "--json", *model).json
    assert MIA in {token["speaker"] for token in shown["tokens"] if token["learned"]}
    refused = talked("dataset", "preview", "--person", "rico", *model)
    assert (refused.code, refused.err) == (1, "Error: Nothing of rico is learned in this dataset. `familiar people` says why.\n")
    assert (
        talked("dataset", "preview", "--sample", 21, *model).err
        == "Error: There is no sample 21: there are 20. Give a number up to that.\n"
    )


def test_the_numbers_say_who_is_learned_and_why_not(talked, model):
    out = talked("dataset", "stats", *model).out
    assert "To learn: 19 samples" in out
    assert "messages, no consent)." in out
    told = talked("dataset", "stats", "--json", *model).json
    assert (told["samples"], told["eval_samples"], told["truncated"]) == (19, 1, 0)
    assert {share["name"]: share["learned"] for share in told["prepared"]["people"]} == {
        "mia": True,
        "Professor Aldous": True,
        "RICO": False,
    }


def test_a_dataset_is_written_and_looked_at(talked, model, tmp_path):
    ran = talked("dataset", "build", "--out", tmp_path / "set", *model)
    assert ran.out.startswith(f"Written: {tmp_path / 'set'} (19 samples, ")
    assert len(Dataset.load(tmp_path / "set").train) == 19
    assert talked("dataset", "stats", "--dataset", tmp_path / "set").out.startswith("To learn: 19 samples")
    assert talked("dataset", "preview", "--dataset", tmp_path / "set", *model).code == 0
    assert talked("dataset", "build", "--out", tmp_path / "set", "--json", *model).json["samples"] == 19


def test_words_that_could_steer_a_terminal_do_not(talked, model):
    database = Database(load(data_dir=talked.data_dir).diary_url, 1)
    steering = enumerate(lines(3, 1)[:4])
    bad = [replace(line, id=f"x{number}", conversation="discord:2", text="\x1b[2Jgone\u202e") for number, line in steering]
    Chats(database).add(File("y.json", "discord", "y"), [Chat("discord:2", "bad", "discord")], bad, Counter(), datetime.now(UTC))
    database.close()
    for number in range(1, 22):
        assert not {"\x1b", "\u202e"} & set(talked("dataset", "preview", "--sample", number, *model).out)


def test_where_nothing_is_to_learn_it_says_what_to_do(familiar, tmp_path):
    model = ("--set", f"model.model_id={tiny_folder(tmp_path / 'tiny')}")
    assert "Import a chat (`familiar import-chat`)" in familiar("dataset", "stats", *model).out
    assert "Import a chat (`familiar import-chat`)" in familiar("dataset", "preview", *model).err


@pytest.mark.model
def test_without_a_recipe_it_is_for_the_model_that_comes_along(talked):
    (talked.data_dir / "models").mkdir()
    (talked.data_dir / "models" / smollm2.NAME).symlink_to(smollm2_folder())
    assert "* tag     mia          mia|⏎\n* content mia " in talked("dataset", "preview").out
