"""The examination: everything looked at, in the order in which one thing stands on another."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import SettingsError
from ..settings import Settings, default_data_dir, load
from .finding import Finding
from .installation import installation
from .matrix import matrix
from .model import embedder, host
from .ranking import ranking
from .stores import stores


def examine(
    data_dir: Path | None = None, environ: Mapping[str, str] | None = None, *, with_matrix: bool = False, **given: str | None
) -> list[Finding]:
    """Return what is found of the installation and of a data directory, and of the Matrix account where that is asked for.

    Never raises for what is wrong with any of them. `given` are settings that outweigh those of file and environment; None counts as not
    given.
    """
    environ = os.environ if environ is None else environ
    return [*installation(), *_configured(data_dir, environ, given, with_matrix=with_matrix)]


def _configured(
    data_dir: Path | None, environ: Mapping[str, str], given: Mapping[str, str | None], *, with_matrix: bool
) -> Iterator[Finding]:
    try:
        settings = load(environ, data_dir=data_dir, **given)
    except SettingsError as exc:
        yield Finding("settings", "problem", "The settings cannot be used; the rest is looked at with the defaults", str(exc))
        folder = data_dir or environ.get("FAMILIAR_DATA_DIR") or default_data_dir()
        settings = Settings.model_validate({"data_dir": folder})
    else:
        yield _settings(settings)
    yield host(settings)
    yield embedder(settings)
    yield from stores(settings)
    yield ranking(settings)
    if with_matrix:
        yield from matrix(settings)


def _settings(settings: Settings) -> Finding:
    facts = {"host": settings.host if "@" not in settings.host else "(a URL with a password)", "model": settings.model}
    if settings.listen not in ("127.0.0.1", "localhost", "::1") and not settings.password.get_secret_value():
        text = f"The standalone chat would listen on {settings.listen}, for everybody there, without a password"
        return Finding("settings", "warning", text, "Set FAMILIAR_PASSWORD, or listen on 127.0.0.1.", facts)
    return Finding("settings", "ok", "The settings can be used", facts=facts)
