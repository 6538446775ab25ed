"""The models that tests use: the real one, converted once for all of them and kept for the next time, and tiny ones with random weights."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from extension.hosts import smollm2

PLACE = "TEST_MODELS"
"""Environment variable that names another folder to keep it in, for instance one that several checkouts share."""


def smollm2_folder() -> Path:
    """Return the Hugging Face folder of SmolLM2-135M-Instruct. Of several processes that ask, one converts."""
    place = Path(os.environ.get(PLACE) or Path(__file__).resolve().parent.parent / ".cache")
    return smollm2.folder(place, progress=lambda done, total: None)


def tiny_folder(folder: Path, seed: int = 1) -> Path:
    """Make the Hugging Face folder of a llama with random weights, which takes any text and answers in a moment."""
    from extension.hosts.gguf_file import GGUFFile

    from .hosts import tiny_gguf

    folder.mkdir(parents=True)
    source = tiny_gguf.write(folder.with_name(f"{folder.name}.gguf"), seed=seed)
    GGUFFile(source).rewrite(folder, lambda done, total: None)
    source.unlink()
    return folder


def tiny_adapter(model: Path, folder: Path, seed: int = 0, *, begun: bool = False) -> Path:
    """Make the folder of a LoRA adapter with random weights for a model; with `begun`, one that was not trained on anything yet."""
    import peft
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    config = peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=begun, task_type="CAUSAL_LM")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers by a name that is going
        peft.get_peft_model(AutoModelForCausalLM.from_pretrained(model), config).save_pretrained(folder)
    return folder
