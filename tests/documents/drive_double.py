"""A small real HTTP server that speaks as much of Google as Drive's client needs: tokens, folders, multipart and resumable uploads.

It checks what it is sent as Google does, keeps files with their revisions, and misbehaves on request.
"""

from __future__ import annotations

import json
import re
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

FOLDER = "application/vnd.google-apps.folder"
EMAIL = "familiar@writing.iam.gserviceaccount.com"
TOKEN = "ya29.a-token"
SECRET = "a-refresh-token"
QUARTER = 262_144


@dataclass
class File:
    """A file in Drive."""

    id: str
    name: str
    kind: str
    parents: list[str] = field(default_factory=list)
    revisions: list[bytes] = field(default_factory=list)
    trashed: bool = False
    writable: bool = True
    target: str = ""


@dataclass
class Session:
    """A resumable upload that is under way."""

    body: dict[str, Any]
    total: int
    known: str | None
    data: bytes = b""
    done: str = ""
    """The file it became."""


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Visit(BaseHTTPRequestHandler):
    """One request and the answer to it."""

    protocol_version = "HTTP/1.1"
    server: Listener

    def handle_any(self) -> None:
        """Answer any method."""
        found = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(found.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.command, found.path, query, {name.lower(): value for name, value in self.headers.items()}, body)
        self.server.double.answer(self, asked)

    do_GET = do_POST = do_PATCH = do_PUT = handle_any  # noqa: N815 (named by http.server)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def say(self, status: int, found: Any = None, **headers: str) -> None:
        """Send an answer."""
        body = b"" if found is None else found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self) -> None:
        """End the connection without an answer."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def refuse(self, status: int, reason: str, message: str = "Google's own words about familiar@ and 1AbC") -> None:
        """Send an error as Google does."""
        error = {"code": status, "message": message, "errors": [{"domain": "global", "reason": reason, "message": message}]}
        self.say(status, {"error": error})


class Listener(ThreadingHTTPServer):
    """The listening part."""

    daemon_threads = True
    double: DriveDouble

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a test fail that broke the double; that somebody went away is not wrong."""
        error = sys.exception()
        if not isinstance(error, ConnectionError):
            self.double.failures.append(repr(error))


Fault = Callable[[Visit, Asked], bool]
"""Answers instead of the double and returns True, or leaves the answer to it."""


class DriveDouble:
    """The server as tests hold it."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        """Each is asked once, in turn, for the first request that it answers."""
        self.failures: list[str] = []
        self._sessions: dict[str, Session] = {}
        self._server = Listener(("127.0.0.1", 0), Visit)
        self._server.double = self
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.folder("the-folder-1234", "Writing")

    def __enter__(self) -> DriveDouble:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        assert self.failures == []

    def folder(self, number: str, name: str, **further: Any) -> File:
        """Make a folder."""
        self.files[number] = File(number, name, FOLDER, **further)
        return self.files[number]

    @property
    def documents(self) -> list[File]:
        """What lies there that is no folder."""
        return [file for file in self.files.values() if file.kind != FOLDER and not file.target]

    def service_account(self, path: Path) -> Path:
        """Write the key of a service account, which asks this server for its tokens."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        found = {
            "type": "service_account",
            "client_email": EMAIL,
            "private_key": pem,
            "private_key_id": "1",
            "token_uri": f"{self.url}token",
        }
        path.write_text(json.dumps(found))
        return path

    def person(self, path: Path) -> Path:
        """Write the token of somebody who signed in."""
        found = {"refresh_token": SECRET, "client_id": "id", "client_secret": "secret", "token_uri": f"{self.url}token"}
        path.write_text(json.dumps(found | {"type": "authorized_user"}))
        return path

    def fails(self, status: int, reason: str, where: str = "", times: int = 1) -> None:
        """Refuse the next requests whose method and path hold some words."""

        def fault(visit: Visit, asked: Asked) -> bool:
            if where not in f"{asked.method} {asked.path}":
                return False
            visit.refuse(status, reason)
            return True

        self.faults += [fault] * times

    def answer(self, visit: Visit, asked: Asked) -> None:
        """Answer a request."""
        self.asked.append(asked)
        for fault in self.faults:
            if fault(visit, asked):
                self.faults.remove(fault)
                return
        if asked.path == "/token":
            self._token(visit, asked)
        elif asked.headers.get("authorization") != f"Bearer {TOKEN}":
            visit.refuse(401, "authError")
        elif asked.path.startswith("/session/"):
            self._chunk(visit, asked)
        elif asked.path.startswith("/upload/drive/v3/files"):
            self._upload(visit, asked)
        elif found := re.fullmatch(r"/drive/v3/files/([\w-]+)", asked.path):
            self._shown(visit, self.files.get(found[1]))
        else:
            visit.refuse(404, "notFound")

    def _token(self, visit: Visit, asked: Asked) -> None:
        form = parse_qs(asked.body.decode())
        known = form.get("assertion", [""])[0].count(".") == 2 or form.get("refresh_token") == [SECRET] or form.get("code") == ["a-code"]
        if not known:
            visit.say(400, {"error": "invalid_grant", "error_description": "Invalid JWT: familiar@ has no such key"})
            return
        visit.say(200, {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer", "refresh_token": SECRET})

    def _shown(self, visit: Visit, file: File | None) -> None:
        if file is None:
            visit.refuse(404, "notFound")
            return
        found: dict[str, Any] = {"id": file.id, "name": file.name, "mimeType": file.kind, "trashed": file.trashed}
        found["capabilities"] = {"canAddChildren": file.writable}
        visit.say(200, found | ({"shortcutDetails": {"targetId": file.target}} if file.target else {}))

    def _upload(self, visit: Visit, asked: Asked) -> None:
        known = asked.path.removeprefix("/upload/drive/v3/files").strip("/") or None
        if known is not None and known not in self.files:
            visit.refuse(404, "notFound")
        elif asked.query.get("supportsAllDrives") != "true":
            visit.refuse(404, "notFound")  # as for a folder of a shared drive
        elif asked.query["uploadType"] == "multipart":
            mail = message_from_bytes(f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode() + asked.body)
            about, media = mail.get_payload()
            self._finished(visit, Session(json.loads(about.get_payload(decode=True)), 0, known, media.get_payload(decode=True)))
        else:
            name = f"s{len(self._sessions)}"
            self._sessions[name] = Session(json.loads(asked.body or b"{}"), int(asked.headers["x-upload-content-length"]), known)
            visit.say(200, None, Location=f"{self.url}session/{name}")

    def _chunk(self, visit: Visit, asked: Asked) -> None:
        session = self._sessions[asked.path.rpartition("/")[2]]
        if session.done:
            self._told(visit, session.done)
            return
        told = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)", asked.headers["content-range"])
        if told and told[1] is not None:
            first, last = int(told[1]), int(told[2])
            whole = last + 1 == session.total or len(asked.body) % QUARTER == 0
            if first != len(session.data) or last - first + 1 != len(asked.body) or not whole:
                visit.refuse(400, "badRequest")
                return
            session.data += asked.body
        if len(session.data) < session.total:
            visit.say(308, None, **({"Range": f"bytes=0-{len(session.data) - 1}"} if session.data else {}))
        else:
            self._finished(visit, session)

    def _finished(self, visit: Visit, session: Session) -> None:
        if session.known is None:
            parents = session.body.get("parents", [])
            if not all(parent in self.files for parent in parents):
                visit.refuse(404, "notFound")
                return
            number = f"document-{len(self.files)}"
            self.files[number] = File(number, session.body["name"], session.body.get("mimeType", "docx"), parents)
        else:
            number = session.known
        self.files[number].revisions.append(session.data)
        session.done = number
        self._told(visit, number)

    def _told(self, visit: Visit, number: str) -> None:
        visit.say(200, {"id": number, "webViewLink": f"https://docs.google.com/document/d/{number}/edit"})
