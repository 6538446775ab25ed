"""What the files of a model say about how it is to be loaded."""

import json
from pathlib import Path
from typing import Any

import modules.shared as shared


def get_model_metadata(model: str) -> dict[str, Any]:
    """Return the loader and the settings of a model."""
    config = json.loads((Path(shared.args.model_dir) / model / "config.json").read_text(encoding="utf-8"))
    return {"loader": config.get("loader", "Transformers"), "truncation_length": config["max_position_embeddings"]}


def update_model_parameters(state: dict[str, Any], initial: bool = False) -> None:
    """Take what belongs to the command line there."""
    shared.args.loader = state["loader"]
