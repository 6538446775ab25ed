"""Which model answers, and which one embeds: are they there, and do they answer?"""

from __future__ import annotations

from pathlib import Path

from ..embedders import embedder_for, minilm_folder
from ..errors import FamiliarError, HostError
from ..hosts import smollm2
from ..settings import Settings
from .finding import Finding, size

NAME_ONE = "Name a folder with a transformers model: FAMILIAR_MODEL."
PATIENCE = 5.0
"""Seconds to wait for a server."""


def host(settings: Settings) -> Finding:
    """Return how what runs the model is. A server is asked for its models; no model is loaded."""
    name = settings.host.strip()
    if name == "scripted":
        return Finding(
            "model", "warning", "The host is `scripted`: a demonstration without a model", "Run: familiar settings host embedded"
        )
    if name != "embedded":
        return _server(settings)
    return _folder(settings.model) if settings.model else _bundled(settings)


def embedder(settings: Settings) -> Finding:
    """Return how what embeds texts is, without loading it."""
    if settings.embedder == "hashing":
        return Finding("embedder", "warning", "Recall works by words only (`hashing`)", "Run: familiar settings embedder minilm")
    try:
        found = embedder_for(settings)
        folder = minilm_folder() if settings.embedder == "minilm" else Path(settings.embedder).expanduser()
    except FamiliarError as exc:
        return Finding("embedder", "warning", "The embedding model is missing: recall works by words only", str(exc))
    facts = {"name": found.name, "folder": str(folder), "bytes": _bytes(folder)}
    return Finding("embedder", "ok", f"{found.name}, {size(_bytes(folder))}", facts=facts)


def _bundled(settings: Settings) -> Finding:
    folder = settings.data_dir / "models" / smollm2.NAME
    if smollm2.is_converted(settings.data_dir):
        facts = {"name": smollm2.NAME, "folder": str(folder), "bytes": _bytes(folder), "converted": True}
        return Finding("model", "ok", f"{smollm2.NAME} in {folder}, {size(_bytes(folder))}", facts=facts)
    try:
        file = smollm2.installed()
    except FamiliarError as exc:
        return Finding("model", "problem", f"{smollm2.NAME} is not there", str(exc))
    facts = {"name": smollm2.NAME, "file": str(file), "bytes": _bytes(file), "converted": False}
    return Finding("model", "ok", f"{smollm2.NAME}, {size(_bytes(file))}; the first chat converts it (540 MB)", facts=facts)


def _folder(model: str) -> Finding:
    folder = Path(model).expanduser()
    facts = {"name": model, "bytes": _bytes(folder)}
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            return Finding("model", "problem", f"{folder} holds no config.json", NAME_ONE, facts)
        return Finding("model", "ok", f"{folder.name} in {folder}, {size(_bytes(folder))}", facts=facts)
    if folder.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
        return Finding("model", "problem", f"There is no folder {folder}", NAME_ONE, facts)
    if _cached(model):
        return Finding("model", "ok", f"{model}, downloaded before", facts=facts)
    return Finding(
        "model", "warning", f"{model} is not on this machine", "The first chat downloads it from the hub; or name a folder.", facts
    )


def _cached(model: str) -> bool:
    """Whether the hub's cache holds the model."""
    try:
        from huggingface_hub import try_to_load_from_cache

        return isinstance(try_to_load_from_cache(model, "config.json"), str)
    except (ImportError, ValueError, OSError):
        return False


def _server(settings: Settings) -> Finding:
    from ..hosts.choice import host_for

    asked = settings.changed(model="", timeout=min(settings.timeout, PATIENCE))
    try:
        found = host_for(asked)
        first = found.model
        facts = {
            "url": _shown(settings.host),
            "first_model": first,
            "model": settings.model or first,
            "context_length": found.context_length,
        }
    except HostError as exc:
        return Finding("model", "problem", "The model's server cannot be used", str(exc), {"url": _shown(settings.host)})
    except FamiliarError as exc:
        return Finding("model", "problem", "The setting `host` cannot be used", str(exc))
    text = f"{_shown(settings.host)} answers; its first model is {first}, with a context of {facts['context_length']:,} tokens"
    return Finding("model", "ok", text, facts=facts)


def _shown(url: str) -> str:
    """Return a URL without the name and password it may carry."""
    scheme, mark, rest = url.strip().partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else url


def _bytes(path: Path) -> int:
    try:
        files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
        return sum(each.stat().st_size for each in files)
    except OSError:
        return 0
