"""What goes wrong with Google Drive, as errors of ours: what to do about it, and nothing that was sent.

Google's own words are left out: they quote addresses, ids and names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...errors import DriveError, DriveRefused, DriveUnreachable

if TYPE_CHECKING:
    from .account import Account

_SLOW = ("userRateLimitExceeded", "rateLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED")
_OFF = ("accessNotConfigured", "SERVICE_DISABLED")
_WORD = re.compile(r"[A-Za-z_]{1,60}")
_UNREACHABLE = "Google Drive does not answer. Look at this machine's connection, and try again."
_GARBLED = "Google Drive gave an answer that is none of its own; a proxy may stand between. Try again from another network."


@contextmanager
def translated(account: Account) -> Iterator[None]:
    """Let errors of Google's packages out as ours. Raises DriveError."""
    import httplib2
    from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
    from googleapiclient.errors import Error, HttpError

    try:
        yield
    except HttpError as exc:
        raise refusal(exc.resp.status, reason_of(exc), account) from None
    except RefreshError as exc:
        raise _unknown(account, exc) from None
    except (TransportError, OSError, httplib2.error.ServerNotFoundError) as exc:
        raise DriveUnreachable(_UNREACHABLE) from exc
    except (GoogleAuthError, Error, httplib2.HttpLib2Error, ValueError, KeyError):
        raise DriveRefused(_GARBLED) from None


def passing(exc: Exception) -> bool:
    """Return whether the same request may do better in a moment."""
    import httplib2
    from google.auth.exceptions import RefreshError, TransportError
    from googleapiclient.errors import HttpError

    if isinstance(exc, HttpError):
        status = exc.resp.status
        return status >= 500 or status == 429 or (status == 403 and reason_of(exc) in _SLOW)
    if isinstance(exc, RefreshError):
        return bool(exc.retryable)
    return isinstance(exc, TransportError | OSError | httplib2.error.ServerNotFoundError)


def reason_of(exc: Any) -> str:
    """Return Google's short name for why a request was refused; empty where there is none."""
    try:
        error = json.loads(exc.content)["error"]
        named = [each.get("reason") for each in (*error.get("errors", ()), *error.get("details", ()))]
        found = next((each for each in named if each), error.get("status", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
    return found if isinstance(found, str) and _WORD.fullmatch(found) else ""


def refusal(status: int, reason: str, account: Account) -> DriveError:
    """Return what to tell a person about an answer that is an error."""
    if reason in _OFF:
        advice = "Enable it in the Google Cloud console (APIs & Services, Library, Google Drive API), wait a minute, and try again."
        return DriveRefused(f"The Google Drive API is not enabled in the project of these credentials. {advice}")
    if reason == "storageQuotaExceeded":
        return DriveRefused(_full(account))
    if reason in _SLOW or status == 429:
        return DriveRefused("Google Drive asks for less haste, and still did after several tries. Try again in a few minutes.")
    if reason in ("insufficientFilePermissions", "insufficientParentPermissions", "cannotAddParent"):
        return DriveRefused(f"The folder in Google Drive may only be read. Share it with {account.shown} as an editor.")
    if reason in ("insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientScopes"):
        return DriveRefused("These credentials do not reach Google Drive. Sign in again, and tick all boxes: `familiar docx sign-in`.")
    if status == 401:
        return DriveRefused(_refused(account))
    if status == 404:
        return not_shared(account)
    if status >= 500:
        return DriveUnreachable(f"Google Drive is out of order (status {status}), and still was after several tries. Try again later.")
    return DriveRefused(f"Google Drive refused (status {status}{', ' if reason else ''}{reason}). Try again, or name the folder anew.")


def not_shared(account: Account) -> DriveRefused:
    """Return what to tell a person whose folder cannot be seen."""
    return DriveRefused(f"There is no such folder for {account.shown}. Share the folder in Google Drive with {account.shown} as an editor.")


def _unknown(account: Account, exc: Any) -> DriveError:
    """Return what to tell where no token is given out."""
    if exc.retryable:
        return DriveUnreachable(_UNREACHABLE)
    return DriveRefused(_refused(account))


def _refused(account: Account) -> str:
    if account.email:
        return f"Google does not accept the key of {account.email}: it was deleted or disabled, or this machine's clock is wrong."
    return "Google does not accept this sign-in any more: it was revoked or has run out. Sign in again: `familiar docx sign-in`."


def _full(account: Account) -> str:
    if account.email:
        return (
            f"{account.email} has no space of its own in Google Drive, and what it puts into a folder of yours would count as its own. "
            "Use a folder of a shared drive, or sign in as yourself: `familiar docx sign-in`."
        )
    return "Google Drive is full. Make room there, and try again."
