"""The webui's environment, seen from outside: names, pins, and what a broken Python says."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

import pytest

from extension.errors import MissingPackage, NotFound
from extension.webui.environment import Environment, normalised, pins


def test_everything_is_pinned_but_what_may_move():
    assert pins({"torch": "2.13.0+cpu", "gradio": "4.37.2+custom.20", "uvicorn": "0.54.0", "numpy": "2.2.6"}) == [
        "gradio==4.37.2",
        "numpy==2.2.6",
        "torch==2.13.0",
    ]


@pytest.mark.parametrize("name", ["Sentence_Transformers", "sentence.transformers", "sentence-transformers"])
def test_names_are_compared_as_indexes_do(name):
    assert normalised(name) == "sentence-transformers"


def test_modules_that_fail_are_named_with_their_reason(tmp_path):
    (tmp_path / "noisy.py").write_text("print('hello')\n")
    (tmp_path / "leaving.py").write_text("raise SystemExit('no\\nmore')\n")
    found = Environment(Path(sys.executable), tmp_path).broken(["noisy", "leaving", "nowhere"])
    assert found == {"leaving": "SystemExit: no", "nowhere": "ModuleNotFoundError: No module named 'nowhere'"}


def test_a_python_that_dies_is_told(tmp_path):
    (tmp_path / "deadly.py").write_text("import os\nos._exit(3)\n")
    with pytest.raises(MissingPackage, match=r"died while importing packages: it said nothing. Run it by hand to see why"):
        Environment(Path(sys.executable), tmp_path).broken(["deadly"])


def test_a_python_that_is_not_there_is_told(tmp_path):
    with pytest.raises(NotFound, match=r"Cannot run .*: No such file or directory. Name the webui's Python with --python"):
        Environment(tmp_path / "python", tmp_path).packages()


def test_what_we_added_is_remembered(tmp_path):
    venv.create(tmp_path / "venv", with_pip=False)
    environment = Environment(tmp_path / "venv/bin/python", tmp_path)
    assert environment.ours() == frozenset()
    environment.remember({"chromadb", "alembic"})
    assert environment.ours() == {"alembic", "chromadb"}
