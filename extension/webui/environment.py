"""The webui's own Python environment, looked at and added to from outside it; standard library only."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import MissingPackage, NotFound

PYTHONS = (
    "installer_files/env/bin/python",
    "installer_files/env/python.exe",
    "portable_env/bin/python3",
    "portable_env/python.exe",
    "venv/bin/python",
    "venv/Scripts/python.exe",
    ".venv/bin/python",
    ".venv/Scripts/python.exe",
)
"""Where a webui keeps its Python, likeliest first: its installer, its portable build, then by hand."""

FREE = frozenset({"uvicorn"})
"""Packages that may move: Chroma's `uvicorn[standard]` and old Gradio's `websockets` meet only in some versions of it."""

FOREIGN = ("PYTHONPATH", "PYTHONHOME", "PIP_CONSTRAINT", "PIP_USER")
"""Variables of the caller that would reach into the webui's environment."""

RECORD = "familiar-packages.json"
"""In the environment's folder: the names of the packages we added, which may move when our requirements do."""

PROBE = """
import contextlib, importlib, json, os, sys
sys.path.insert(0, os.getcwd())
broken = {}
for name in sys.argv.pop().split(","):
    try:
        with contextlib.redirect_stdout(sys.stderr):
            importlib.import_module(name)
    except BaseException as exc:
        broken[name] = f"{type(exc).__name__}: {exc}".splitlines()[0]
print(json.dumps(broken))
"""


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python and the folder of the webui it runs."""

    python: Path
    folder: Path

    def packages(self) -> dict[str, str]:
        """Return the version of every installed package by its normalised name. Raises MissingPackage without a working pip."""
        listed = json.loads(self.pip("list", "--format", "json"))
        return {normalised(each["name"]): str(each["version"]) for each in listed}

    def ours(self) -> frozenset[str]:
        """Return the names of the packages that an earlier run added."""
        try:
            return frozenset(json.loads(self._record().read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError):
            return frozenset()

    def remember(self, names: Iterable[str]) -> None:
        """Write down which packages we added. Raises MissingPackage when the environment's folder cannot be written."""
        try:
            self._record().write_text(json.dumps(sorted(names)), encoding="utf-8")
        except OSError as exc:
            raise MissingPackage(f"Cannot write the webui's environment: {exc.strerror}. Run this as the person it belongs to.") from exc

    def complaints(self) -> frozenset[str]:
        """Return the lines of `pip check`: what the installed packages miss or cannot stand."""
        done = self._run("-m", "pip", "check")
        return frozenset(line for line in done.stdout.splitlines() if done.returncode and line.strip())

    def broken(self, modules: Iterable[str]) -> dict[str, str]:
        """Import modules in one fresh process, in the webui's folder, and return the reason for each that fails."""
        done = self._run("-c", PROBE, ",".join(modules))
        try:
            found = json.loads(done.stdout.splitlines()[-1])
        except (IndexError, ValueError):
            raise MissingPackage(f"{self.python} died while importing packages: {_last(done.stderr)} Run it by hand to see why.") from None
        return {str(name): str(reason) for name, reason in found.items()}

    def install(self, *arguments: str, held: Mapping[str, str], tested: Iterable[str] = ()) -> None:
        """Install with pip while every package in `held` stays at its version, others in a `tested` one where that is named.

        Raises MissingPackage; then nothing was changed.
        """
        with tempfile.TemporaryDirectory() as folder:
            constraints = Path(folder, "constraints.txt")
            further = [line for line in tested if line.partition("==")[0] not in held.keys() - FREE]
            constraints.write_text("".join(f"{line}\n" for line in (*pins(held), *further)), encoding="utf-8")
            self.pip("install", "--quiet", "--constraint", str(constraints), *arguments)

    def pip(self, *arguments: str) -> str:
        """Run pip and return what it printed. Raises MissingPackage with pip's own reason."""
        done = self._run("-m", "pip", "--disable-pip-version-check", *arguments)
        if done.returncode == 0:
            return done.stdout
        if "No module named pip" in done.stderr:
            raise MissingPackage(f"{self.python} has no pip. Run `{self.python} -m ensurepip`, then this again.")
        raise MissingPackage(f"pip could not do `pip {arguments[0]}` in the webui's environment: {_reason(done.stderr)}")

    def _record(self) -> Path:
        return Path(self._run("-c", "import sys; print(sys.prefix)").stdout.strip(), RECORD)

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environ = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        command = [str(self.python), *arguments]
        try:
            return subprocess.run(  # noqa: S603 - the person named this Python, or it lies in the webui they named
                command,
                cwd=self.folder,
                env={**environ, "PYTHONNOUSERSITE": "1", "PYTHONIOENCODING": "utf-8"},
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        except OSError as exc:
            raise NotFound(f"Cannot run {self.python}: {exc.strerror}. Name the webui's Python with --python.") from exc


def find_python(folder: Path) -> Path | None:
    """Return the Python a webui brings along, or None where it has none yet."""
    return next((folder / each for each in PYTHONS if (folder / each).is_file()), None)


def pins(packages: Mapping[str, str]) -> list[str]:
    """Return one constraint for each package that must stay.

    A local version (`2.13.0+cpu`) is pinned without its local part: pip counts the installed one as equal, and an index may not have it.
    """
    return [f"{name}=={version.partition('+')[0]}" for name, version in sorted(packages.items()) if name not in FREE]


def normalised(name: str) -> str:
    """Return a package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _reason(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    told = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ") and not line.endswith(":")]
    conflict = [line for line in lines if " requires " in line or " depends on " in line or line.startswith("The user requested")]
    return " ".join([*conflict[:6], *told[:3]]) or _last(stderr)


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing."
