"""A proxy between the gateway and the homeserver that loses connections and asks for patience, as bad networks and busy servers do."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock, Thread
from urllib.parse import urlsplit

PATIENCE = b'{"errcode": "M_LIMIT_EXCEEDED", "error": "Too many requests", "retry_after_ms": 60}'
TOO_MANY = b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(PATIENCE), PATIENCE)


@dataclass
class Proxy:
    """Passes on what comes to `url`; what becomes of each request is decided by its first line."""

    target: str
    fate: Callable[[bytes], str] = field(default=lambda request: "")
    """'' to pass it on, `drop` to lose the connection before it, `lose` to lose it with the answer, `wait` to ask for patience."""
    _open: set[socket.socket] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        where = urlsplit(self.target)
        self._where = (where.hostname or "", where.port or 80)
        Thread(target=self._accept, name="proxy", daemon=True).start()

    def cut(self) -> None:
        """Lose every connection."""
        with self._lock:
            found, self._open = self._open, set()
        for each in found:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def close(self) -> None:
        """End it."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                Thread(target=self._serve, args=[client], name="proxy", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._where)
        except OSError:
            client.close()
            return
        with self._lock:
            self._open |= {client, server}
        lost: list[bool] = []
        Thread(target=self._answers, args=[server, client, lost], name="proxy", daemon=True).start()
        with suppress(OSError):
            while request := _request(client):
                fate = self.fate(request.split(b"\r\n", 1)[0])
                if fate == "drop":
                    break
                if fate == "wait":
                    client.sendall(TOO_MANY)
                    continue
                if fate == "lose":
                    lost.append(True)
                server.sendall(request)
        if not lost:
            self._end(client, server)

    def _answers(self, server: socket.socket, client: socket.socket, lost: list[bool]) -> None:
        with suppress(OSError):
            while data := server.recv(1 << 16):
                if lost:
                    break
                client.sendall(data)
        self._end(client, server)

    def _end(self, *ends: socket.socket) -> None:
        with self._lock:
            self._open -= set(ends)
        for each in ends:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _request(client: socket.socket) -> bytes:
    """Return a whole request, b'' where the connection ended."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(1 << 16)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        more = client.recv(1 << 16)
        if not more:
            return b""
        body += more
    return head + b"\r\n\r\n" + body
