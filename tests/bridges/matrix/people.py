"""People on a real homeserver, by plain requests of the client-server API: what any program of theirs would send."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import quote

import httpx

from tests.servers import SECRET

PASSWORD = "a password of the tests"
MEGOLM = "m.megolm.v1.aes-sha2"
_numbers = count(1)


@dataclass
class Homeserver:
    """A Synapse that runs."""

    url: str
    client: httpx.Client = field(init=False)
    people: dict[str, One] = field(default_factory=dict)
    """Those who are there for every test, in rooms of its own."""

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def call(self, method: str, path: str, content: Any = None, token: str = "", **query: Any) -> dict[str, Any]:
        """Make a request, and return the answer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        base = "" if path.startswith("/_") else "/_matrix/client/v3"
        answer = self.client.request(method, base + path, json=content, headers=headers, params=query or None)
        assert answer.status_code < 400, f"{method} {path}: {answer.status_code} {answer.text}"
        return dict(answer.json())

    def join(self, name: str) -> One:
        """Register somebody by a name that nobody has yet, and log them in."""
        localpart = f"{name.lower()}-{os.getpid()}-{next(_numbers)}"
        nonce = self.call("GET", "/_synapse/admin/v1/register")["nonce"]
        mac = hmac.new(SECRET.encode(), digestmod=hashlib.sha1)
        mac.update(b"\x00".join(each.encode() for each in (nonce, localpart, PASSWORD, "notadmin")))
        content = {"nonce": nonce, "username": localpart, "password": PASSWORD, "displayname": name, "mac": mac.hexdigest()}
        made = self.call("POST", "/_synapse/admin/v1/register", {**content, "admin": False})
        return One(self, made["user_id"], made["access_token"], name)

    def known(self, name: str) -> One:
        """Return somebody who is there for every test."""
        if name not in self.people:
            self.people[name] = self.join(name)
        return self.people[name]

    def close(self) -> None:
        """Let go of it."""
        self.client.close()


@dataclass
class One:
    """Somebody with an account."""

    server: Homeserver
    id: str
    token: str
    name: str

    def call(self, method: str, path: str, content: Any = None, **query: Any) -> dict[str, Any]:
        """Make a request as them."""
        return self.server.call(method, path, content, self.token, **query)

    def room(self, name: str = "", invite: tuple[str, ...] = (), *, encrypted: bool = False, **more: Any) -> str:
        """Make a room, and return its id."""
        state = [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": MEGOLM}}] if encrypted else []
        content = {"name": name, "invite": list(invite), "preset": "private_chat", "initial_state": state, **more}
        return str(self.call("POST", "/createRoom", content)["room_id"])

    def enter(self, room: str) -> None:
        """Join a room."""
        self.call("POST", f"/rooms/{quote(room)}/join", {})

    def send(self, room: str, content: Mapping[str, Any], kind: str = "m.room.message") -> str:
        """Send an event, and return its id."""
        return str(self.call("PUT", f"/rooms/{quote(room)}/send/{kind}/{next(_numbers)}", content)["event_id"])

    def say(self, room: str, text: str, **more: Any) -> str:
        """Send a message."""
        return self.send(room, {"msgtype": "m.text", "body": text, **more})

    def edit(self, room: str, message: str, text: str) -> str:
        """Edit a message."""
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": message}
        return self.send(room, {**new, "body": f"* {text}", "m.new_content": new, "m.relates_to": relation})

    def react(self, room: str, message: str, emoji: str) -> str:
        """React to a message."""
        return self.send(room, {"m.relates_to": {"rel_type": "m.annotation", "event_id": message, "key": emoji}}, "m.reaction")

    def redact(self, room: str, event: str) -> str:
        """Remove an event."""
        path = f"/rooms/{quote(room)}/redact/{quote(event)}/{next(_numbers)}"
        return str(self.call("PUT", path, {})["event_id"])

    def set(self, room: str, kind: str, content: Mapping[str, Any], key: str = "") -> None:
        """Set a part of the state of a room."""
        self.call("PUT", f"/rooms/{quote(room)}/state/{kind}/{quote(key)}", content)

    def upload(self, data: bytes) -> str:
        """Upload a file, and return its address."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/octet-stream"}
        answer = self.server.client.post("/_matrix/media/v3/upload", content=data, headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["content_uri"])

    def download(self, address: str) -> bytes:
        """Return a file."""
        path = f"/_matrix/client/v1/media/download/{address.removeprefix('mxc://')}"
        answer = self.server.client.get(path, headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code == 200, answer.text
        return answer.content

    def event(self, room: str, event: str) -> dict[str, Any]:
        """Return an event as the server keeps it."""
        return self.call("GET", f"/rooms/{quote(room)}/event/{quote(event)}")

    def events(self, room: str, start: str = "") -> tuple[list[dict[str, Any]], str]:
        """Return what happened in a room since a point, the oldest first, and the point that is reached."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self.call("GET", f"/rooms/{quote(room)}/messages", dir="f", limit=500, **({"from": start} if start else {}))
            found += answer["chunk"]
            if not answer.get("end") or not answer["chunk"]:
                return found, str(answer.get("end") or start)
            start = str(answer["end"])
