"""Tests of adapters beside the host's own: put on for a moment, and the model answers as before afterwards."""

from __future__ import annotations

import json

import pytest

from extension.errors import MissingModel
from extension.hosts.embedded import Embedded
from extension.messages import Generation, Message
from tests.models import tiny_adapter

LONG = Generation(max_new_tokens=40, temperature=0)


def reply(host):
    return "".join(host.generate([Message("user", "Hello")], LONG))


@pytest.fixture
def adapter(tiny, tmp_path):
    return tiny_adapter(tiny, tmp_path / "one")


@pytest.fixture
def another(tiny, tmp_path):
    return tiny_adapter(tiny, tmp_path / "two", seed=2)


def logits(host):
    import torch

    with torch.no_grad():
        return host.load().model(torch.tensor([[5, 6, 7]])).logits


def test_an_adapter_answers_as_if_the_model_had_been_loaded_with_it_and_is_off_again(tiny, adapter, another):
    host = Embedded(tiny)
    before, adapters = logits(host), host.load().adapters
    for folder in (adapter, another, adapter):
        with adapters.on(folder):
            assert logits(host).equal(logits(Embedded(tiny, adapter=folder)))
        assert logits(host).equal(before)
    assert reply(host) == reply(Embedded(tiny))


def test_the_hosts_own_adapter_goes_off_and_comes_back(tiny, adapter, another):
    host = Embedded(tiny, adapter=adapter)
    own = logits(host)
    with host.load().adapters.on(another):
        assert logits(host).equal(logits(Embedded(tiny, adapter=another)))
    with host.load().adapters.off():
        assert logits(host).equal(logits(Embedded(tiny)))
    assert logits(host).equal(own)


def test_what_was_trained_on_since_is_read_again(tiny, adapter, another):
    host = Embedded(tiny)
    with host.load().adapters.on(adapter):
        first = logits(host)
    weights = another / "adapter_model.safetensors"
    weights.replace(adapter / weights.name)
    with host.load().adapters.on(adapter):
        assert not logits(host).equal(first)


def test_only_the_last_few_stay_on_the_model(tiny, tmp_path):
    host = Embedded(tiny)
    for number in range(6):
        with host.load().adapters.on(tiny_adapter(tiny, tmp_path / str(number), seed=number)):
            pass
    assert sum("lora_A" in name and "layers.0" in name for name, _ in host.load().model.named_parameters()) == 4 * 2


def test_an_adapter_with_tokens_of_its_own_makes_room_for_them_once(tiny, adapter, another):
    host = Embedded(tiny)
    before, said = logits(host), reply(host)
    count = before.shape[-1]
    for folder in (adapter, another):
        with host.load().adapters.on(folder, tokens=count + 2):
            assert logits(host).shape[-1] == count + 2
    assert logits(host)[..., :count].equal(before)
    assert reply(host) == said


def truncate(folder):
    (folder / "adapter_model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")


def only_a_pickle(folder):
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")


def no_json(folder):
    (folder / "adapter_config.json").write_text("{")


def said(**values):
    def change(folder):
        path = folder / "adapter_config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return change


HARMS = [
    truncate,
    only_a_pickle,
    no_json,
    said(peft_type="PROMPT_TUNING"),
    said(layer_replication=[[0, 2]]),
    said(megatron_config={"a": 1}, megatron_core="antigravity"),
    said(r=8),
    said(target_modules=["nothing"]),
]


@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__qualname__)
def test_what_cannot_be_put_on_is_said_and_leaves_the_model_as_it_was(tiny, adapter, another, harm, first):
    host = Embedded(tiny)
    before = logits(host)
    if not first:
        with host.load().adapters.on(another):
            pass
    harm(adapter)
    with pytest.raises(MissingModel, match="adapter"), host.load().adapters.on(adapter):
        pass
    assert logits(host).equal(before)


def test_how_an_adapter_was_begun_changes_nothing_of_the_model_below(tiny, adapter):
    host = Embedded(tiny)
    before = logits(host)
    said(init_lora_weights="pissa")(adapter)
    with host.load().adapters.on(adapter):
        assert not logits(host).equal(before)
    assert logits(host).equal(before)
