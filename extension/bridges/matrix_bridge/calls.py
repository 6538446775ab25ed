"""Requests of the client-server API of Matrix, with the server's refusals as sentences."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ...errors import BridgeError, BridgeUnreachable
from .patience import ONCE, PASSING, TROUBLED
from .wire import text_at

if TYPE_CHECKING:
    from nio import AsyncClient

log = logging.getLogger(__name__)

CLIENT = "/_matrix/client/v3"
LONGEST_WORDS = 200
_REASONS = {
    "M_UNKNOWN_TOKEN": "the login is not good any more. Start the bridge again, so that it logs in anew",
    "M_MISSING_TOKEN": "the login is missing. Start the bridge again, so that it logs in anew",
    "M_USER_DEACTIVATED": "the account is deactivated. Ask who runs the server",
    "M_TOO_LARGE": "it is too large for this server",
    "M_RESOURCE_LIMIT_EXCEEDED": "the server is at its limit. Ask who runs it",
    "M_NOT_FOUND": "there is no such thing (any more)",
    "M_LIMIT_EXCEEDED": "the server asks for more patience than there is. Try again later",
}


class Refused(BridgeError):
    """What a server answered instead of doing what it was asked for."""

    def __init__(self, doing: str, status: int, code: str, words: str, body: Mapping[str, Any]) -> None:
        """`doing` is what it was asked for, `code` the kind of refusal, `words` what the server says about it."""
        why = _REASONS.get(code, "")
        if code == "M_FORBIDDEN" and not why:
            why = "the companion's account may not. Give it that right in this room (Element: Room settings, Roles & Permissions)"
        told = f" (the server: {_told(words)})" if words and code != "M_NOT_FOUND" else ""
        super().__init__(f"Matrix did not {doing}: {why or f'it answered {status} {_told(code)}'}{told}.")
        self.status, self.code, self.body = status, code, body


class Unreachable(BridgeUnreachable):
    """Nothing answers at the address of the homeserver, or not in time."""


class Closed(BridgeError):
    """The connection ended before something was done."""


@contextmanager
def held(variable: ContextVar[bool], value: bool) -> Iterator[None]:
    """Let a variable of what is done now be so for as long as this lasts."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


@contextmanager
def reaching(doing: str, where: str) -> Iterator[None]:
    """Raise Unreachable for what goes wrong on the way to a server."""
    from aiohttp import ClientError

    try:
        yield
    except (TimeoutError, ClientError, OSError) as exc:
        text = f"Matrix did not {doing}: {where} does not answer ({type(exc).__name__}). Is the server up, and the setting right?"
        raise Unreachable(text) from None


@dataclass(frozen=True)
class Calls:
    """Makes requests as one account."""

    client: AsyncClient

    async def __call__(
        self,
        doing: str,
        method: str,
        *parts: str,
        content: Any = None,
        query: Mapping[str, Any] | None = None,
        base: str = CLIENT,
        passing: bool = False,
        once: bool = False,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Return what the server answers. Raises Refused, Unreachable, and Throttled for what is passing."""
        path = "/".join((base, *(quote(part, safe="") for part in parts)))
        if query:
            path = f"{path}?{urlencode(query)}"
        data = None if content is None else json.dumps(content, ensure_ascii=False).encode()
        with held(PASSING, passing), held(ONCE, once or ONCE.get()):
            return await self.sent(doing, method, path, data, timeout=timeout)

    async def sent(
        self, doing: str, method: str, path: str, data: Any = None, kind: str = "application/json", timeout: float | None = None
    ) -> dict[str, Any]:
        """Return what the server answers to some bytes. Raises as a call does."""
        headers = {"Content-Type": kind}
        if self.client.access_token:
            headers["Authorization"] = f"Bearer {self.client.access_token}"
        with reaching(doing, self.client.homeserver):
            response = await self.client.send(method, path, data, headers, timeout=timeout)
            found = _mapping(await response.read())
        if response.status in TROUBLED:
            raise Unreachable(f"Matrix did not {doing}: {self.client.homeserver} is not up at the moment (it answered {response.status}).")
        if response.status >= 400:
            raise Refused(doing, response.status, text_at(found, "errcode"), text_at(found, "error"), found)
        return found


def _mapping(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _told(words: str) -> str:
    return "".join(each if each.isprintable() else " " for each in words[:LONGEST_WORDS]).strip().rstrip(".")
