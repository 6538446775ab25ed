"""Loading and unloading: the name is set first, a loader may fail in silence, and nothing here takes the lock."""

from pathlib import Path
from typing import Any

import modules.shared as shared
from modules.models_settings import get_model_metadata

active_generation_count = 0
loaders: dict[str, Any] = {}
"""What a test wants each loader to make of a folder: a model and a tokenizer, None of both, or an exception."""


def load_model(model_name: str, loader: str | None = None) -> Any:
    """Return a model and its tokenizer, None for both where a loader failed in silence."""
    shared.model_name = model_name
    found = get_model_metadata(model_name)
    shared.args.loader = loader or shared.args.loader
    model, tokenizer = loaders[shared.args.loader](Path(shared.args.model_dir) / model_name)
    if model is not None:
        shared.settings.update({key: value for key, value in found.items() if key in shared.settings})
    return model, tokenizer


def unload_model(keep_model_name: bool = False) -> None:
    """Let go of the model and of the adapters on it."""
    if shared.model is None:
        return
    shared.model = shared.tokenizer = None
    shared.lora_names = []
    if not keep_model_name:
        shared.model_name = "None"
