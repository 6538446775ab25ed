"""What is installed: Python, the packages and SQLite."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from platform import python_version

from .. import __version__
from .finding import Finding, State

PYTHON = (3, 11)
SQLITE = (3, 35, 0)
"""The first that knows RETURNING."""
ESSENTIAL = {
    "sqlalchemy": "the diary",
    "alembic": "the diary",
    "pydantic": "the settings",
    "pyyaml": "the settings",
    "filelock": "the stores",
}
USEFUL = {
    "chromadb": "the vector index",
    "sentence-transformers": "recall by meaning",
    "torch": "the embedded model and recall by meaning",
    "transformers": "the embedded model and recall by meaning",
    "gguf": "the bundled model",
    "gradio": "the standalone chat and the panel",
    "httpx": "model servers",
}
_MODULES = {"pyyaml": "yaml", "sentence-transformers": "sentence_transformers"}


def installation() -> list[Finding]:
    """Return what is installed, without importing what is heavy."""
    return [_python(), *(_package(name, use, "problem") for name, use in ESSENTIAL.items()), *_useful(), _sqlite()]


def _python() -> Finding:
    text = f"Familiar {__version__} on Python {python_version()}"
    facts = {"familiar": __version__, "python": python_version(), "executable": sys.executable}
    if sys.version_info[:2] < PYTHON:
        return Finding("python", "problem", text, "Use Python 3.11 or newer.", facts)
    return Finding("python", "ok", text, facts=facts)


def _useful() -> list[Finding]:
    return [_package(name, use, "warning") for name, use in USEFUL.items()]


def _package(name: str, use: str, without: State) -> Finding:
    if find_spec(_MODULES.get(name, name)) is None:
        return Finding(name, without, f"{name} is not installed: {use} cannot work", f"Install it: pip install {name}", {"version": None})
    try:
        found = version(name)
    except PackageNotFoundError:
        found = "of unknown version"
    return Finding(name, "ok", f"{name} {found}", facts={"version": found})


def _sqlite() -> Finding:
    text, facts = f"SQLite {sqlite3.sqlite_version}", {"version": sqlite3.sqlite_version}
    if sqlite3.sqlite_version_info < SQLITE:
        return Finding("sqlite", "problem", f"{text} is too old", "Use a Python with SQLite 3.35 or newer.", facts)
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'porter unicode61 remove_diacritics 2')")
    except sqlite3.Error:
        return Finding("sqlite", "problem", f"{text} has no full-text search (FTS5)", "Use a Python whose SQLite has FTS5.", facts)
    return Finding("sqlite", "ok", f"{text} with FTS5", facts=facts)
