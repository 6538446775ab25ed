"""Signing in: a person allows this program to use their Google Drive, in their browser, and the token is kept in a file."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from ...errors import DriveRefused, MissingPackage, SettingsError
from ...settings import replace_text
from .account import INSTALL, SCOPES

PATIENCE = 300
"""Seconds a person has for it."""
_SHOWN = "Open this address in a browser on this machine, and allow the access: {url}"
_DONE = "Familiar may use your Google Drive now. You can close this page."


def sign_in(client: Path, token: Path, *, port: int = 0, open_browser: bool = True, patience: int = PATIENCE) -> Path:
    """Let a person sign in, write the token to a file that only its owner may read, and return that.

    `client` is the file of an OAuth client ("Desktop app") of the Google Cloud console. A small server on this machine waits
    on `port` (0 for a free one) for the browser to come back. Raises SettingsError for a file that is none, MissingPackage,
    DriveRefused when nobody allows it, StoreError when the token cannot be written.
    """
    try:
        from google.auth.exceptions import GoogleAuthError
        from google_auth_oauthlib.flow import InstalledAppFlow
        from oauthlib.oauth2 import OAuth2Error
    except ImportError as exc:
        raise MissingPackage(f"Google Drive needs packages that are not installed. {INSTALL}") from exc
    try:
        flow = InstalledAppFlow.from_client_secrets_file(str(client), SCOPES)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):  # its text may quote the file
        raise SettingsError(
            f"{client} is no OAuth client of Google's. Download one of the kind `Desktop app`; docs/writing.md says how."
        ) from None
    try:
        found = flow.run_local_server(
            host="127.0.0.1",
            port=port,
            open_browser=open_browser and _has_browser(),
            authorization_prompt_message=_SHOWN,
            success_message=_DONE,
            timeout_seconds=patience,
            access_type="offline",
            prompt="consent",
        )
    except OSError as exc:
        raise SettingsError(f"Port {port} cannot be listened on ({exc.strerror}). Choose another --port.") from exc
    except (OAuth2Error, GoogleAuthError, AttributeError, ValueError, Warning):  # a Warning: less was allowed than asked for
        raise DriveRefused("Google was not allowed to let Familiar in, or it took too long. Try again, and tick all boxes.") from None
    replace_text(token, found.to_json(), mode=0o600)
    return token


def _has_browser() -> bool:
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
