"""What goes wrong between us and a model's server, in our words: failing connections and answers that are errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from ..errors import HostError, HostGarbled, HostRefused, HostTimeout, HostUnreachable
from .fields import FIELDS

LONGEST_REASON = 300
LONGEST_BODY = 64 << 10
UNSUPPORTED = re.compile(r"unsupported|not support|unrecogni|unknown|unexpected|not permitted|not allowed", re.IGNORECASE)
ADVICE = {
    400: "Shorten the message, or lower FAMILIAR_BUDGET or FAMILIAR_MAX_NEW_TOKENS, if it speaks of length.",
    401: "Set FAMILIAR_API_KEY to the server's key.",
    403: "Check that FAMILIAR_API_KEY may use this model.",
    404: "Check that FAMILIAR_HOST is the URL of its API and that FAMILIAR_MODEL is one of its models.",
    413: "Shorten the message, or lower FAMILIAR_BUDGET.",
    429: "It has too much to do, or your quota is used up; wait a while and try again.",
    503: "It may still be loading its model; wait a while and try again.",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer whose status is not 2xx: the error to raise, and the optional field the server does not support, if any."""

    error: HostRefused
    field: str = ""


def refusal(response: httpx.Response, server: str, hidden: Sequence[str]) -> Refusal:
    """Return what an answer with a bad status means, reading its body. The server's reason is quoted without what is hidden."""
    status = response.status_code
    if 300 <= status < 400:
        place = response.headers.get("location", "").partition("?")[0]
        return Refusal(HostRefused(f"{server} has moved{f' to {place}' if place else ''}. Set FAMILIAR_HOST to the new URL."))
    said = reason(_json(response), hidden)
    advice = ADVICE.get(status) or ("Look into the server's log." if status >= 500 else ADVICE[400])
    error = HostRefused(f"{server} refused with status {status}{f': {said}' if said else '.'} {advice}")
    return Refusal(error, _unsupported(said) if status in (400, 422) else "")


def reason(answer: dict[str, Any], hidden: Sequence[str]) -> str:
    """Return the sentence in which a server says what is wrong, on one line and ending with a full stop; '' for none.

    Servers that check with pydantic repeat the request in their complaint; of that, only place and message are taken.
    """
    found = answer.get("error") or answer.get("detail") or answer.get("message") or ""
    if isinstance(found, dict):
        found = found.get("message") or found.get("type") or ""
    if isinstance(found, list):
        found = "; ".join(f"{'.'.join(map(str, item.get('loc', ())))}: {item.get('msg', '')}" for item in found if isinstance(item, dict))
    text = str(found)
    for secret in hidden:
        text = text.replace(secret, "…")
    text = " ".join(text.split())
    text = text if len(text) <= LONGEST_REASON else text[:LONGEST_REASON] + "…"
    return text if not text or text.endswith((".", "…", "!")) else text + "."


@contextmanager
def translated(server: str, timeout: float) -> Iterator[None]:
    """Raise what httpx raises inside as HostUnreachable, HostTimeout or HostGarbled. `timeout` is in seconds, to be named."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
        raise HostUnreachable(f"Nothing answers at {server} ({exc}). Start the server, or set FAMILIAR_HOST to where it runs.") from exc
    except httpx.TimeoutException as exc:
        raise too_slow(server, timeout) from exc
    except httpx.RemoteProtocolError as exc:
        raise _broken(server) if "disconnect" in str(exc) or "closed connection" in str(exc) else _foreign(server) from exc
    except httpx.DecodingError as exc:
        raise _foreign(server) from exc
    except httpx.HTTPError as exc:
        raise _broken(server) from exc


def too_slow(server: str, timeout: float) -> HostTimeout:
    """Return the error of a server that has sent nothing of an answer for `timeout` seconds."""
    return HostTimeout(f"{server} sent nothing of an answer for {timeout:g} s. Raise FAMILIAR_TIMEOUT, or see what the server is doing.")


def _broken(server: str) -> HostError:
    return HostUnreachable(f"The connection to {server} broke before the answer was whole. See that the server still runs, and try again.")


def _foreign(server: str) -> HostError:
    return HostGarbled(f"{server} does not speak HTTP as a model's server does. Check that FAMILIAR_HOST is the URL of its API.")


def _unsupported(said: str) -> str:
    """Return the optional field a reason names as unsupported, '' for none."""
    named = (name for name in FIELDS if re.search(rf"\b{name}\b", said))
    return next(named, "") if UNSUPPORTED.search(said) else ""


def _json(response: httpx.Response) -> dict[str, Any]:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LONGEST_BODY:
            break
    try:
        found = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {"error": found}
