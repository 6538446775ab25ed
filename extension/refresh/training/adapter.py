"""The adapter that a training leaves: written beside, renamed when it is whole, and checked before it is ever put on a model."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

from ...errors import MissingModel, TrainingRefused
from ...settings import replace_text
from . import base, checkpoints
from .checkpoints import WEIGHTS
from .folder import Run, read_json

MANIFEST = "manifest.json"
FORMAT = 1


def keep(run: Run, model: Any, tokenizer: Any, facts: dict[str, Any]) -> None:
    """Write the adapter of a trained model, its manifest last. Raises StoreError, OSError."""
    partial = run.path / ".adapter.partial"
    shutil.rmtree(partial, ignore_errors=True)
    model.save_pretrained(partial, safe_serialization=True, save_embedding_layers=False)
    tokenizer.save_pretrained(partial)
    _without_places(partial)
    files = checkpoints.digests(partial)
    replace_text(partial / MANIFEST, json.dumps({"format": FORMAT, **facts, "sha256": files}, indent=2))
    shutil.rmtree(run.adapter, ignore_errors=True)
    partial.rename(run.adapter)


def _without_places(folder: Path) -> None:
    """Take out of an adapter where on this machine it was made: whoever is given it is told nothing of that."""
    (folder / "README.md").unlink(missing_ok=True)
    for name in ("adapter_config.json", "tokenizer_config.json"):
        found = read_json(folder / name) or {}
        for key in ("base_model_name_or_path", "name_or_path"):
            if key in found:
                found[key] = Path(str(found[key])).name
        replace_text(folder / name, json.dumps(found, indent=2, sort_keys=True))


def manifest(folder: Path) -> dict[str, Any]:
    """Return what an adapter says of itself. Raises MissingModel where the folder is none of ours."""
    found = read_json(folder / MANIFEST)
    if found is None or found.get("format") != FORMAT or not isinstance(found.get("sha256"), dict):
        raise MissingModel(f"{folder} is no adapter that was trained here: its manifest is missing or damaged. Train it again.")
    return found


def put(folder: Path, model: Any, *, name: str = "default") -> Any:
    """Return a base model with an adapter on it that was checked; for tokens that were added its embeddings grow first."""
    import peft

    rows = manifest(folder).get("embeddings")
    if isinstance(rows, int) and rows > model.get_input_embeddings().weight.shape[0]:
        model.resize_token_embeddings(rows, mean_resizing=False)  # the adapter has the new rows
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers by names that are going
        return peft.PeftModel.from_pretrained(model, str(folder), adapter_name=name)


def check_adapter(folder: Path, model: Path) -> dict[str, Any]:
    """Return the manifest of an adapter that is whole and was trained on this very model.

    Raises MissingModel where it is none of ours, TrainingRefused where a file is damaged or missing, where it holds files that could
    run code, or where the base model is another or has changed since.
    """
    told = manifest(folder)
    there = {file.name for file in folder.iterdir() if file.is_file()} - {MANIFEST}
    if strange := sorted(
        name for name in there if name not in told["sha256"] and Path(name).suffix in (".bin", ".pt", ".pth", ".pkl", ".py")
    ):
        raise TrainingRefused(
            f"The adapter in {folder} holds {strange[0][:80]}, which could run code. Remove that file, or train it again."
        )
    for name, digest in told["sha256"].items():
        if Path(name).name != name or name not in there or checkpoints.digest(folder / name) != digest:
            raise TrainingRefused(f"The adapter in {folder} is damaged ({str(name)[:80]}). Copy it again, or train it again.")
    if WEIGHTS not in told["sha256"]:
        raise TrainingRefused(f"The adapter in {folder} has no weights in safetensors. Train it again.")
    found = told.get("base")
    of = found if isinstance(found, dict) else {}
    if of.get("digest") != base.digest(model):
        raise TrainingRefused(
            f"The adapter in {folder} was trained on another model ({str(of.get('model'))[:80]}), or that has changed since."
            " An adapter fits only the very weights it was trained on: put those back, or train it again."
        )
    return told
