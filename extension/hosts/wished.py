"""Hosts for companions that wish a model or an adapter of their own."""

from __future__ import annotations

import logging
from threading import Lock

from ..characters import Expert
from ..errors import FamiliarError, HostRefused
from ..ports import Host
from ..settings import Settings
from .choice import host_for

log = logging.getLogger(__name__)


class Wished:
    """Keeps the host that a companion wished last, beside the usual one. Safe to use from several threads."""

    def __init__(self) -> None:
        self._made: tuple[tuple[str, ...], Host] | None = None
        self._lock = Lock()

    @property
    def last(self) -> Host | None:
        """The host that was wished last, None before there was any."""
        return self._made[1] if self._made else None

    def host(self, expert: Expert, settings: Settings, usual: Host, *, given: bool = False) -> tuple[Host, str]:
        """Return the host an expert wishes, or the usual one and a sentence on why it is that.

        An embedded model is loaded, and a server asked whether it serves the model, before its host is returned. With `given`, the
        usual host cannot be exchanged. Raises HostError when the usual host cannot say what it runs.
        """
        model, adapter = expert.model.strip(), expert.adapter.strip()
        name = settings.host.strip()
        if not (model or (adapter and name == "embedded")) or name == "scripted" or given:
            return usual, unmet(expert, usual)
        try:
            with self._lock:
                host = self._host(settings.changed(model=model or settings.model, adapter=adapter or settings.adapter))
                _try(host, model)
        except FamiliarError as exc:
            log.warning("A companion's own model cannot be had: %s", exc)
            return usual, f"{unmet(expert, usual)} {exc}".strip()
        return host, unmet(expert, host)

    def _host(self, settings: Settings) -> Host:
        wanted = (settings.host, settings.model, settings.adapter, settings.api_key.get_secret_value(), str(settings.timeout))
        if self._made is None or self._made[0] != wanted:
            self._made = None  # the one before is let go of first: two models may not fit
            self._made = (wanted, host_for(settings))
        return self._made[1]


def unmet(expert: Expert, host: Host) -> str:
    """Return a sentence on what of an expert's wishes a host does not fulfil; empty when it does. Raises HostError as the host does."""
    if not expert.model.strip() and not expert.adapter.strip():
        return ""
    wishes = [("model", expert.model.strip(), host.model), ("adapter", expert.adapter.strip(), host.adapter)]
    missed = [f"the {kind} “{wish}”" for kind, wish, there in wishes if wish and wish.rstrip("/").rpartition("/")[2] not in _names(there)]
    if not missed:
        return ""
    return f"This companion wishes {' and '.join(missed)}, which cannot be switched to here; {host.model or 'the model there is'} answers."


def _names(there: str) -> set[str]:
    """Return the names a host gives a model or adapters, without their folders."""
    return {part.rstrip("/").rpartition("/")[2] for name in (there, *there.replace("+", ",").split(",")) for part in (name.strip(),)}


def _try(host: Host, model: str) -> None:
    """Raise what keeps a host from answering with a model: MissingModel, MissingPackage, HostError."""
    from .embedded import Embedded
    from .openai_http import OpenAIHTTP

    if isinstance(host, Embedded):
        host.load()
    elif isinstance(host, OpenAIHTTP) and not host.offers(model):
        raise HostRefused("The server does not serve that model now. Load it there, or change the companion's `model`.")
