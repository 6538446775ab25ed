"""A voice of a tiny random model: an adapter with random weights that says it was trained on it, in a format of choice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from extension.clones.clones import Clones
from extension.clones.voice import Voice
from extension.hosts.embedded import Embedded
from extension.refresh.recipe.format import Format
from extension.refresh.training.base import digest
from extension.refresh.training.checkpoints import digests
from extension.refresh.turns import Speaker
from tests.models import smollm2_folder, tiny_adapter, tiny_folder

ANN, BOB, CY = Speaker("discord:1", "Ann"), Speaker("discord:2", "Bob"), Speaker("discord:3", "Cy Lee", "Cy")
TALK = [("Ann", "Who is coming tonight?"), ("Bob", "me"), ("Dee", "Me too!")]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a llama with random weights."""
    return tiny_folder(tmp_path_factory.mktemp("tiny") / "tiny-random-llama")


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """The Hugging Face folder of SmolLM2-135M-Instruct."""
    return smollm2_folder()


def sealed(adapter: Path, model: Path) -> Path:
    """Write the manifest of an adapter."""
    (adapter / "README.md").unlink(missing_ok=True)
    told = {"format": 1, "base": {"model": model.name, "digest": digest(model)}, "sha256": digests(adapter, but=("manifest.json",))}
    (adapter / "manifest.json").write_text(json.dumps(told))
    return adapter


@pytest.fixture
def host(tiny: Path) -> Embedded:
    """A host that runs the tiny model."""
    return Embedded(tiny)


@pytest.fixture
def voice(tiny: Path, tmp_path: Path) -> Callable[..., Voice]:
    """Makes a voice."""

    def made(name: str = "friends", seed: int = 0, style: Format | None = None) -> Voice:
        adapter = sealed(tiny_adapter(tiny, tmp_path / name, seed=seed), tiny)
        return Voice(name, adapter, tiny, digest(tiny), style or Format(), (ANN, BOB, CY))

    return made


@pytest.fixture
def clones(host: Embedded, voice: Callable[..., Voice]) -> Clones:
    """Ann, Bob and Cy; Cy has not agreed."""
    return Clones(host, voice(), lambda speaker: speaker != CY)


def trained(
    data_dir: Path, tiny: Path, adapter: Path, people: tuple[Speaker, ...], name: str = "friends", dataset: Path | None = None
) -> Path:
    """Make the folder of a run that left an adapter."""
    run = data_dir / "runs" / name
    run.mkdir(parents=True)
    sealed(adapter, tiny)
    told = json.loads((adapter / "manifest.json").read_text())
    told |= {"people": [asdict(each) for each in people], "rendering": {}}
    (adapter / "manifest.json").write_text(json.dumps(told))
    adapter.rename(run / "adapter")
    config = {"format": 1, "created": "2026-11-22T05:00:00+00:00", "model": str(tiny), "base": digest(tiny), "dataset": str(dataset or "")}
    if dataset is not None:
        config["data"] = hashlib.sha256((dataset / "manifest.json").read_bytes()).hexdigest()
    (run / "config.json").write_text(json.dumps(config))
    (run / "recipe.yaml").write_text(f"name: {name}\n")
    return run
