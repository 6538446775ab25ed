"""What the tests of hosts stand on: the real model, and a server to talk to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models import smollm2_folder, tiny_folder

from .openai_double import Double

pytest.register_assert_rewrite("tests.hosts.contract", f"{__package__}.contract")


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """The Hugging Face folder of SmolLM2-135M-Instruct."""
    return smollm2_folder()


@pytest.fixture
def server() -> Iterator[Double]:
    """A server that speaks OpenAI's protocol on a port of this machine, and misbehaves on request."""
    with Double() as double:
        yield double


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Hugging Face folder of a llama with random weights, which takes any text and answers in a moment."""
    return tiny_folder(tmp_path_factory.mktemp("tiny") / "tiny-random-llama")
