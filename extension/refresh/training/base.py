"""The base model: what an adapter is trained on and must be loaded on again. Only configurations and safetensors are ever read."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

from ...errors import MissingModel, MissingPackage, TrainingRefused
from .folder import read_json

LARGEST_HEADER = 100_000_000
"""Bytes of a safetensors header; the format allows no more."""


def located(model_id: str, default: Path | None = None) -> Path:
    """Return the folder of a base model: a folder, or a name on the hub whose files are there or can be fetched.

    Raises MissingModel, TrainingRefused for a GGUF file, which cannot be trained on.
    """
    if not model_id:
        if default is None:
            raise MissingModel(
                "No model was named. Set `model_id` in the section `model` of the recipe to a folder of a Hugging Face model."
            )
        return default
    path = Path(model_id).expanduser()
    if path.is_file():
        raise TrainingRefused(_not_a_folder(path))
    if not path.is_dir() and model_id.count("/") == 1 and not model_id.startswith((".", "~", "/")):
        path = _from_hub(model_id)
    if not (path / "config.json").is_file():
        raise MissingModel(f"{path} is no folder of a Hugging Face model: it has no config.json. Check `model_id` in the recipe.")
    if not any(path.glob("*.safetensors")):
        raise TrainingRefused(
            f"The weights in {path} are not safetensors, and others are not read: they may hold code. Convert them, or take another model."
        )
    return path.resolve()


def _from_hub(name: str) -> Path:
    import httpx
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    wanted = ["*.json", "*.safetensors", "*.jinja", "tokenizer.model"]
    try:
        return Path(snapshot_download(name, allow_patterns=wanted))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, httpx.HTTPError, OSError) as exc:
        raise MissingModel(
            f"The model {name} cannot be had from the hub ({type(exc).__name__}). Check the name and the connection, or name a folder."
        ) from exc


def _not_a_folder(path: Path) -> str:
    if path.suffix.lower() != ".gguf":
        return f"{path} is a file. Name the folder of a Hugging Face model in `model_id`."
    base = known_base(path)
    told = f"The file says that it was made from {base}: set `model_id` to that" if base else "Set `model_id` to the model it was made from"
    return (
        f"{path.name} is a GGUF file, which llama.cpp runs and nobody can train. {told}, as a folder or by its name on the hub;"
        " the adapter is then converted for llama.cpp with `familiar runs gguf NAME`."
    )


def known_base(path: Path) -> str:
    """Return the Hugging Face model that a GGUF file says it was made from, as `owner/name`; '' where it does not say."""
    try:
        import gguf
    except ImportError:
        return ""
    try:
        fields = gguf.GGUFReader(path).fields
    except (OSError, ValueError, IndexError, KeyError, UnicodeDecodeError):
        return ""
    for key in ("general.base_model.0.repo_url", "general.source.url", "general.repo_url"):
        url = str(fields[key].contents()) if key in fields else ""
        if "huggingface.co/" in url:
            return "/".join(url.partition("huggingface.co/")[2].split("/")[:2])
    return ""


def digest(folder: Path) -> str:
    """Return a digest of a model: its configuration, and sizes and headers (names, types, shapes) of its weights, without reading those.

    Raises MissingModel.
    """
    made = hashlib.sha256()
    try:
        config = dict(read_json(folder / "config.json") or {})
        config.pop("_name_or_path", None)
        config.pop("transformers_version", None)
        made.update(json.dumps(config, sort_keys=True).encode())
        for file in sorted(folder.glob("*.safetensors")):
            made.update(f"{file.name} {file.stat().st_size}".encode())
            with file.open("rb") as opened:
                made.update(opened.read(min(struct.unpack("<Q", opened.read(8))[0], LARGEST_HEADER)))
    except (OSError, struct.error) as exc:
        raise MissingModel(f"The model in {folder} cannot be read ({type(exc).__name__}). Fetch or convert it again.") from exc
    return made.hexdigest()


def config_of(folder: Path) -> Any:
    """Return the configuration as transformers knows it. Raises MissingModel, TrainingRefused, MissingPackage."""
    try:
        from transformers import AutoConfig
    except ImportError as exc:
        raise MissingPackage("Training needs torch, transformers, peft and trl: pip install torch transformers peft trl") from exc
    if "auto_map" in (read_json(folder / "config.json") or {}):
        raise TrainingRefused(f"The model in {folder} brings code of its own, which is never run. Choose one that transformers knows.")
    try:
        return AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise MissingModel(f"The model in {folder} is none that transformers knows ({type(exc).__name__}). Check the folder.") from exc
