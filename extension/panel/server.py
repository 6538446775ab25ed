"""The server of the standalone page: on this machine, or beyond it with a password, and never asking others for anything."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from typing import Any

from ..app import App
from ..errors import SettingsError
from ..service.health import is_loopback
from ..service.warming import warm_up
from ..settings import Settings
from .look import css, picking, text

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'self'",
    )
)
"""What the browser may fetch: only what comes from here. A picture named in a reply would otherwise tell its server that it was read."""


class Policy:
    """An ASGI layer that sends the policy with every answer."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass everything on, and add the headers."""

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [(b"content-security-policy", POLICY.encode()), (b"referrer-policy", b"no-referrer")]
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        await self._app(scope, receive, sent)


def run(app: App, build: Callable[[], Any], open_browser: bool) -> None:
    """Serve the page that `build` returns until interrupted. Raises SettingsError."""
    settings = app.settings
    login = credentials(settings)
    port = free_port(settings.listen, settings.port)
    page = build()
    page.queue(default_concurrency_limit=None, api_open=False).launch(
        server_name=settings.listen,
        server_port=port,
        inbrowser=open_browser,
        auth=login,
        auth_message="The name is the one Familiar knows you by (FAMILIAR_PERSON; `me` unless it was set), the password FAMILIAR_PASSWORD.",
        quiet=True,
        ssr_mode=False,
        share=False,
        pwa=False,
        enable_monitoring=False,
        footer_links=[],
        prevent_thread_lock=True,
        app_kwargs={"middleware": layers(settings)},
        **look(),
    )
    warm_up(app)  # not before Gradio is imported: two threads that import numpy at once may both fail
    sys.stdout.write(f"Familiar is at http://{_named(settings.listen)}:{port}  (Ctrl+C ends it)\n")
    sys.stdout.flush()
    page.block_thread()


def free_port(listen: str, port: int) -> int:
    """Return the port to listen on, a free one for 0. Raises SettingsError when it cannot be listened on."""
    try:
        with socket.create_server((listen, port)) as found:
            return int(found.getsockname()[1])
    except OSError as exc:
        raise SettingsError(
            f"{listen}:{port} cannot be listened on ({exc.strerror or exc}). Another Familiar may be running there already; "
            "otherwise choose another FAMILIAR_PORT or FAMILIAR_LISTEN."
        ) from exc


def credentials(settings: Settings) -> tuple[str, str] | None:
    """Return name and password to ask for, None where nobody else can come in. Raises SettingsError for an open door."""
    password = settings.password.get_secret_value()
    if password:
        return settings.person, password
    if not is_loopback(settings.listen):
        raise SettingsError(
            f"Listening on {settings.listen} would let others in. Set FAMILIAR_PASSWORD, or leave FAMILIAR_LISTEN at 127.0.0.1."
        )
    return None


def layers(settings: Settings) -> list[Any]:
    """Return the ASGI layers around the page. Without a password, only names of this machine are answered to.

    A page from elsewhere could otherwise point a name of its own at 127.0.0.1 and talk to us in the person's browser.
    """
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    own = [Middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1", "[::1]", settings.listen])]
    return [*([] if settings.password.get_secret_value() else own), Middleware(Policy)]


def look() -> dict[str, Any]:
    """Return theme, style and script, as launch() takes them."""
    from .theme import theme

    # In the head as they are: what is given as `css` is rewritten on the way.
    style, script = css() + text("standalone.css"), text("standalone.js") + picking()
    return {"theme": theme(), "head": f"<style>{style}</style><script>{script}</script>"}


def _named(listen: str) -> str:
    return "127.0.0.1" if listen in ("0.0.0.0", "::") else listen  # noqa: S104 (compared, not listened on)
