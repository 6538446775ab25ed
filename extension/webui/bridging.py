"""Where a bridge that the webui's panel starts has its program and its model from: our own environment, and the webui's API."""

from __future__ import annotations

import os
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from ..errors import BridgeError, HostError
from ..hosts.openai_http import OpenAIHTTP
from ..service.supervision import Environment
from ..service.supervisor import Generating, as_set
from ..settings import Settings, origins
from .link import MARK

PACKAGE = Path(__file__).resolve().parents[1]
PYTHONS = (".venv/bin/python", ".venv/Scripts/python.exe")
"""Where `make setup` puts our own environment."""
INFO = "/v1/internal/model/info"
PATIENCE = 30.0
"""Seconds to wait for the API of a webui that is just starting."""
API_OFF = (
    "On Discord and Matrix the webui's model answers through the webui's API, which is off. Add --api to user_data/CMD_FLAGS.txt and start "
    "the webui again, or name another host in FAMILIAR_HOST."
)


def environment(settings: Settings, package: Path = PACKAGE) -> Environment:
    """Return our own environment: the one that is set, or that of the repository this folder belongs to. Raises BridgeError."""
    root = source(package).parent
    if settings.bridge_python:
        chosen = Path(settings.bridge_python).expanduser().absolute()
        if not chosen.is_file():
            raise BridgeError(f"FAMILIAR_BRIDGE_PYTHON is {chosen}, which is no file.")
        return Environment(chosen, root)
    found = next((root / each for each in PYTHONS if (root / each).is_file()), None)
    if found is None:
        raise BridgeError(
            f"Bridges and trainings run in Familiar's own environment, and there is none in {root}: run `make setup` there. Where it is "
            "elsewhere, set FAMILIAR_BRIDGE_PYTHON to its Python."
        )
    return Environment(found, root)


def source(package: Path) -> Path:
    """Return the folder of the repository that the webui's extension is, or is a copy of."""
    try:
        copied = Path((package / MARK).read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        return package
    return copied if copied.is_absolute() and copied.is_dir() else package


def generating(settings: Settings, patience: float = PATIENCE) -> Generating:
    """Return how a bridge generates: as the person set it, or else through this webui's API. Raises BridgeError with what to switch on."""
    if origins(settings.data_dir, os.environ)["host"] != "default":
        return as_set(settings)
    from modules import shared

    if not (getattr(shared.args, "api", False) or getattr(shared.args, "public_api", False)):
        raise BridgeError(API_OFF)
    url, key = address(shared.args), str(getattr(shared.args, "api_key", "") or "")
    _require_ours(url, key, patience)
    return Generating(("--host", url, "--model", ""), {"FAMILIAR_API_KEY": key} if key else {})


def address(args: Any) -> str:
    """Return where the webui's API is, by its flags and its environment, as this machine reaches it."""
    environ = os.environ.get
    port = environ("OPENEDAI_PORT") or args.api_port
    cert, key = (environ(f"OPENEDAI_{name.upper()}_PATH") or getattr(args, f"ssl_{name}file", None) for name in ("cert", "key"))
    only_six = bool(environ("OPENEDAI_DISABLE_IPV4") or getattr(args, "api_disable_ipv4", False))
    host = str(getattr(args, "listen_host", None) or "") if getattr(args, "listen", False) else ""
    host = {"": "::1" if only_six else "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (compared)
    return f"{'https' if cert and key else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def _require_ours(url: str, key: str, patience: float) -> None:
    """Raise BridgeError where this webui does not answer at an address: it takes another port where its own is taken."""
    from modules import shared

    host, until = OpenAIHTTP(url, api_key=key), monotonic() + patience
    try:
        while True:
            try:
                found = host.ask(INFO, None)
                break
            except HostError as exc:
                if monotonic() > until:
                    raise BridgeError(f"The webui's API does not answer ({exc}) Set FAMILIAR_HOST to its address.") from exc
                sleep(0.5)
    finally:
        host.close()
    if not isinstance(found, dict) or found.get("model_name") != shared.model_name:
        raise BridgeError(
            f"Another program answers at {url}, so this webui's API took another port. Give it a free one with --api-port, or set "
            "FAMILIAR_HOST to its address."
        )
