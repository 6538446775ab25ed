"""Adapters for llama.cpp: what is in the file, in llama.cpp's order, and what cannot be put there."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from extension.errors import TrainingRefused
from extension.refresh.training import base, checkpoints
from extension.refresh.training.gguf_adapter import convert
from tests.hosts import tiny_gguf


def changed(folder, copy, **config):
    """Copy an adapter, change its configuration, and seal it anew as its maker could have."""
    shutil.copytree(folder, copy)
    file = copy / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | config))
    return sealed(copy)


def sealed(folder):
    told = json.loads((folder / "manifest.json").read_text())
    told["sha256"] = checkpoints.digests(folder, but=("manifest.json",))
    (folder / "manifest.json").write_text(json.dumps(told))
    return folder


def read(path):
    import gguf

    reader = gguf.GGUFReader(path)
    return {key: field.contents() for key, field in reader.fields.items()}, {each.name: each.data for each in reader.tensors}


def test_the_file_has_every_matrix_under_llama_cpps_names(tmp_path, trained, model):
    count = convert(trained.adapter, model, tmp_path / "one.gguf")
    fields, tensors = read(tmp_path / "one.gguf")
    assert (fields["general.architecture"], fields["general.type"], fields["adapter.type"]) == ("llama", "adapter", "lora")
    assert fields["adapter.lora.alpha"] == 32.0
    assert count == len(tensors) == 2 * 7 * tiny_gguf.LAYERS
    before = load_file(trained.adapter / "adapter_model.safetensors")
    layer = "base_model.model.model.layers.1"
    assert np.array_equal(tensors["blk.1.ffn_down.weight.lora_a"], before[f"{layer}.mlp.down_proj.lora_A.weight"])
    assert np.array_equal(tensors["blk.1.attn_v.weight.lora_b"], before[f"{layer}.self_attn.v_proj.lora_B.weight"])
    assert np.array_equal(tensors["blk.1.attn_q.weight.lora_a"], before[f"{layer}.self_attn.q_proj.lora_A.weight"])


def test_queries_and_keys_lie_in_the_order_that_reading_a_model_from_gguf_turns_back(tmp_path, trained, model):
    """The order is undone as hosts/gguf_file.py does it for whole models, which is checked on a real one."""
    convert(trained.adapter, model, tmp_path / "one.gguf")
    _, tensors = read(tmp_path / "one.gguf")
    before = load_file(trained.adapter / "adapter_model.safetensors")
    for ours, theirs, heads in (("q_proj", "attn_q", tiny_gguf.HEADS), ("k_proj", "attn_k", tiny_gguf.KV_HEADS)):
        name = f"base_model.model.model.layers.0.self_attn.{ours}"
        wanted = before[f"{name}.lora_B.weight"] @ before[f"{name}.lora_A.weight"]
        found = tensors[f"blk.0.{theirs}.weight.lora_b"] @ tensors[f"blk.0.{theirs}.weight.lora_a"]
        back = found.reshape(heads, found.shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(found.shape)
        assert np.abs(wanted).max() > 0 and np.allclose(back, wanted)
        assert not np.allclose(found, wanted)


def test_rank_stabilised_scales_are_taken_over(tmp_path, trained, model):
    copy = changed(trained.adapter, tmp_path / "rs", use_rslora=True)
    convert(copy, model, tmp_path / "one.gguf")
    assert read(tmp_path / "one.gguf")[0]["adapter.lora.alpha"] == 32.0 * 16**0.5


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"use_dora": True}, "llama.cpp knows no DoRA"),
        ({"trainable_token_indices": {"embed_tokens": [1]}}, "tokens of its own"),
        ({"modules_to_save": ["lm_head"]}, "tokens of its own"),
    ],
)
def test_what_llama_cpp_cannot_do_is_said(tmp_path, trained, model, config, words):
    with pytest.raises(TrainingRefused, match=words):
        convert(changed(trained.adapter, tmp_path / "copy", **config), model, tmp_path / "one.gguf")
    assert not (tmp_path / "one.gguf").exists()


def test_a_model_of_another_kind_is_refused(tmp_path, trained, model):
    own, copy = tmp_path / "own", tmp_path / "copy"
    shutil.copytree(model, own)
    config = json.loads((own / "config.json").read_text())
    (own / "config.json").write_text(json.dumps(config | {"model_type": "gpt_neox"}))
    shutil.copytree(trained.adapter, copy)
    told = json.loads((copy / "manifest.json").read_text())
    told["base"]["digest"] = base.digest(own)
    (copy / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(TrainingRefused, match="A model of the type gpt_neox cannot be converted here, only llama, mistral, qwen2, qwen3"):
        convert(copy, own, tmp_path / "one.gguf")


def test_a_matrix_without_a_name_is_refused(tmp_path, trained, model):
    copy = tmp_path / "copy"
    shutil.copytree(trained.adapter, copy)
    save_file({"base_model.model.strange.lora_A.weight": np.zeros((2, 2), np.float32)}, copy / "adapter_model.safetensors")
    with pytest.raises(TrainingRefused, match=r"changes base_model.model.strange.lora_A.weight, for which llama.cpp has no name"):
        convert(sealed(copy), model, tmp_path / "one.gguf")
