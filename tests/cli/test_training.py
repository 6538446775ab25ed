"""Tests of `familiar train` and `familiar runs`: from chats to an adapter, and everything that is said on the way."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.voices import lines
from extension.database import Database
from extension.refresh.chats import Chat, Chats, File
from extension.refresh.people import People
from extension.settings import load

from ..models import tiny_folder

MIA, ALDOUS = ("discord:800000000000000001", "discord:800000000000000002")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_folder(tmp_path_factory.mktemp("models") / "tiny")


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
def quick(model):
    """Words of the command line for a training of a moment on a tiny model."""
    values = {"training.max_steps": 3, "training.batch_size": 1, "training.gradient_accumulation_steps": 1, "training.logging_steps": 1}
    given = values | {"model.model_id": model, "dataset.chunk_size": 700, "dataset.eval_frac": 0.1, "training.save_steps": 1}
    return [word for key, value in given.items() for word in ("--set", f"{key}={value}")]


def test_from_chats_to_an_adapter_and_what_is_shown_of_it(talked, quick, tmp_path):
    ran = talked("train", "--name", "voices", *quick)
    assert ran.code == 0, ran.err
    assert f"Trained: {talked.data_dir / 'runs' / 'voices' / 'adapter'} (3 steps, loss on held-out samples" in ran.out
    assert "Dataset: " in ran.err and "step 3/3" in ran.err
    listed = talked("runs").out
    assert listed.startswith("+ voices  done  3/3  ") and "→" in listed
    shown = talked("runs", "show", "voices").out
    assert "voices: done, step 3/3" in shown and "Adapter: " in shown and "peak memory" in shown
    told = talked("runs", "show", "voices", "--json").json
    assert (told["state"], len(told["losses"]), told["config"]["dataset"]) == ("done", 3, "dataset")
    assert [each["name"] for each in talked("runs", "list", "--json").json] == ["voices"]
    converted = talked("runs", "gguf", "voices", "--out", tmp_path / "voices.gguf")
    assert converted.code == 0 and (tmp_path / "voices.gguf").read_bytes()[:4] == b"GGUF"
    assert talked("runs", "remove", "voices", stdin=b"n\n").err.endswith("Nothing was deleted.\n")
    assert talked("runs", "remove", "voices", "--yes").out == "Deleted: voices\n"
    assert talked("runs").err == "Nothing was trained yet: `familiar train` does.\n"


def test_ctrl_c_leaves_a_run_that_goes_on_later(talked, quick):
    long = ["--set", "training.max_steps=400"]
    process = talked.start("train", "--name", "long", *quick, *long, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: state(talked, "long")["step"] >= 1, process)
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 130
    assert state(talked, "long")["state"] == "stopped"
    assert talked("runs").out.startswith("- long  stopped")
    ran = talked("train", "--resume", "long", "--detach")
    assert ran.code == 0 and "`familiar runs show long` shows how far it is." in ran.out
    until(lambda: talked("runs", "list", "--json").json[0]["state"] == "training")
    assert (
        talked("train", "--name", "other", *quick).err.splitlines()[-1].startswith("Error: Another training runs on this data directory.")
    )
    stopped = talked("runs", "stop", "long")
    assert stopped.code == 0 and "`familiar train --resume long` goes on." in stopped.out
    steps = [line["step"] for line in talked("runs", "show", "long", "--json").json["log"] if "loss" in line]
    assert steps == sorted(set(steps))


def state(talked, name):
    """Return the last word of a run; before it has one, that it is at step -1."""
    path = talked.data_dir / "runs" / name / "progress.json"
    return json.loads(path.read_text()) if path.is_file() else {"step": -1}


def until(true, process=None):
    """Wait until something is so."""
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end and (process is None or process.poll() is None)
        time.sleep(0.05)


def test_the_cost_is_told_before_anything_is_made(talked, quick):
    ran = talked("train", "--estimate", *quick)
    assert ran.code == 0, ran.err
    words = ran.out
    assert words.startswith("Model tiny: ") and " tokens at a time, 1 times a step." in words
    assert "Memory: " in words and "Time: about " in words and "It fits: needs " in words
    told = talked("train", "--estimate", "--json", *quick).json
    assert told["fits"] is True and told["steps"] == 3 and told["total"] == sum(told["memory"].values())
    assert told["plan"]["device"] == "cpu" and 0 <= told["seconds"] < 60
    assert not list((talked.data_dir / "runs").glob("*/config.json"))


def test_a_job_is_written_for_everybody_who_agreed(talked, quick):
    ran = talked("train", "--each", "person", "--name", "v", "--job", "slurm", "--cards", "2", "--set", "training.max_steps=5", *quick)
    assert ran.code == 0, ran.err
    assert [line.partition(": ")[2].split()[0] for line in ran.out.splitlines()] == ["sbatch", "sbatch"]
    runs = talked.data_dir / "runs"
    assert {path.parent.name for path in runs.glob("*/job.slurm")} == {"v-mia", "v-Professor-Aldous"}
    assert "- discord:800000000000000001\n" in (runs / "v-mia" / "recipe.yaml").read_text()
    assert {each["state"] for each in talked("runs", "list", "--json").json} == {"waiting"}


def test_a_recipe_is_written_with_every_key_and_taken(talked, tmp_path):
    path = tmp_path / "recipe.yaml"
    assert talked("train", "--write-config", path).out == f"Written: {path}\n"
    assert talked("train", "--config", path, "--set", "training.sed=1").err.startswith("Error: --set: there is no `training.sed`.")
    assert talked("train", "--write-config", path).err == f"Error: {path} is there already. Name another file, or remove that one first.\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["train", "--config", "/no/such.yaml"], "The recipe /no/such.yaml cannot be read"),
        (["train", "--resume", "nobody"], "There is no run nobody. `familiar runs` lists them."),
        (["train", "--each", "cat"], "--each cat: there are person and companion."),
        (["train", "--each", "companion"], "--each companion finds nobody"),
        (["train", "--each", "person", "--detach"], "leave --detach and --dataset out"),
        (["train", "--set", "model.model_id=/no/model"], "is no folder of a Hugging Face model"),
        (["runs", "show", "../x"], "There is no run ../x."),
        (["runs", "stop", "x"], "There is no run x."),
    ],
)
def test_what_cannot_be_done_is_said(talked, words, told):
    ran = talked(*words)
    assert ran.code == 1 and told in ran.err


def test_too_few_words_are_told_and_leave_nothing(talked, quick):
    ran = talked("train", *quick, "--set", "data.people.authors=[mia]", "--set", "data.sources.until=2023-01-02")
    assert ran.code == 1 and "The dataset is too small: it needs " in ran.err
    assert not Path(talked.data_dir / "runs").exists() or not list((talked.data_dir / "runs").iterdir())
