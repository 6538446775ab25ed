"""A small real HTTP server that speaks OpenAI's chat completions as well as it is told to, or as badly."""

from __future__ import annotations

import json
import socket
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Any

from extension.errors import HostRefused
from extension.hosts.scripted import Scripted
from extension.messages import Generation, Message

NAME = "double-1"
DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class Visit(BaseHTTPRequestHandler):
    """One request and the answer to it."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def whole(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        """Send an answer whose length is known."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def stream(self, chunks: Iterable[bytes]) -> None:
        """Send a chunked answer."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def reset(self) -> None:
        """Break the connection so that the other side has an error rather than an end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _answer(self, body: Any) -> None:
        double = self.server.double
        double.seen.append(Seen(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        answer = double.answers.get(self.path)
        try:
            if answer:
                answer(self, body)
            else:
                self.whole(404, b'{"detail":"Not Found"}')
        except (BrokenPipeError, ConnectionResetError):
            double.left.set()
            self.close_connection = True


Behaviour = Callable[[Visit, Any], None]


class Server(ThreadingHTTPServer):
    """The listening part."""

    daemon_threads = True
    double: Double

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep what went wrong for the end of the test; that somebody went away is not wrong."""
        error = sys.exception()
        if not isinstance(error, ConnectionError):
            self.double.failures.append(error)


class Double:
    """The server as tests hold it: what it was asked, and how it answers each path."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.failures: list[BaseException | None] = []
        self.left = Event()
        """Set when somebody went away before an answer was sent."""
        self.over = Event()
        """Set when the test is over; what waits should end."""
        self.answers: dict[str, Behaviour] = {
            "/v1/models": says({"object": "list", "data": [{"id": NAME, "object": "model"}]}),
            "/v1/chat/completions": speaks(Scripted()),
        }
        self._server = Server(("127.0.0.1", 0), Visit)
        self._server.double = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Double:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        assert self.failures == []

    def chats(self, behaviour: Behaviour) -> None:
        """Answer chats in this way from now on."""
        self.answers["/v1/chat/completions"] = behaviour

    def asked(self, path: str) -> list[Seen]:
        """Return the requests for one path."""
        return [seen for seen in self.seen if seen.path == path]


def piece(text: str | None = None, **delta: Any) -> bytes:
    """Return the event that adds to an answer."""
    content = {} if text is None else {"content": text}
    return event({"model": NAME, "choices": [{"index": 0, "delta": {**content, **delta}, "finish_reason": None}]})


def event(found: Any) -> bytes:
    """Return anything as an event."""
    return b"data: " + json.dumps(found).encode() + b"\n\n"


FINISH = event({"model": NAME, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})


def says(found: Any, status: int = 200) -> Behaviour:
    """Answer with JSON."""
    return lambda visit, body: visit.whole(status, json.dumps(found).encode())


def sends(body: bytes, status: int = 200, kind: str = "text/html", **headers: str) -> Behaviour:
    """Answer with exactly these bytes."""
    return lambda visit, _: visit.whole(status, body, kind, **headers)


def streams(*chunks: bytes) -> Behaviour:
    """Answer with exactly these chunks, in time."""
    return lambda visit, body: visit.stream(chunks)


def breaks_after(*chunks: bytes) -> Behaviour:
    """Send some chunks, then break the connection."""

    def behave(visit: Visit, body: Any) -> None:
        def broken() -> Iterator[bytes]:
            yield from chunks
            raise BreakOff

        try:
            visit.stream(broken())
        except BreakOff:
            visit.reset()

    return behave


def ends_early_after(*chunks: bytes) -> Behaviour:
    """Send some chunks, then close the connection in order, without the end of the body."""

    def behave(visit: Visit, body: Any) -> None:
        def ended() -> Iterator[bytes]:
            yield from chunks
            raise BreakOff

        try:
            visit.stream(ended())
        except BreakOff:
            visit.close_connection = True

    return behave


def falls_silent_after(*chunks: bytes) -> Behaviour:
    """Send some chunks, then nothing more as long as the test lasts."""

    def behave(visit: Visit, body: Any) -> None:
        def silent() -> Iterator[bytes]:
            yield from chunks
            visit.server.double.over.wait(60)

        visit.stream(silent())

    return behave


def repeats(chunk: bytes, pause: float = 0.01) -> Behaviour:
    """Send the same chunk until the other side has gone or the test is over."""

    def behave(visit: Visit, body: Any) -> None:
        def endless() -> Iterator[bytes]:
            while not visit.server.double.over.wait(pause):
                yield chunk

        visit.stream(endless())

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Behave differently at each request."""
    turns = iter(behaviours)
    return lambda visit, body: next(turns)(visit, body)


def speaks(script: Scripted) -> Behaviour:
    """Answer as a good server does, with what the script says: streamed if asked, stopped and limited as asked."""

    def behave(visit: Visit, body: Any) -> None:
        messages = [Message(each["role"], each["content"]) for each in body["messages"]]
        options = Generation(max_new_tokens=body["max_tokens"], stop=tuple(body.get("stop", ())))
        reply = script.generate(messages, options)
        try:
            first = next(reply, "")
        except HostRefused as refused:
            visit.whole(400, json.dumps({"error": {"message": str(refused), "type": "invalid_request_error"}}).encode())
            return
        visit.stream([piece("", role="assistant"), piece(first), *map(piece, reply), FINISH, DONE])

    return behave


class BreakOff(Exception):
    """The server goes away."""
