"""The MCP server over HTTP: on this machine, or beyond it with a token."""

from __future__ import annotations

import socket
from collections.abc import Callable
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from ..errors import SettingsError

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

PATH = "/mcp"
LONGEST_REQUEST = 1_000_000
"""Bytes."""
LOCAL = ("127.0.0.1", "localhost", "[::1]")


class Token:
    """An ASGI layer that lets nobody in without the token."""

    def __init__(self, app: Callable[..., Any], token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on, or answer it with 401."""
        given = dict(scope.get("headers") or ()).get(b"authorization", b"")
        if scope["type"] != "http" or compare_digest(given, self._expected):
            await self._app(scope, receive, send)
            return
        headers = [(b"www-authenticate", b"Bearer"), (b"content-type", b"text/plain; charset=utf-8")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": b"This memory asks for its token: send `Authorization: Bearer TOKEN`.\n"})


def listening(address: str, port: int) -> socket.socket:
    """Return a socket that listens there, on a free port for 0. Raises SettingsError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family)
    except OSError as exc:
        raise SettingsError(
            f"{address}:{port} cannot be listened on ({exc.strerror or exc}). Choose another --port or --listen; --port 0 takes a free one."
        ) from exc


def run(server: Server[Any], listener: socket.socket, token: str, *, local: bool) -> None:
    """Serve HTTP on a socket until interrupted.

    With `local`, only names of this machine are answered to, and no page of another origin: a page in the browser could
    otherwise reach us under a name of its own (DNS rebinding). Beyond this machine the token keeps such pages out.
    """
    import uvicorn
    from mcp.server.transport_security import TransportSecuritySettings

    names = [f"{name}:*" for name in (*LOCAL, listener.getsockname()[0])]
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=local, allowed_hosts=names, allowed_origins=[f"http://{name}" for name in names]
    )
    app: Any = server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=LONGEST_REQUEST,
        transport_security=security,
    )
    config = uvicorn.Config(Token(app, token) if token else app, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    uvicorn.Server(config).run(sockets=[listener])
