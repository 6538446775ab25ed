"""The real model that tests use, converted once for all of them and kept for the next time."""

from __future__ import annotations

import os
from pathlib import Path

from extension.hosts import smollm2

PLACE = "TEST_MODELS"
"""Environment variable that names another folder to keep it in, for instance one that several checkouts share."""


def smollm2_folder() -> Path:
    """Return the Hugging Face folder of SmolLM2-135M-Instruct. Of several processes that ask, one converts."""
    place = Path(os.environ.get(PLACE) or Path(__file__).resolve().parent.parent / ".cache")
    return smollm2.folder(place, progress=lambda done, total: None)
