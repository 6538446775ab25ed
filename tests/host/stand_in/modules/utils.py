"""Looking components of the page up by name."""

from typing import Any

import modules.shared as shared


def gradio(*keys: Any) -> list[Any]:
    """Return the components of these names."""
    names = keys[0] if len(keys) == 1 and isinstance(keys[0], list | tuple) else keys
    return [shared.gradio[name] for name in names]


def check_model_loaded() -> tuple[bool, str]:
    """Return whether a model is loaded, and what to tell the person if not."""
    return (shared.model_name != "None", "No model is loaded.")
