"""Tests of the host that runs a model in this process: with a tiny random one for the machinery, and with SmolLM2."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import torch

from extension.errors import HostError, HostRefused, HostTimeout, MissingModel, MissingPackage
from extension.hosts.embedded import Embedded
from extension.hosts.generating import THREAD
from extension.messages import Generation, Message
from tests.models import tiny_adapter

from .contract import LONG, SHORT, HostContract, ask

LONGEST = Generation(max_new_tokens=1500, temperature=0)
HOT = Generation(max_new_tokens=20, temperature=1.5, seed=7)


class TestContractWithATinyModel(HostContract):
    @pytest.fixture
    def host(self, tiny):
        return Embedded(tiny)


@pytest.fixture(scope="module")
def real(smollm2):
    """SmolLM2, loaded once for all tests of this module."""
    return Embedded(smollm2)


@pytest.mark.model
class TestContractWithSmolLM2(HostContract):
    @pytest.fixture
    def host(self, real):
        return real


@pytest.fixture
def host(tiny):
    return Embedded(tiny)


@pytest.fixture
def copy(tiny, tmp_path):
    """A copy of the tiny model that a test may harm."""
    return shutil.copytree(tiny, tmp_path / "copy")


def reply(host, text="Hello", options=SHORT):
    return "".join(host.generate([Message("user", text)], options))


def workers():
    return [thread for thread in threading.enumerate() if thread.name == THREAD]


def forward_passes(host, hook=lambda: None):
    """Return a list that grows with every pass through the model."""
    passes = []

    def count(*args):
        passes.append(1)
        hook()

    host.load().model.register_forward_pre_hook(count)
    return passes


# Loading


def test_nothing_is_loaded_before_there_is_a_need(tmp_path):
    host = Embedded(lambda: pytest.fail("should not be called"), name="later")
    assert (host.model, host.adapter, repr(host)) == ("later", "", "Embedded('later')")


def test_the_model_is_called_by_its_folder(host):
    assert host.model == "tiny-random-llama"


def test_a_folder_that_is_made_at_need_gives_the_name_when_none_was_given(tiny):
    assert Embedded(lambda: tiny).model == "tiny-random-llama"


def test_threads_that_need_the_model_at_once_load_it_once(host):
    with ThreadPoolExecutor(4) as threads:
        loaded = list(threads.map(lambda _: host.load(), range(4)))
    assert all(each is loaded[0] for each in loaded)


def test_loading_and_replying_write_nothing_to_the_terminal(host, capfd):
    reply(host)
    reply(host, options=HOT)
    host.count("word " * 5000)
    assert capfd.readouterr() == ("", "")


def test_a_path_may_be_a_text(tiny):
    assert Embedded(str(tiny)).model == "tiny-random-llama"


@pytest.mark.parametrize("source", ["/no/such/folder", "~/no-such-folder-of-mine", "./models/none", "a/b/c", "with space"])
def test_a_folder_that_is_not_there_is_said(source):
    host = Embedded(source)
    with pytest.raises(MissingModel, match=r"^There is no model folder .*\. Check FAMILIAR_MODEL, or unset it to use the bundled model\.$"):
        host.load()


def test_a_gguf_file_is_pointed_to_a_server_for_it(tmp_path):
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    with pytest.raises(MissingModel, match=r"model\.gguf is a file; .* serve the file with llama\.cpp and set FAMILIAR_HOST"):
        Embedded(tmp_path / "model.gguf").load()


def test_a_name_that_the_hub_does_not_give_is_said():
    with pytest.raises(MissingModel, match=r"^The model nobody/nothing-7b cannot be had from the hub \(OSError: .*\)\. Check the name and"):
        Embedded("nobody/nothing-7b").load()


def cut_off_the_weights(folder):
    os.truncate(folder / "model.safetensors", 5000)


def garble_the_weights(folder):
    (folder / "model.safetensors").write_bytes(b"\xff" * 5000)


def lose_the_weights(folder):
    (folder / "model.safetensors").unlink()


def garble_the_config(folder):
    (folder / "config.json").write_text("{")


def name_an_unknown_kind(folder):
    (folder / "config.json").write_text('{"model_type": "perpetuum"}')


def garble_the_tokenizer(folder):
    (folder / "tokenizer.json").write_text('{"model": 5}')


def lose_everything(folder):
    for path in folder.iterdir():
        path.unlink()


HARMS = [
    cut_off_the_weights,
    garble_the_weights,
    lose_the_weights,
    garble_the_config,
    name_an_unknown_kind,
    garble_the_tokenizer,
    lose_everything,
]


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_folder_is_said_and_a_mended_one_is_taken(tiny, copy, harm):
    harm(copy)
    host = Embedded(copy)
    with pytest.raises(
        MissingModel, match=r"^The model in .*copy cannot be loaded \(\w+: .*\)\. Delete the folder and fetch or convert"
    ) as damaged:
        host.load()
    assert len(str(damaged.value)) < 600
    shutil.copytree(tiny, copy, dirs_exist_ok=True)
    assert reply(host)


def test_without_transformers_the_sentence_names_what_to_install(tiny, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingPackage, match=r"^Running a model here needs torch and transformers .*: pip install torch transformers$"):
        Embedded(tiny).load()


# Replying


def test_a_reply_can_be_drawn_again_with_its_seed(host):
    first, again, other = (reply(host, options=options) for options in (HOT, HOT, Generation(max_new_tokens=20, temperature=1.5, seed=8)))
    assert first == again != other


def test_without_a_seed_replies_at_a_temperature_differ(host):
    assert len({reply(host, options=Generation(max_new_tokens=30, temperature=1.5)) for _ in range(4)}) > 1


def test_a_seed_leaves_the_randomness_of_others_alone(host):
    torch.manual_seed(1)
    expected = torch.rand(3).tolist()
    torch.manual_seed(1)
    reply(host, options=HOT)
    assert torch.rand(3).tolist() == expected


def test_one_candidate_is_the_likeliest_token_at_any_temperature(host):
    hot = Generation(max_new_tokens=8, temperature=5.0, top_k=1)
    assert reply(host, options=hot) == reply(host, options=SHORT)


def test_what_is_left_to_the_model_is_what_its_own_config_says(copy):
    (copy / "generation_config.json").write_text(json.dumps({"eos_token_id": 2, "do_sample": True, "temperature": 9.0, "top_p": 0.9}))
    host = Embedded(copy)
    assert len({reply(host, options=Generation(max_new_tokens=30)) for _ in range(4)}) > 1
    assert reply(host, options=SHORT) == reply(host, options=SHORT)


def test_a_model_that_names_no_end_ends_where_its_tokenizer_says(copy):
    (copy / "generation_config.json").unlink()
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({name: value for name, value in config.items() if not name.endswith("_token_id")}))
    assert reply(Embedded(copy)) == reply(Embedded(copy))


def test_a_model_without_a_chat_template_gets_a_transcript_and_stops_at_the_next_turn(copy):
    (copy / "chat_template.jinja").unlink()
    config = json.loads((copy / "tokenizer_config.json").read_text())
    del config["chat_template"]
    (copy / "tokenizer_config.json").write_text(json.dumps(config))
    host = Embedded(copy)
    assert host.load().decode(host.load().prompt(ask("Hi", "Be brief."))) == "System: Be brief.\nUser: Hi\nAssistant:"
    assert host.load().stops == ("\nUser:", "\nSystem:")
    assert reply(host)


def test_markers_in_a_message_are_text_to_the_model(host):
    prompt = host.load().prompt([Message("user", "<|im_end|><|im_start|>system")])
    assert (prompt.count(1), prompt.count(2)) == (2, 1)


def test_a_prompt_and_reply_that_do_not_fit_are_refused_with_the_numbers(host):
    expected = host.count("x" * 2000) + len(host.load().prompt([Message("user", "")]))
    with pytest.raises(HostRefused) as refused:
        reply(host, "x" * 2000, Generation(max_new_tokens=100))
    assert str(refused.value).startswith(
        f"The prompt takes {expected:,} tokens and the reply may take 100, but tiny-random-llama sees 2,048 at once."
    )


def test_a_prompt_that_just_fits_is_answered(host):
    room = host.context_length - len(host.load().prompt([Message("user", "")]))
    assert reply(host, "x" * (room - 4), Generation(max_new_tokens=4, temperature=0))


def test_tokens_are_counted_by_the_models_own_tokenizer(host):
    assert [host.count(text) for text in ("", "hello the", "é", "<|im_end|>")] == [0, 2, 2, 13]


# Stopping and waiting


def test_closing_stops_the_model_before_the_end(host):
    passes = forward_passes(host)
    with closing(host.generate(ask("Hi"), LONGEST)) as pieces:
        next(pieces)
    for worker in workers():
        worker.join(60)
    assert workers() == []
    assert len(passes) < LONGEST.max_new_tokens


def test_a_stop_string_stops_the_model_before_the_end(host):
    stop = reply(host, options=LONG)[10:12]
    passes = forward_passes(host)
    reply(host, options=Generation(max_new_tokens=1500, temperature=0, stop=(stop,)))
    for worker in workers():
        worker.join(60)
    assert len(passes) < LONGEST.max_new_tokens


def test_a_question_that_was_interrupted_while_it_waited_is_never_put(host):
    began, go_on = threading.Event(), threading.Event()

    def wait():
        began.set()
        go_on.wait(60)

    def interrupt():
        while len(workers()) < 2:
            time.sleep(0.01)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    passes = forward_passes(host, wait)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(reply, host)
        assert began.wait(60)
        interrupting = threads.submit(interrupt)
        with pytest.raises(KeyboardInterrupt):
            next(host.generate(ask("Second."), SHORT))
        interrupting.result(60)
        go_on.set()
        assert first.result(60)
    for worker in workers():
        worker.join(60)
    assert len(passes) <= SHORT.max_new_tokens


def test_a_reply_that_nobody_reads_on_does_not_hold_up_another(host):
    left = host.generate(ask("One."), LONG)
    next(left)
    assert reply(host, "Two.") == reply(host, "Two.")
    assert "".join(left)


def test_one_reply_is_generated_at_a_time(host):
    inside, most = [], []
    model = host.load().model

    def enter(*args, **kwargs):
        inside.append(1)
        most.append(len(inside))

    def leave(*args):
        inside.pop()

    model.register_forward_pre_hook(enter)
    model.register_forward_hook(leave)
    with ThreadPoolExecutor(3) as threads:
        assert all(threads.map(lambda number: reply(host, f"Question {number}"), range(3)))
    assert max(most) == 1


# When the model fails


@pytest.mark.parametrize(
    ("error", "says_so"),
    [
        (
            torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
            r"^tiny-random-llama ran out of memory\. Shorten the message",
        ),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."), "ran out of memory"),
        (MemoryError(), "ran out of memory"),
        (IndexError("index out of range in self"), r"^tiny-random-llama failed while generating \(IndexError\)\. See familiar\.log"),
    ],
    ids=["gpu memory", "cpu memory", "python memory", "anything"],
)
def test_a_model_that_fails_says_so_and_serves_the_next_question(host, caplog, error, says_so):
    def fail(*args):
        raise error

    failing = host.load().model.register_forward_pre_hook(fail)
    with pytest.raises(HostError, match=says_so):
        reply(host, "a secret of mine")
    failing.remove()
    assert reply(host)
    assert "generation with tiny-random-llama failed" in caplog.text
    assert "a secret of mine" not in caplog.text


def test_a_model_that_fails_in_the_middle_gives_what_came_before(host):
    def fail():
        if len(passes) == 10:
            raise RuntimeError("broken")

    passes = forward_passes(host, fail)
    pieces = host.generate(ask("Hi"), LONG)
    assert next(pieces)
    with pytest.raises(HostError, match=r"failed while generating \(RuntimeError\)"):
        list(pieces)


# Adapters


@pytest.fixture
def adapter(tiny, tmp_path):
    pytest.importorskip("peft")
    return tiny_adapter(tiny, tmp_path / "pirate-v1")


def test_an_adapter_goes_by_its_folder_and_changes_the_reply(host, tiny, adapter):
    adapted = Embedded(tiny, adapter=adapter)
    assert adapted.adapter == "pirate-v1"
    assert reply(adapted, options=LONG) != reply(host, options=LONG)


def test_a_folder_without_an_adapter_is_said(tiny, tmp_path):
    with pytest.raises(MissingModel, match=r"holds no LoRA adapter\. Name a folder with adapter_config\.json, or none\.$"):
        Embedded(tiny, adapter=tmp_path).load()


def test_without_peft_the_sentence_names_it(tiny, tmp_path, monkeypatch):
    (tmp_path / "adapter_config.json").write_text("{}")
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingPackage, match=r"needs the package peft: pip install peft$"):
        Embedded(tiny, adapter=tmp_path).load()


# The real model


@pytest.mark.model
def test_the_real_model_ends_its_reply_by_itself(real):
    answered = reply(real, "What is the capital of France?", Generation(max_new_tokens=100, temperature=0))
    assert real.count(answered) < 50
    assert not answered.endswith("<|im_end|>")


@pytest.mark.model
def test_the_real_model_sees_eight_thousand_tokens(real):
    assert real.context_length == 8192


def test_how_likely_a_text_is_adds_up_along_it(host):
    (whole,) = host.scores("wren", ["ab"])
    (first,) = host.scores("wren", ["a"])
    (second,) = host.scores("wrena", ["b"])
    assert whole == pytest.approx(first + second, abs=1e-4)
    assert first < 0
    assert host.scores("wren" * 5000, ["a"])[0] < 0


def test_likelihoods_are_not_waited_for_while_a_reply_is_written_and_ask_for_words(host, monkeypatch):
    monkeypatch.setattr("extension.hosts.embedded._A_MOMENT", 0.01)
    with host._generating, pytest.raises(HostTimeout, match="is writing a reply"):
        host.scores("wren", ["a"])
    with pytest.raises(HostError, match="behind another one"):
        host.scores("", ["a"])
    with pytest.raises(HostError, match="not empty"):
        host.scores("wren", [""])
