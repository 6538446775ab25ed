"""The Makefile: what it would do, and what it says when it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OUTER = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "ARGS", "WEBUI", "WEBUI_PYTHON", "WORKERS")
"""What a `make test` that runs these tests would hand down."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the files that make looks at, and an environment that seems to be complete."""
    folder = tmp_path / "a checkout"
    (folder / ".venv/bin").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "CMD_FLAGS.txt"):
        shutil.copy(ROOT / name, folder)
        os.utime(folder / name, (1, 1))
    shutil.copytree(ROOT / "extension", folder / "extension", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tests/bridges/matrix").mkdir(parents=True)
    shutil.copy(ROOT / "tests/bridges/matrix/constraints.txt", folder / "tests/bridges/matrix")
    (folder / ".venv/bin/python").symlink_to(sys.executable)
    (folder / ".venv/.made").write_text(f"{folder}\n")
    for age, stamp in enumerate((".made", ".runtime", ".test")):
        (folder / ".venv" / stamp).touch()
        os.utime(folder / ".venv" / stamp, (2 + age, 2 + age))
    return folder


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name not in OUTER}
    command = ["make", f"PYTHON={sys.executable}", *words]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def planned(folder: Path, *words: str) -> str:
    done = make(folder, "--dry-run", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_help_lists_the_targets_with_what_they_do(checkout):
    listed = dict(line.split(maxsplit=1) for line in make(checkout, "help").stdout.splitlines())
    assert listed["run"] == "Serve the chat on http://127.0.0.1:7861"
    assert listed["check"] == "Lint, check types, layout and documentation"


def test_make_alone_checks_and_then_tests(checkout):
    plan = planned(checkout)
    assert 0 < plan.index("ruff check") < plan.index("mypy") < plan.index('-m "not host"')


def test_a_second_run_installs_nothing(checkout):
    plan = planned(checkout, "run")
    assert "pip" not in plan
    assert plan.strip() == "exec .venv/bin/familiar serve"


def test_words_for_the_program_are_passed_on(checkout):
    assert planned(checkout, "run", "ARGS=--port 8000").strip() == "exec .venv/bin/familiar serve --port 8000"


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_list_of_packages_is_installed(checkout, name):
    os.utime(checkout / name)
    plan = planned(checkout, "run")
    assert "pip install --quiet --constraint constraints.txt --editable ." in plan
    assert "venv --clear" not in plan


def test_an_environment_of_another_place_is_made_anew(checkout):
    moved = checkout.rename(checkout.with_name("elsewhere"))
    assert "-m venv --clear .venv" in planned(moved, "run")


def test_an_environment_whose_python_is_gone_is_made_anew(checkout):
    (checkout / ".venv/bin/python").unlink()
    assert "-m venv --clear .venv" in planned(checkout, "run")


def test_only_tests_install_what_tests_need(checkout):
    (checkout / ".venv/.test").unlink()
    assert ".[test]" not in planned(checkout, "run")
    assert ".[test]" in planned(checkout, "test")


@pytest.mark.parametrize("program", ["chromium", "postgresql", "matrix-synapse"])
def test_only_the_whole_of_the_tests_installs_programs(checkout, program):
    assert program in planned(checkout, "test")
    assert program not in planned(checkout, "test-fast")


def test_without_a_fitting_python_it_says_what_to_install(checkout):
    shutil.rmtree(checkout / ".venv")
    done = make(checkout, "run", "PYTHON=/no/such/python")
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed; /no/such/python is not. On Debian 12: apt-get install python3 python3-venv" in done.stderr


def test_installing_asks_where_the_webui_is(checkout):
    done = make(checkout, "install")
    assert done.returncode != 0
    assert "Say where your webui is: make install WEBUI=/path/to/text-generation-webui" in done.stderr


def test_installing_into_something_else_says_so(checkout, tmp_path):
    done = make(checkout, "install", f"WEBUI={tmp_path}")
    assert done.returncode != 0
    assert f"{tmp_path} is not a text-generation-webui: no server.py and no modules/extensions.py." in done.stderr


def test_the_webui_asks_for_a_folder_where_the_submodule_cannot_be_fetched(checkout):
    done = make(checkout, "webui")
    assert done.returncode != 0
    assert "make webui WEBUI=/path/to/text-generation-webui" in done.stderr


def test_a_python_for_the_webui_is_passed_on(checkout):
    plan = planned(checkout, "install", "WEBUI=/a/webui", "WEBUI_PYTHON=/its/python")
    assert '-m extension.webui.install "/a/webui" --python "/its/python"' in plan
