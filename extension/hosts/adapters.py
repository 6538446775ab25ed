"""LoRA adapters beside the host's own, on the one model that is loaded: put on for a moment, and the model left as it was."""

from __future__ import annotations

import json
import logging
import warnings
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import MissingModel, MissingPackage

log = logging.getLogger(__name__)

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
_SIZE = ("r", "lora_alpha", "lora_dropout", "rank_pattern", "alpha_pattern", "use_rslora", "use_dora", "fan_in_fan_out", "bias")
_WHERE = ("target_modules", "exclude_modules", "target_parameters", "layers_to_transform", "layers_pattern")
_WHOLE = ("modules_to_save", "trainable_token_indices")
_TAKEN = frozenset((*_SIZE, *_WHERE, *_WHOLE))
"""What is taken of an adapter's description. The rest says how it was begun, which may change the model below it, or names code."""
MOST = 4
"""Adapters that stay on a model, the last ones used."""


class Adapters:
    """What may be put on a model. Whoever uses it holds the host's turn."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._own = str(model.active_adapter) if _wraps(model) else ""
        """Name of the host's own adapter, '' for none."""
        self._wrapper: Any = model if _wraps(model) else None
        self._there: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._made = 0

    @contextmanager
    def on(self, folder: Path, tokens: int = 0) -> Iterator[None]:
        """Let the model answer with the adapter in a folder meanwhile, which knows so many tokens where it was given some of its own.

        Raises MissingModel for one that cannot be put on, and MissingPackage.
        """
        name = self._name(folder, tokens)
        try:
            self._wrapper.base_model.enable_adapter_layers()
            self._wrapper.set_adapter(name, inference_mode=True)
            yield
        finally:
            self._restore()

    @contextmanager
    def off(self) -> Iterator[None]:
        """Let the model answer without any adapter meanwhile."""
        try:
            if self._wrapper is not None:
                self._wrapper.base_model.disable_adapter_layers()
            yield
        finally:
            self._restore()

    def _restore(self) -> None:
        """Let the host's own adapter count, or none where it has none."""
        if self._wrapper is None:
            return
        if self._own:
            self._wrapper.base_model.enable_adapter_layers()
            self._wrapper.set_adapter(self._own, inference_mode=True)
        else:
            self._wrapper.base_model.disable_adapter_layers()

    def _name(self, folder: Path, tokens: int) -> str:
        """Return the name of an adapter on the model, putting it on first where it is not there as it is in its folder now."""
        key = (str(folder), _written(folder))
        if key not in self._there:
            while len(self._there) >= MOST:
                self._wrapper.delete_adapter(self._there.popitem(last=False)[1])
            self._made += 1
            self._put(folder, f"beside_{self._made}", tokens)
            self._there[key] = f"beside_{self._made}"
        self._there.move_to_end(key)
        return self._there[key]

    def _put(self, folder: Path, name: str, tokens: int) -> None:
        try:
            import peft
        except ImportError as exc:
            raise MissingPackage(f"The adapter {folder.name} needs the package peft: pip install peft") from exc
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers by names that are going
                config = peft.LoraConfig(**_chosen(folder))
                if tokens > self._model.get_input_embeddings().weight.shape[0]:
                    self._model.resize_token_embeddings(tokens)  # the rows of its own tokens come with the adapter
                if self._wrapper is None:
                    self._wrapper = peft.PeftModelForCausalLM(self._model, config, adapter_name=name)
                else:
                    self._wrapper.add_adapter(name, config)
                if missing := self._wrapper.load_adapter(str(folder), name).missing_keys:
                    raise ValueError(f"{len(missing)} of its weights are not in the file")
        except (MemoryError, MissingModel):
            raise
        except Exception as exc:  # a damaged file fails in as many ways as there are libraries below
            self._forget(name)
            if "out of memory" in str(exc).lower():
                raise
            log.warning("The adapter in %s could not be put on", folder, exc_info=True)
            reason = (str(exc).strip().splitlines() or [""])[0][:200]
            raise MissingModel(
                f"The adapter in {folder} cannot be put on the model ({type(exc).__name__}: {reason}). Check that it was made for it."
            ) from exc

    def _forget(self, name: str) -> None:
        """Take off what was put on half."""
        if self._wrapper is None:
            return
        if name in self._wrapper.peft_config:
            self._wrapper.delete_adapter(name)
        self._restore()


def _wraps(model: Any) -> bool:
    return hasattr(model, "peft_config") and hasattr(model, "base_model") and hasattr(model, "delete_adapter")


def _chosen(folder: Path) -> dict[str, Any]:
    """Return how an adapter is built. Raises MissingModel for what is not LoRA on the layers as they are."""
    try:
        said = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise MissingModel(f"{folder / CONFIG} cannot be read ({type(exc).__name__}). Train it again, or fetch it again.") from exc
    if not isinstance(said, dict) or said.get("peft_type") != "LORA" or said.get("layer_replication") or said.get("megatron_config"):
        raise MissingModel(f"The adapter in {folder} is no plain LoRA adapter; only such can be put beside others.")
    return {**{name: value for name, value in said.items() if name in _TAKEN}, "task_type": "CAUSAL_LM", "inference_mode": True}


def _written(folder: Path) -> int:
    """Return when the weights of an adapter were written. Raises MissingModel where there are none that are safe to read."""
    if not (folder / CONFIG).is_file():
        raise MissingModel(f"{folder} holds no LoRA adapter: there is no {CONFIG} in it.")
    try:
        return (folder / WEIGHTS).stat().st_mtime_ns
    except OSError as exc:
        raise MissingModel(f"{folder} holds no {WEIGHTS}; adapters in other files are not read, since those may run code.") from exc
