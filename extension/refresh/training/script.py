"""The training itself, from a run folder to an adapter: load, pack, learn, keep. Read it from `_train` downwards.

It runs in a process of its own (`python -m extension.refresh.training RUN_FOLDER`) and writes nothing outside the run folder.
"""

from __future__ import annotations

import os
import platform
import warnings
from pathlib import Path
from time import perf_counter
from typing import Any

from ...errors import MissingPackage, TrainingRefused
from ..building import renderer_of
from ..dataset import Half
from ..recipe.recipe import Recipe
from . import adapter, attention, base, checkpoints, samples
from .folder import Run
from .learning import trainer_of
from .packing import Collator, packed
from .plan import Plan, planned
from .reporting import Reporter
from .samples import Data


def train(run: Run) -> None:
    """Train a run, as `_train` has it, quietly: the libraries foretell each other's changes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        _train(run)


def _train(run: Run) -> None:
    """Train a run, from its newest whole checkpoint where there is one. Raises FamiliarError, and what torch raises."""
    import transformers

    recipe, config = run.recipe(), run.config()
    folder = Path(config["model"])
    if base.digest(folder) != config["base"]:
        raise TrainingRefused(f"The model in {folder} is not the one that {run.name} began with. Put that back, or start a new run.")
    data = samples.read(run.path / config["dataset"])
    if data.digest != config["data"]:
        raise TrainingRefused(f"The dataset is not the one that {run.name} began with. Put that back, or start a new run.")
    started = perf_counter()
    plan = planned(run, recipe, folder, data)
    transformers.set_seed(recipe.training.seed)
    tokenizer, model = tokenizer_of(folder, data), model_of(folder, plan)
    embed_added(model, tokenizer, data)
    reporter = Reporter(run, plan, Collator(padding=padding(tokenizer)))
    trainer = trainer_of(
        run,
        recipe,
        plan,
        reporter,
        model,
        tokenizer,
        lora(recipe, model, tokenizer, data),
        table(data.train, plan),
        table(data.held_out, plan),
    )
    last = checkpoints.newest(run.checkpoints) if recipe.training.resume_from_checkpoint else None
    reporter.begin(checkpoints.step(last) if last else 0)
    with reporter.listening():
        trainer.train(resume_from_checkpoint=str(last) if last else False)
    if reporter.stopped:
        return
    if trainer.is_world_process_zero():
        adapter.keep(
            run, trainer.model, tokenizer, facts(run, recipe, plan, data, reporter, perf_counter() - started, rows_of(trainer.model))
        )
    reporter.end()


def tokenizer_of(folder: Path, data: Data) -> Any:
    """Return the tokenizer as the dataset was rendered with it: with its template, and the tokens that were added.

    Raises SettingsError where the dataset was made for another one.
    """
    from transformers import AutoTokenizer

    return renderer_of(data.dataset.manifest, AutoTokenizer.from_pretrained(folder, trust_remote_code=False)).tokenizer


def padding(tokenizer: Any) -> int:
    """Return a token to fill rows with; no loss is taken on it and no other token sees it."""
    return next((int(each) for each in (tokenizer.pad_token_id, tokenizer.eos_token_id) if each is not None), 0)


def model_of(folder: Path, plan: Plan) -> Any:
    """Return the base model, as the plan quantises it. No code of the folder is run, and only safetensors are read."""
    import torch
    from transformers import AutoModelForCausalLM

    ours = plan.attention == attention.NAME
    options: dict[str, Any] = {"dtype": getattr(torch, plan.dtype), "attn_implementation": "sdpa" if ours else plan.attention}
    if plan.quant in ("bnb4", "bnb8"):
        options["quantization_config"] = quantisation(plan)
        options["device_map"] = {"": int(os.environ.get("LOCAL_RANK", "0"))}
    model = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=False, use_safetensors=True, **options)
    model.config.use_cache = False
    if ours:
        attention.put_on(model)
    return model


def quantisation(plan: Plan) -> Any:
    """Return how the weights are kept in 4 or 8 bits, as in the paper on QLoRA: NF4, quantised twice."""
    import torch
    from transformers import BitsAndBytesConfig

    if plan.quant == "bnb8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=getattr(torch, plan.dtype)
    )


def embed_added(model: Any, tokenizer: Any, data: Data) -> None:
    """Give the added tokens embeddings, drawn as the others are distributed, unless the model has room for them."""
    if data.dataset.manifest.added and len(tokenizer) > model.get_input_embeddings().weight.shape[0]:
        model.resize_token_embeddings(len(tokenizer))


def lora(recipe: Recipe, model: Any, tokenizer: Any, data: Data) -> Any:
    """Return the adapter: LoRA, rsLoRA or DoRA, and with it the embeddings of the tokens that were added."""
    from peft import LoraConfig

    wanted = recipe.lora
    targets = wanted.target_modules if isinstance(wanted.target_modules, str) else list(wanted.target_modules)
    added = tokenizer.convert_tokens_to_ids(list(data.dataset.manifest.added))
    return LoraConfig(
        r=wanted.lora_r,
        lora_alpha=wanted.lora_alpha,
        lora_dropout=wanted.lora_dropout,
        use_rslora=wanted.use_rslora,
        use_dora=wanted.use_dora,
        target_modules=targets,
        trainable_token_indices=_embeddings(model, added) if added else None,
        task_type="CAUSAL_LM",
    )


def _embeddings(model: Any, added: list[int]) -> dict[str, list[int]]:
    """Return which rows of the embeddings are trained; of the output's too, where those are not the same weights."""
    names = {id(module): name.rpartition(".")[2] for name, module in model.named_modules()}
    outer = [model.get_input_embeddings()]
    if not model.config.get_text_config().tie_word_embeddings:
        outer.append(model.get_output_embeddings())
    return {names[id(each)]: added for each in outer}


def table(half: Half, plan: Plan) -> Any:
    """Return the rows that are trained on; None where there are no samples."""
    from datasets import Dataset

    if not len(half):
        return None
    lengths = half.lengths
    return Dataset.from_dict(
        samples.rows(half, packed(lengths, plan.row) if plan.packing else [[number] for number in range(len(lengths))])
    )


def rows_of(model: Any) -> int:
    """Return how many tokens a model has embeddings for."""
    return int(model.get_input_embeddings().weight.shape[0])


def facts(run: Run, recipe: Recipe, plan: Plan, data: Data, reporter: Reporter, seconds: float, rows: int) -> dict[str, Any]:
    """Return what the adapter's manifest says of how it came to be."""
    from importlib.metadata import version

    config, told = run.config(), data.dataset.manifest
    losses, held_out = run.log.losses(), run.log.losses("eval_loss")
    return {
        "name": run.name,
        "created": config["created"],
        "base": {"model": Path(config["model"]).name, "digest": config["base"]},
        "dataset": {"digest": data.digest, "samples": len(data.train), "learned_tokens": samples.learned(data.train)},
        "rendering": told.format_section.model_dump(mode="json"),
        "people": [each.model_dump() for each in told.people],
        "others": [each.model_dump() for each in told.others],
        "placement": told.placement,
        "added": list(told.added),
        "embeddings": rows,
        "recipe": recipe.model_dump(mode="json"),
        "plan": plan.told(),
        "losses": {
            "first": losses[0][1] if losses else None,
            "last": losses[-1][1] if losses else None,
            "eval_first": held_out[0][1] if held_out else None,
            "eval_last": held_out[-1][1] if held_out else None,
        },
        "steps": reporter.progress.step,
        "seconds": round(seconds, 1),
        "peak_memory": reporter.progress.memory,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in ("torch", "transformers", "peft", "trl")},
    }


def needs() -> None:
    """Raises MissingPackage without what a training needs."""
    from importlib.util import find_spec

    if missing := [name for name in ("torch", "transformers", "peft", "trl", "datasets", "accelerate") if find_spec(name) is None]:
        raise MissingPackage(f"Training needs {', '.join(missing)}: pip install {' '.join(missing)}")
