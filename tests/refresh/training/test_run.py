"""A training seen from outside: killed, stopped, resumed, one at a time; and what it says when memory, disk or numbers do not suffice."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import pytest

from extension.errors import NotFound, SettingsError, StoreFull, TrainingError, TrainingRefused, TrainingRuns
from extension.refresh.training import attempts, checkpoints, folder, progress, run, script
from extension.refresh.training.folder import Claim
from extension.refresh.training.plan import kept_plan
from extension.refresh.training.progress import Progress, sparkline

from .conftest import recipe_of

PATIENCE = 120


def until(true, process=None):
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end and (process is None or process.poll() is None)
        time.sleep(0.01)


@pytest.fixture
def started(prepared):
    """Start runs as processes, and end what is left of them."""
    processes = []

    def start(made):
        processes.append(run.start(made, processes=1))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


LONG = {"max_steps": 60, "eval_steps": 100, "save_steps": 3, "logging_steps": 1}


def test_killed_and_resumed_it_learns_what_it_would_have_learned(prepared, started):
    whole = prepared(recipe_of(training=LONG), "whole")
    script.train(whole)
    made = prepared(recipe_of(training=LONG), "killed")
    for least in (4, 20):
        process = started(run.resumed(made) if least > 4 else made)
        last = run.follow(made, process, lambda now, least=least, process=process: process.kill() if now.step >= least else None)
        assert last.state == "killed" and "for want of memory as a rule. Less is needed with training.batch_size=1" in last.trouble
    assert made.progress().state == "killed" and not made.adapter.exists()
    half = checkpoints.newest(made.checkpoints)
    (half / "optimizer.pt").write_bytes(b"half")
    before = checkpoints.newest(made.checkpoints)
    assert before is not None and checkpoints.step(before) < checkpoints.step(half)
    script.train(run.resumed(made))
    assert made.log.losses() == whole.log.losses()
    assert [step for step, _ in made.log.losses()] == list(range(1, 61))
    assert (made.adapter / "adapter_model.safetensors").read_bytes() == (whole.adapter / "adapter_model.safetensors").read_bytes()


def test_stopped_it_ends_its_step_and_goes_on_later(prepared, started, tmp_path):
    made = prepared(recipe_of(training=LONG | {"save_steps": 1000}))
    process = started(made)
    until(lambda: made.progress().step >= 2, process)
    with pytest.raises(TrainingRuns, match="Another training runs on this data directory"):
        run.start(prepared(name="other"))
    with pytest.raises(TrainingRuns, match="is being trained already"):
        run.resumed(made)
    with pytest.raises(TrainingRuns, match="familiar runs stop one"):
        folder.remove(made)
    last = run.stop(made)
    assert last.state == "stopped" and 2 <= last.step < 60
    assert process.wait() == 0
    assert checkpoints.step(checkpoints.newest(made.checkpoints)) == last.step
    script.train(run.resumed(made, ["training.logging_steps=1"]))
    assert [step for step, _ in made.log.losses()] == list(range(1, 61))
    with pytest.raises(TrainingError, match="is done"):
        run.resumed(made)
    with pytest.raises(TrainingError, match="is not being trained now"):
        run.stop(made)


def test_a_loss_that_is_no_number_ends_it_and_keeps_the_last_good_checkpoint(prepared):
    made = prepared(recipe_of(training={"learning_rate": 1e30, "max_grad_norm": 0, "save_steps": 1, "max_steps": 20}))
    assert attempts.attempted(made.path) == 1
    last = made.progress()
    assert last.state == "failed" and "The loss at step" in last.trouble and "is kept" in last.trouble
    assert "Lower the learning rate" in last.trouble
    assert checkpoints.newest(made.checkpoints) is not None and not made.adapter.exists()


def test_without_memory_it_is_tried_with_half_the_batch_then_says_what_would_fit(prepared, monkeypatch):
    import torch

    made = prepared()
    again = []

    def trained(one):
        kept_plan(one) or script.train(one)
        raise torch.OutOfMemoryError("CUDA out of memory")

    def execute(program, words):
        again.append(words)

    monkeypatch.setattr(attempts, "trained", trained)
    monkeypatch.setattr(os, "execv", execute)
    attempts.attempted(made.path)
    assert again == [[sys.executable, "-m", "extension.refresh.training", str(made.path)]]
    assert (kept_plan(made).batch, kept_plan(made).accumulation) == (1, 4)
    assert attempts.attempted(made.path) == 1
    assert "There is not enough memory. Less is needed with training.gradient_checkpointing=true" in made.progress().trouble
    assert "dataset.chunk_size=150" in made.progress().trouble


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "There is not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "There is not enough memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full. Make room"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "The disk is full. Make room"),
        (ZeroDivisionError("secret words"), "It failed inside (ZeroDivisionError)"),
    ],
)
def test_what_goes_wrong_is_a_sentence_with_what_to_do(prepared, monkeypatch, error, words):
    def fail(one):
        raise error

    monkeypatch.setattr(attempts, "trained", fail)
    made = prepared()
    assert attempts.attempted(made.path) == 1
    assert words in made.progress().trouble and "familiar train --resume one" in made.progress().trouble
    assert "secret" not in made.progress().trouble
    assert not made.running()


def test_a_disk_without_room_for_the_checkpoints_is_told_before(prepared, monkeypatch, tmp_path):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 10_000_000))
    with pytest.raises(StoreFull, match=r"The disk has 0\.0 GB left, and the checkpoints of this training take up to 0\.1 GB"):
        prepared()
    assert not any((tmp_path / "data" / "runs").iterdir())


def test_only_one_trains_at_a_time(prepared):
    made = prepared()
    first, second = Claim(made), Claim(prepared())
    first.take()
    with pytest.raises(TrainingRuns):
        second.take()
    Progress("training", step=3).write(made.spoken)
    assert attempts.attempted(made.path) == 1
    assert (made.progress().state, made.progress().step) == ("training", 3)
    first.release()
    second.take()
    second.release()


def test_a_name_that_is_taken_gets_a_number_and_one_that_is_none_is_refused(prepared, tmp_path):
    assert (prepared().name, prepared().name) == ("one", "one-2")
    assert prepared().recipe().name == "one-3"
    with pytest.raises(SettingsError, match="A run cannot be called"):
        prepared(name="../away")
    with pytest.raises(NotFound):
        folder.found(tmp_path / "data", "../../one")


def test_what_makes_another_run_cannot_change_while_one_goes_on(prepared):
    made = prepared()
    for given in ("lora.lora_r=4", "dataset.chunk_size=50", "training.seed=4", "training.packing=false"):
        with pytest.raises(SettingsError, match="cannot change while a run goes on"):
            run.resumed(made, [given])
    assert run.resumed(made, ["training.learning_rate=1e-5"]).recipe().training.learning_rate == 1e-5


@pytest.mark.parametrize("name", ["config.json", "recipe.yaml"])
@pytest.mark.parametrize("text", ["", "{", "[]", "!!python/object/apply:os.system ['true']", '{"format": 99}'])
def test_a_run_folder_of_a_stranger_runs_nothing(prepared, name, text):
    made = prepared()
    (made.path / name).write_text(text)
    with pytest.raises(TrainingRefused):
        run.resumed(made)


def test_a_checkpoint_of_a_stranger_is_no_checkpoint(prepared, tmp_path):
    import pickle

    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "evil"),))

    made = prepared()
    strange = made.checkpoints / "checkpoint-4"
    strange.mkdir(parents=True)
    (strange / "adapter_model.bin").write_bytes(pickle.dumps(Evil()))
    (strange / "optimizer.pt").write_bytes(pickle.dumps(Evil()))
    checkpoints.seal(strange)
    assert checkpoints.newest(made.checkpoints) is None
    (strange / "adapter_model.safetensors").write_bytes((1).to_bytes(8, "little"))
    checkpoints.seal(strange)
    assert attempts.attempted(made.path) == 1
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"model": {"backend": "unsloth"}}, "The backend unsloth is not installed"),
        ({"model": {"model_id": "/nowhere"}}, "is no folder of a Hugging Face model"),
    ],
)
def test_what_is_not_there_is_said_before_anything_is_made(prepared, tmp_path, section, words):
    with pytest.raises(Exception, match=words):
        prepared(recipe_of(**section))
    assert not (tmp_path / "data").exists()


def test_four_bits_without_a_graphics_card_is_a_sentence(prepared):
    made = prepared(recipe_of(model={"quant_method": "bnb4"}))
    assert attempts.attempted(made.path) == 1
    assert "quant_method: bnb4 needs a CUDA graphics card and bitsandbytes" in made.progress().trouble


def test_models_that_bring_code_or_pickles_are_refused(tmp_path, model, prepared):
    own = tmp_path / "own"
    shutil.copytree(model, own)
    config = json.loads((own / "config.json").read_text())
    (own / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModelForCausalLM": "evil.Model"}}))
    with pytest.raises(TrainingRefused, match="brings code of its own, which is never run"):
        prepared(of=own)
    (own / "config.json").write_text(json.dumps(config))
    for file in own.glob("*.safetensors"):
        file.rename(file.with_suffix(".bin"))
    with pytest.raises(TrainingRefused, match="are not safetensors, and others are not read"):
        prepared(recipe_of(model={"model_id": str(own)}))


def test_a_gguf_file_cannot_be_trained_and_says_what_to_name_instead(tmp_path, prepared):
    from tests.hosts import tiny_gguf

    extra = {"general__base_model__0__repo_url": "https://huggingface.co/owner/base"}
    known = tiny_gguf.write(tmp_path / "known.gguf", **extra)
    with pytest.raises(TrainingRefused, match=r"is a GGUF file.*made from owner/base: set `model_id` to that"):
        prepared(recipe_of(model={"model_id": str(known)}))
    plain = tiny_gguf.write(tmp_path / "plain.gguf")
    with pytest.raises(TrainingRefused, match="Set `model_id` to the model it was made from"):
        prepared(recipe_of(model={"model_id": str(plain)}))
    (tmp_path / "broken.gguf").write_bytes(b"GGUF nonsense")
    with pytest.raises(TrainingRefused, match="Set `model_id` to the model it was made from"):
        prepared(recipe_of(model={"model_id": str(tmp_path / "broken.gguf")}))


def test_half_a_line_of_the_log_is_none_and_what_is_trained_again_is_cut(prepared):
    made = prepared()
    for step in (1, 2, 3):
        made.log.add({"step": step, "loss": 3.0 - step})
    with (made.path / "log.jsonl").open("a") as file:
        file.write('{"step": 4, "lo')
    assert made.log.losses() == [(1, 2.0), (2, 1.0), (3, 0.0)]
    made.log.cut(2)
    assert made.log.losses() == [(1, 2.0), (2, 1.0)]


@pytest.mark.parametrize("text", ["", "[]", "null", '{"state": 3, "more": 1}', "\ud800".encode("utf-8", "surrogatepass")])
def test_a_last_word_that_cannot_be_read_is_none(tmp_path, text):
    path = tmp_path / "progress.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert progress.read(path) in (Progress(), Progress(state=3))


def test_losses_as_bars():
    assert sparkline([]) == ""
    assert sparkline([1.0]) == "▁"
    assert sparkline([8, 7, 6, 5, 4, 3, 2, 1]) == "█▇▆▅▄▃▂▁"
    assert sparkline([2, 2, 0, 0], width=2) == "█▁"


def test_the_command_is_of_python_or_of_accelerate_for_several_cards(prepared):
    made = prepared()
    assert run.command(made) == [sys.executable, "-m", "extension.refresh.training", str(made.path)]
    several = run.command(made, 4)
    assert several[:6] == [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", "4", "--num_machines"]
    assert several[-3:] == ["-m", "extension.refresh.training", str(made.path)]


@pytest.mark.parametrize("scheduler", ["slurm", "pbs"])
def test_a_job_trains_and_is_put_into_the_queue_again_when_its_time_is_over(tmp_path, prepared, scheduler, monkeypatch):
    from extension.refresh.training.cluster import job

    made = prepared(name="odd+name")
    text = job(scheduler, made, cards=2, hours=6)
    assert ("#SBATCH --gpus=2" in text, ":ngpus=2" in text) == (scheduler == "slurm", scheduler == "pbs")
    assert ("#SBATCH --time=6:00:00" in text, "walltime=6:00:00" in text) == (scheduler == "slurm", scheduler == "pbs")
    assert "--num_processes 2" in text and str(made.path) in text
    one = tmp_path / "job.sh"
    one.write_text(job(scheduler, made, cards=0).replace(sys.executable, str(tmp_path / "python")))
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name, body in {
        "scontrol": 'echo "again $*" > "$SAID"',
        "qsub": 'echo "again $*" > "$SAID"',
    }.items():
        (bin_ / name).write_text(f"#!/bin/sh\n{body}\n")
        (bin_ / name).chmod(0o755)
    (tmp_path / "python").write_text(f'#!/bin/sh\n[ "$1" = -m ] || exec {sys.executable} "$@"\ntrap "exit 0" TERM\nsleep 60 & wait\n')
    (tmp_path / "python").chmod(0o755)
    said = tmp_path / "said"
    environ = {**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}", "SAID": str(said), "SLURM_JOB_ID": "7"}
    Progress("stopped").write(made.spoken)
    process = subprocess.Popen(["sh", str(one)], env=environ)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert said.read_text().startswith("again requeue 7" if scheduler == "slurm" else f"again {Path(made.path) / 'job.pbs'}")
