"""The choice of a host: from the setting `host` to the one that answers."""

from __future__ import annotations

import difflib
from functools import partial
from pathlib import Path

from ..errors import SettingsError
from ..ports import Host
from ..settings import Settings

NAMES = ("embedded", "scripted")


def host_for(settings: Settings) -> Host:
    """Return the host that the settings name. No model is loaded and no server is called before it is used.

    Raises SettingsError for a name that is neither a host of ours nor the URL of a server.
    """
    name = settings.host.strip()
    if name.lower().startswith(("http://", "https://")):
        from .openai_http import OpenAIHTTP

        return OpenAIHTTP(name, settings.model, settings.api_key, settings.timeout)
    if name == "scripted":
        from .scripted import Scripted

        return Scripted()
    if name == "embedded":
        return _embedded(settings)
    raise SettingsError(f"The setting `host` (FAMILIAR_HOST) is `{name}`, which is no host.{_meant(name)}")


def enricher_for(settings: Settings) -> Host:
    """Return the server that the setting `enrich` names. Raises SettingsError for what is no URL of one, or no key."""
    from .openai_http import OpenAIHTTP

    try:
        return OpenAIHTTP(settings.enrich.strip(), settings.enrich_model, settings.enrich_api_key, settings.enrich_timeout)
    except SettingsError:
        raise SettingsError(
            "The setting `enrich` (FAMILIAR_ENRICH) is `host` or the URL of a server, such as http://127.0.0.1:5000; "
            "its key (FAMILIAR_ENRICH_API_KEY) is one line."
        ) from None


def _embedded(settings: Settings) -> Host:
    from . import smollm2
    from .embedded import Embedded

    adapter = Path(settings.adapter).expanduser() if settings.adapter else None
    if settings.model:
        return Embedded(settings.model, adapter=adapter)
    return Embedded(partial(smollm2.folder, settings.data_dir), name=smollm2.NAME, adapter=adapter)


def _meant(name: str) -> str:
    if close := difflib.get_close_matches(name.lower(), NAMES, n=1):
        return f" Did you mean `{close[0]}`?"
    if ":" in name or "." in name or "/" in name:
        return f" Did you mean `http://{name.split('//')[-1]}`?"
    return " It is `embedded`, `scripted`, or the URL of an OpenAI-compatible server, such as http://127.0.0.1:5000."
