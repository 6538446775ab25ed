"""The address and the key of a model's server, as settings give them and as HTTP takes them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

import httpx
from pydantic import SecretStr

from ..errors import SettingsError

EXAMPLE = "such as http://127.0.0.1:5000"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is. `url` has neither secrets, `/v1` nor a slash at its end, so it may be shown and continued."""

    url: str
    loopback: bool
    auth: tuple[str, str] | None = field(default=None, repr=False)
    """Name and password that were written into the URL."""


def address(text: str) -> Address:
    """Return the address that a URL means, with or without `/v1` at its end. Raises SettingsError, not repeating the URL."""
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL as exc:
        raise SettingsError(f"The setting `host` (FAMILIAR_HOST) is no URL of a server, {EXAMPLE}.") from exc
    if url.scheme not in ("http", "https") or not url.host or not 0 < (url.port or 80) < 65536:
        raise SettingsError(f"The setting `host` (FAMILIAR_HOST) should be an http or https URL, {EXAMPLE}.")
    if url.query or url.fragment:
        raise SettingsError(f"The setting `host` (FAMILIAR_HOST) should end before ? and #: the server's base URL, {EXAMPLE}.")
    path = url.path.rstrip("/").removesuffix("/chat/completions").removesuffix("/v1")
    auth = (url.username, url.password) if url.username else None
    return Address(str(url.copy_with(username="", password="", path=path or "/")).rstrip("/"), _is_loopback(url.host), auth)


def authorization(key: SecretStr) -> dict[str, str]:
    """Return the header that carries a key, none for an empty key. Raises SettingsError, not repeating the key."""
    text = key.get_secret_value().strip()
    if not text:
        return {}
    if not (text.isascii() and text.isprintable()):
        raise SettingsError("FAMILIAR_API_KEY holds characters that no key has, such as a line break. Copy the key again.")
    return {"Authorization": f"Bearer {text}"}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
