"""Who writes to Google Drive: a service account or a person, by a file of credentials that the settings name.

Nothing of what stands in such a file gets into a log or an error, but for the e-mail address of a service account, which
a folder is shared with.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import MissingPackage, SettingsError

SCOPES = ("https://www.googleapis.com/auth/drive",)
"""All of Drive: a folder that was made elsewhere cannot be written to with less."""
TOKENS = "https://oauth2.googleapis.com/token"
_LARGEST = 100_000
"""Bytes of a file of credentials."""
_HOW = "docs/writing.md says how to get one."


@dataclass(frozen=True, slots=True)
class Account:
    """An identity to work under."""

    credentials: Any
    """As google-auth has them."""
    email: str = ""
    """The address of a service account; empty for a person."""

    @property
    def shown(self) -> str:
        """Whom a folder must be shared with, in words."""
        return self.email or "the person who signed in"


def account(path: Path) -> Account:
    """Return the account of a file of credentials. Raises SettingsError, MissingPackage."""
    found = _read(path)
    try:
        from google.auth.exceptions import GoogleAuthError
        from google.oauth2 import credentials, service_account
    except ImportError as exc:
        raise MissingPackage(f"Google Drive needs packages that are not installed. {INSTALL}") from exc
    try:
        if found.get("type") == "service_account":
            made = service_account.Credentials.from_service_account_info(found, scopes=SCOPES)
            # A question to yet another server of Google's about where data may lie, which Drive does not ask for.
            made._is_regional_access_boundary_lookup_required = lambda: False
            return Account(made, str(found["client_email"]))
        if "refresh_token" in found:
            token, client, secret = (str(found[name]) for name in ("refresh_token", "client_id", "client_secret"))
            uri = str(found.get("token_uri") or TOKENS)
            return Account(credentials.Credentials(None, token, token_uri=uri, client_id=client, client_secret=secret, scopes=SCOPES))
    except (GoogleAuthError, ValueError, KeyError, TypeError, AttributeError):  # its text may quote the file
        raise SettingsError(f"The credentials in {path} are not whole, or not as Google wrote them. Download the file anew.") from None
    if "installed" in found or "web" in found:
        raise SettingsError(f"{path} names a program, not yet a person: sign in with `familiar docx sign-in {path}`.")
    raise SettingsError(f"{path} holds no credentials that Google Drive takes: neither a service account's nor a person's. {_HOW}")


INSTALL = "Install them: .venv/bin/python -m pip install --constraint constraints.txt '.[drive]'"


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            raise SettingsError(f"{path} is no file of Google credentials: it is far too large. {_HOW}")
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(f"The file of Google credentials is not there: {path}. {_HOW}") from None
    except OSError as exc:
        raise SettingsError(f"The file of Google credentials cannot be read: {path} ({exc.strerror}).") from None
    except (ValueError, RecursionError):  # its text may quote the file
        raise SettingsError(f"{path} is no file of Google credentials: it is no JSON. {_HOW}") from None
    if not isinstance(found, dict):
        raise SettingsError(f"{path} is no file of Google credentials. {_HOW}")
    return found
