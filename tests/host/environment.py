"""A Python for the host: its pins from PyPI alone, and our packages put beside them by `make install`'s own program.

Built once under `.cache/host-venv` and kept until a requirement changes; WEBUI_PYTHON names another to use instead.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "host-venv"
REQUIREMENTS = "requirements/full/requirements_cpu_only.txt"
LEFT_OUT = ("http://", "https://", "#", "wandb", "tensorboard")
"""Lines of the host's requirements that no package index has, or that only training looks at."""
PINS = ("torch==2.13.0", "gradio==4.37.2", "gradio_client==1.0.2")
"""In the place of the host's own wheels: launch.py stands in for what its fork of Gradio adds."""


def requirements(checkout: Path) -> list[str]:
    """Return what to install for a checkout of the host."""
    lines = [line.strip() for line in (checkout / REQUIREMENTS).read_text(encoding="utf-8").splitlines()]
    return [*PINS, *(line for line in lines if line and not line.startswith(LEFT_OUT))]


def python_for(checkout: Path) -> Path:
    """Return a Python that runs this checkout, building its environment if there is none yet (minutes, gigabytes)."""
    if given := os.environ.get("WEBUI_PYTHON"):
        return Path(given).absolute()
    wanted = requirements(checkout)
    folder = CACHE / hashlib.sha256("\n".join([sys.version, *wanted]).encode()).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        python = folder / "bin" / "python"
        if not (folder / "complete").exists():
            venv.create(folder, with_pip=True, clear=False)
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
            (folder / "complete").touch()
    return python


def install(checkout: Path, python: Path) -> str:
    """Put the extension into a copy of the host as `make install` does, and return what that said."""
    command = [sys.executable, "-m", "extension.webui.install", str(checkout), "--python", str(python)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"make install failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout
