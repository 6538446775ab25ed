"""A whole training of a tiny model: what it leaves, that it can be repeated, and what the recipe changes."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
from safetensors.numpy import load_file

from extension.errors import MissingModel, NotFound, StoreCorrupt, TrainingRefused
from extension.hosts.embedded import Embedded
from extension.refresh.dataset import Dataset
from extension.refresh.rendering.template import CHATML
from extension.refresh.training import attempts, run, samples, script
from extension.refresh.training.adapter import check_adapter, manifest, put
from extension.refresh.training.folder import Run
from extension.refresh.training.plan import planned
from tests.models import tiny_folder

from .conftest import chat, recipe_of, saved


def test_a_training_leaves_an_adapter_that_says_how_it_came_to_be(trained, model, dataset):
    told = check_adapter(trained.adapter, model)
    assert (told["name"], told["base"]["model"], told["steps"]) == ("one", "tiny", 8)
    assert told["dataset"]["digest"] == samples.read(dataset).digest
    assert told["losses"]["last"] < told["losses"]["first"]
    assert told["losses"]["eval_last"] < told["losses"]["eval_first"]
    assert told["recipe"]["lora"]["lora_r"] == 16
    assert told["plan"]["batch"] == 2 and told["peak_memory"] > 10_000_000 and told["seconds"] > 0
    assert set(told["versions"]) == {"python", "torch", "transformers", "peft", "trl"}
    assert sorted(told["sha256"]) == sorted(file.name for file in trained.adapter.iterdir() if file.name != "manifest.json")


def test_every_step_is_logged_once_and_the_last_word_is_done(trained):
    lines = trained.log.lines()
    assert [line["step"] for line in lines if "loss" in line] == list(range(1, 9))
    assert [line["step"] for line in lines if "eval_loss" in line] == [0, 4, 8]
    assert lines[-2]["tokens_per_second"] > 0 and lines[-2]["memory"] > 0 and lines[-2]["eta"] == 0
    last = trained.progress()
    assert (last.state, last.step, last.steps, last.trouble) == ("done", 8, 8, "")


def test_the_adapter_loads_on_its_model_and_nothing_in_the_folder_names_where_it_was_made(trained, model):
    from transformers import AutoModelForCausalLM

    loaded = put(trained.adapter, AutoModelForCausalLM.from_pretrained(model))
    assert {name.rpartition(".")[2] for name in loaded.peft_config["default"].target_modules} >= {"q_proj", "down_proj"}
    assert [file.name for file in trained.adapter.iterdir() if str(model.parent).encode() in file.read_bytes()] == []


def test_the_same_seed_gives_the_same_adapter_and_another_gives_another(prepared, trained):
    for name, seed in (("again", 0), ("other", 1)):
        made = prepared(recipe_of(training={"seed": seed}), name)
        script.train(made)
        same = (made.adapter / "adapter_model.safetensors").read_bytes() == (trained.adapter / "adapter_model.safetensors").read_bytes()
        assert same is (name == "again")
        assert (made.log.losses() == trained.log.losses()) is (name == "again")


@pytest.mark.parametrize(
    ("lora", "training"),
    [
        ({"use_dora": True, "lora_r": 4}, {"gradient_checkpointing": True, "lr_scheduler": "linear"}),
        ({"use_rslora": True, "lora_dropout": 0.1}, {"packing": False, "group_by_length": True, "neftune_noise_alpha": 5}),
        ({"target_modules": ["q_proj"]}, {"precision": "bf16", "lr_scheduler": "constant_with_warmup", "warmup_steps": 2}),
    ],
)
def test_what_the_recipe_says_is_what_is_trained(prepared, lora, training):
    made = prepared(recipe_of(lora=lora, training={"max_steps": 2, **training}))
    script.train(made)
    told = json.loads((made.adapter / "adapter_config.json").read_text())
    assert (told["use_dora"], told["use_rslora"], told["lora_dropout"]) == (
        lora.get("use_dora", False),
        lora.get("use_rslora", False),
        lora.get("lora_dropout", 0),
    )
    keys = load_file(made.adapter / "adapter_model.safetensors")
    assert any("magnitude" in key for key in keys) is lora.get("use_dora", False)
    assert any("v_proj" in key for key in keys) is (lora.get("target_modules") is None)
    assert made.progress().state == "done"


def test_early_stopping_ends_and_keeps_the_best(prepared):
    training = {"early_stopping_patience": 1, "eval_steps": 2, "save_steps": 2, "learning_rate": 1e-12, "max_steps": 40}
    made = prepared(recipe_of(training=training))
    script.train(made)
    assert made.progress().state == "done" and made.progress().step < 40


def test_tokens_that_were_added_are_trained_with_their_embeddings(tmp_path, model, prepared):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    for tied in (True, False):
        bare = tmp_path / f"bare-{tied}"
        shutil.copytree(model, bare)
        _without_chatml(bare, tied=tied)
        recipe = recipe_of(format={"custom_chat_template": "chatml"}, training={"max_steps": 3, "save_steps": 1})
        data = saved(tmp_path / f"set-{tied}", bare, recipe)
        made = prepared(recipe, f"added-{tied}", data, bare)
        script.train(made)
        added = manifest(made.adapter)["added"]
        keys = [key for key in load_file(made.adapter / "adapter_model.safetensors") if "trainable_tokens" in key]
        assert added and len(keys) == (1 if tied else 2)
        kept = AutoTokenizer.from_pretrained(made.adapter)
        assert kept.chat_template == CHATML and kept.convert_tokens_to_ids(added[0]) is not None
        loaded = put(made.adapter, AutoModelForCausalLM.from_pretrained(bare))
        delta = load_file(made.adapter / "adapter_model.safetensors")[next(key for key in keys if "embed_tokens" in key)]
        assert loaded.get_input_embeddings().weight.shape[0] == len(kept)
        assert torch.equal(loaded.get_input_embeddings().weight[kept.convert_tokens_to_ids(added[0])], torch.from_numpy(delta[0]))


@pytest.mark.filterwarnings("ignore:.pin_memory. argument:UserWarning")
@pytest.mark.parametrize("template", ["", "chatml"])
def test_the_losses_on_a_graphics_card_come_from_trls_head_and_are_the_same(tmp_path, model, prepared, monkeypatch, template):
    losses = {}
    bare = tmp_path / "bare"
    shutil.copytree(model, bare)
    if template:
        _without_chatml(bare, tied=True)
    recipe = recipe_of(format={"custom_chat_template": template}, training={"max_steps": 3})
    data = saved(tmp_path / "set", bare, recipe)
    for device in ("cpu", "cuda"):
        made = prepared(recipe, f"on-{device}", data, bare)
        monkeypatch.setattr(script, "planned", lambda *given, device=device: replace(planned(*given), device=device))
        script.train(made)
        losses[device] = [loss for _, loss in made.log.losses()] + [loss for _, loss in made.log.losses("eval_loss")]
    assert losses["cuda"] == pytest.approx(losses["cpu"], abs=2e-5)


def _without_chatml(folder, *, tied):
    """Take the ChatML markers out of a tokenizer, whose model then has no rows for what is added; untie its output."""
    import torch
    from transformers import AutoModelForCausalLM

    file = folder / "tokenizer.json"
    text = file.read_text()
    file.write_text(text.replace("<|im_start|>", "<|one|>").replace("<|im_end|>", "<|two|>"))
    config = folder / "tokenizer_config.json"
    told = json.loads(config.read_text().replace("<|im_start|>", "<|one|>").replace("<|im_end|>", "<|two|>"))
    told.pop("chat_template", None)
    config.write_text(json.dumps(told))
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    if not tied:
        model = AutoModelForCausalLM.from_pretrained(folder)
        model.config.tie_word_embeddings = False
        model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
        model.save_pretrained(folder)


def test_a_dataset_that_was_just_built_goes_with_the_run(tmp_path, dataset, prepared):
    made = prepared(recipe_of(training={"max_steps": 2}), data=Dataset.load(dataset))
    made.path.parent.rename(tmp_path / "moved")
    moved = Run(tmp_path / "moved" / made.name)
    script.train(moved)
    assert moved.progress().state == "done" and (moved.path / "dataset" / "manifest.json").is_file()


def test_a_small_dataset_is_refused_and_says_how_much_is_missing(tmp_path, model):
    small = saved(tmp_path / "small", model, recipe_of(dataset={"eval_frac": 0}), chat(sessions=2))
    with pytest.raises(TrainingRefused, match=r"too small: it needs 2 more conversations \(it has 2\) and \d+ more tokens to learn"):
        samples.read(small)


def test_a_dataset_of_another_model_is_refused(tmp_path, model, prepared):
    other = tmp_path / "other"
    shutil.copytree(model, other)
    (other / "tokenizer.json").write_text(
        (other / "tokenizer.json")
        .read_text()
        .replace('"individual_digits":true', '"individual_digits":false')
        .replace('"individual_digits": true', '"individual_digits": false')
    )
    made = prepared(of=other)
    assert attempts.attempted(made.path) == 1
    assert "The dataset was made for the tokenizer of tiny." in made.progress().trouble


def test_a_model_or_a_dataset_that_changed_since_is_refused(tmp_path, model, dataset, prepared):
    own, data = tmp_path / "model", tmp_path / "set"
    shutil.copytree(model, own)
    shutil.copytree(dataset, data)
    made = prepared(of=own, data=data)
    config = json.loads((own / "config.json").read_text())
    (own / "config.json").write_text(json.dumps(config | {"rope_theta": 5.0}))
    with pytest.raises(TrainingRefused, match="is not the one that one began with"):
        run.resumed(made)
    assert attempts.attempted(made.path) == 1
    assert "is not the one that one began with" in made.progress().trouble
    (own / "config.json").write_text(json.dumps(config))
    saved(data, model, recipe_of(), chat(seed=9))
    assert attempts.attempted(made.path) == 1
    assert "The dataset is not the one" in made.progress().trouble


def test_a_damaged_adapter_is_refused(tmp_path, trained, model):
    copy = tmp_path / "copy"
    shutil.copytree(trained.adapter, copy)
    weights = copy / "adapter_model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(TrainingRefused, match=r"is damaged \(adapter_model.safetensors\)"):
        check_adapter(copy, model)
    weights.unlink()
    with pytest.raises(TrainingRefused, match="is damaged"):
        check_adapter(copy, model)


def test_an_adapter_with_a_file_that_could_run_code_is_refused(tmp_path, trained, model):
    copy = tmp_path / "copy"
    shutil.copytree(trained.adapter, copy)
    (copy / "adapter_model.bin").write_bytes(b"x")
    with pytest.raises(TrainingRefused, match=r"adapter_model.bin, which could run code"):
        check_adapter(copy, model)


def test_an_adapter_of_another_model_is_refused(tmp_path, trained):
    other = tmp_path / "other"
    shutil.copytree(tiny_folder(tmp_path / "made", seed=2), other)
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"hidden_act": "gelu"}))
    with pytest.raises(TrainingRefused, match=r"was trained on another model \(tiny\), or that has changed since"):
        check_adapter(trained.adapter, other)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 1, "sha256": {"../x": "0"}}'])
def test_what_is_no_adapter_of_ours_is_refused(tmp_path, model, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises((MissingModel, TrainingRefused)):
        check_adapter(tmp_path, model)


def test_a_folder_that_is_no_dataset_is_refused(tmp_path, dataset):
    with pytest.raises(NotFound):
        samples.read(tmp_path)
    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    (copy / "train.safetensors").write_bytes(b"\x80\x04." * 100)
    with pytest.raises(StoreCorrupt, match="is damaged"):
        samples.read(copy)


def test_the_embedded_host_takes_an_adapter_of_ours_only_whole_and_on_its_own_model(tmp_path, trained, model):
    host = Embedded(model, adapter=trained.adapter)
    assert "LoraModel" in type(host.load().model.base_model).__name__
    copy = shutil.copytree(trained.adapter, tmp_path / "copy")
    (copy / "adapter_model.safetensors").write_bytes(b"\0" * 64)
    with pytest.raises(TrainingRefused, match="damaged"):
        Embedded(model, adapter=copy).load()
    (copy / "adapter_model.safetensors").rename(copy / "adapter_model.bin")
    with pytest.raises(MissingModel, match="could run code, and are not read"):
        Embedded(model, adapter=copy).load()
