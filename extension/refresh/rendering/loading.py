"""The tokenizer of a model, without the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import MissingModel, MissingPackage


def tokenizer(folder: Path) -> Any:
    """Return the tokenizer in the folder of a model; no code in it is run. Raises MissingModel, MissingPackage."""
    try:
        from transformers import AutoTokenizer
    except ImportError as exc:
        raise MissingPackage(f"Datasets need transformers ({exc}): pip install transformers") from exc
    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except Exception as exc:  # a damaged file fails in as many ways as there are libraries below; tokenizers raises bare Exception
        raise MissingModel(
            f"The tokenizer in {folder} cannot be read ({type(exc).__name__}). Get the model anew, or name another."
        ) from exc
