"""What tests of every platform share."""

from __future__ import annotations

import pytest

from extension.embedders import MiniLM, minilm_folder
from extension.hosts.embedded import Embedded

from ..models import smollm2_folder


@pytest.fixture(scope="session")
def models():
    """SmolLM2 and MiniLM, loaded once."""
    return Embedded(smollm2_folder()), MiniLM(minilm_folder())
