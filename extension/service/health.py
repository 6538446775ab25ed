"""How the bridges are, over HTTP: `/status` as JSON, `/health` as 200 or 503, `/metrics` for Prometheus. For this machine, unless set."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from socket import AF_INET6
from threading import Thread

from ..errors import SettingsError
from .figures import Figures

log = logging.getLogger(__name__)

TEXT, JSON = "text/plain; charset=utf-8", "application/json"
Answer = tuple[int, str, bytes]


class Health:
    """Serves the figures of the moment. Answers GET, and on loopback only to names of this machine."""

    def __init__(self, listen: str, port: int, figures: Callable[[], Figures]) -> None:
        """Raise SettingsError where the address cannot be listened on."""
        self._listen, self._figures = listen, figures
        try:
            self._server = _server(":" in listen)((listen, port), _handler(self._answer))
        except (OSError, OverflowError) as exc:
            reason = getattr(exc, "strerror", None) or type(exc).__name__
            raise SettingsError(
                f"{listen}:{port} cannot be listened on ({reason}). Choose another FAMILIAR_BRIDGE_PORT (0 takes a free one) or "
                "FAMILIAR_BRIDGE_LISTEN."
            ) from exc
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="familiar-health", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it is, as this machine reaches it."""
        name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._listen, self._listen)  # noqa: S104 (compared, not listened on)
        return f"http://{f'[{name}]' if ':' in name else name}:{self._server.server_address[1]}"

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, path: str, host: str) -> Answer:
        if is_loopback(self._listen) and not is_loopback(_named(host)):
            return HTTPStatus.FORBIDDEN, TEXT, b"Only names of this machine are answered to.\n"
        figures = self._figures()
        if path == "/status":
            return HTTPStatus.OK, JSON, json.dumps(figures.plain(), ensure_ascii=False).encode()
        if path == "/health":
            trouble = figures.trouble
            return (HTTPStatus.SERVICE_UNAVAILABLE if trouble else HTTPStatus.OK), TEXT, f"{trouble or 'well'}\n".encode()
        if path == "/metrics":
            return _metrics(figures)
        return HTTPStatus.NOT_FOUND, TEXT, b"There are /status, /health and /metrics.\n"


def _metrics(figures: Figures) -> Answer:
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.registry import Collector

    class Now(Collector):
        collect = staticmethod(figures.metrics)

    registry = CollectorRegistry()
    registry.register(Now())
    return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry)


def _handler(answer: Callable[[str, str], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10
        server_version, sys_version = "Familiar", ""

        def do_GET(self) -> None:
            status, kind, body = answer(self.path.partition("?")[0], self.headers.get("Host", ""))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing: somebody asks every few seconds."""

    return Handler


def _server(six: bool) -> type[ThreadingHTTPServer]:
    class Server(ThreadingHTTPServer):
        daemon_threads = True
        address_family = AF_INET6 if six else ThreadingHTTPServer.address_family

        def handle_error(self, request: object, client_address: object) -> None:
            log.debug("Somebody who asked how it is has gone", exc_info=True)

    return Server


def _named(host: str) -> str:
    """Return the name in a Host header, without its port."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def is_loopback(name: str) -> bool:
    """Return whether an address is reached from this machine only."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.lower() == "localhost"
