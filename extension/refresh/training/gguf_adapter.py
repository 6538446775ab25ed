"""An adapter for llama.cpp: the LoRA matrices of a PEFT adapter in a GGUF file, under llama.cpp's names and in its order of rows.

The format is that of llama.cpp's convert_lora_to_gguf.py: `<tensor>.lora_a` (rank x inputs), `<tensor>.lora_b` (outputs x rank), and
`adapter.lora.alpha`, by which llama.cpp scales as alpha / rank.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from ...errors import MissingPackage, TrainingRefused
from .adapter import check_adapter
from .checkpoints import WEIGHTS
from .folder import read_json

TYPES = {"llama": ("LLAMA", True), "mistral": ("LLAMA", True), "qwen2": ("QWEN2", False), "qwen3": ("QWEN3", False)}
"""Of the base model, as its configuration names it: llama.cpp's, and whether that keeps queries and keys in pairs of rows."""
_KEY = re.compile(r"base_model\.model\.(.+)\.lora_([AB])\.weight")
_BY_HAND = "llama.cpp's convert_lora_to_gguf.py may know more models."


@dataclass(frozen=True, slots=True)
class Heads:
    """Of the attention: their number for queries and for keys."""

    queries: int
    keys: int


def convert(adapter: Path, model: Path, to: Path) -> int:
    """Write an adapter that was trained on a model as a GGUF file, and return how many matrices it has.

    Raises MissingModel, MissingPackage, TrainingRefused where llama.cpp could not use it (DoRA, tokens of its own, other models).
    """
    try:
        import gguf
    except ImportError as exc:
        raise MissingPackage("Converting an adapter for llama.cpp needs the package gguf: pip install gguf") from exc
    from safetensors.numpy import load_file

    check_adapter(adapter, model)
    config, lora = read_json(model / "config.json") or {}, read_json(adapter / "adapter_config.json") or {}
    kind = TYPES.get(str(config.get("model_type")))
    _refuse(lora, kind is not None, str(config.get("model_type")))
    arch, paired = kind or ("", False)
    heads = Heads(int(config["num_attention_heads"]), int(config.get("num_key_value_heads") or config["num_attention_heads"]))
    names = gguf.get_tensor_name_map(getattr(gguf.MODEL_ARCH, arch), int(config["num_hidden_layers"]))
    tensors = load_file(adapter / WEIGHTS)
    partial = to.with_name(f".{to.name}.partial")
    writer = gguf.GGUFWriter(partial, gguf.MODEL_ARCH_NAMES[getattr(gguf.MODEL_ARCH, arch)])
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string("general.name", adapter.parent.name)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, _alpha(lora))
    for key, values in sorted(tensors.items()):
        name, half = _named(key, names)
        writer.add_tensor(f"{name}.lora_{half}", _ordered(values, name, half, heads if paired else None))
    _write(writer, partial, to)
    return len(tensors)


def _refuse(lora: dict[str, Any], known: bool, kind: str) -> None:
    if not known:
        raise TrainingRefused(f"A model of the type {kind[:40]} cannot be converted here, only {', '.join(TYPES)}. {_BY_HAND}")
    if lora.get("use_dora"):
        raise TrainingRefused("llama.cpp knows no DoRA. Train again with `use_dora: false`, or serve the model with transformers.")
    if lora.get("trainable_token_indices") or lora.get("modules_to_save"):
        raise TrainingRefused(
            "The adapter trained tokens of its own, which llama.cpp cannot take from an adapter. Train with a template whose tokens the"
            " model has, or serve the model with transformers."
        )


def _alpha(lora: dict[str, Any]) -> float:
    """Return alpha as llama.cpp takes it; rsLoRA scales by alpha / sqrt(rank)."""
    alpha, rank = float(lora["lora_alpha"]), int(lora["r"])
    return alpha * sqrt(rank) if lora.get("use_rslora") else alpha


def _named(key: str, names: Any) -> tuple[str, str]:
    """Return llama.cpp's name of what a matrix belongs to, and which of the two it is."""
    found = _KEY.fullmatch(key)
    name = names.get_name(f"{found[1]}.weight", try_suffixes=(".weight",)) if found else None
    if found is None or name is None:
        raise TrainingRefused(f"The adapter changes {key[:120]}, for which llama.cpp has no name. {_BY_HAND}")
    return str(name), found[2].lower()


def _ordered(values: Any, name: str, half: str, heads: Heads | None) -> Any:
    """Return a matrix with its rows in llama.cpp's order: of queries and keys it keeps the two halves of a rotation side by side."""
    import numpy

    values = values.astype(numpy.float32)
    if heads is None or half == "a" or not name.endswith(("attn_q.weight", "attn_k.weight")):
        return values
    count = heads.queries if name.endswith("attn_q.weight") else heads.keys
    outputs, rank = values.shape
    paired = values.reshape(count, 2, outputs // count // 2, rank).swapaxes(1, 2)
    return numpy.ascontiguousarray(paired.reshape(outputs, rank))


def _write(writer: Any, partial: Path, to: Path) -> None:
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        partial.replace(to)
    except OSError as exc:
        partial.unlink(missing_ok=True)
        raise TrainingRefused(f"{to} cannot be written ({exc.strerror or type(exc).__name__}). Name another file.") from exc
