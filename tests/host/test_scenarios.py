"""The scenarios of a person at the webui, on the double of the host: everywhere and at every change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .double import Residence
from .scenarios import SCENARIOS
from .scene import Scene, double_scene


@pytest.mark.parametrize("lives", ["user", "bundled"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_on_the_double(scenario: Callable[[Scene], None], lives: Residence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAMILIAR_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FAMILIAR_EMBEDDER", "hashing")
    with double_scene(tmp_path / "webui", lives) as scene:
        scenario(scene)
