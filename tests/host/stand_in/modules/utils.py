"""Looking components of the page up by name."""

from pathlib import Path
from typing import Any

import modules.shared as shared


def gradio(*keys: Any) -> list[Any]:
    """Return the components of these names."""
    names = keys[0] if len(keys) == 1 and isinstance(keys[0], list | tuple) else keys
    return [shared.gradio[name] for name in names]


def get_available_models() -> list[str]:
    """Return the names of the folders of models."""
    return sorted(path.name for path in Path(shared.args.model_dir).iterdir() if path.is_dir())


def get_available_loras() -> list[str]:
    """Return the names of the folders of adapters, after the word for none."""
    return ["None", *sorted(path.name for path in Path(shared.args.lora_dir).glob("*"))]


def check_model_loaded() -> tuple[bool, str]:
    """Return whether a model is loaded, and what to tell the person if not."""
    return (shared.model_name != "None", "No model is loaded.")
