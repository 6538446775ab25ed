"""The gateway of the double: sessions that outlive their sockets, replayed on RESUME, closed and forgotten when a test says so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11


@dataclass
class Session:
    id: str
    events: list[dict[str, Any]] = field(default_factory=list)
    """Everything that was told, in its order."""
    socket: web.WebSocketResponse | None = None
    line: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)

    @property
    def sequence(self) -> int:
        return len(self.events)


class Gate:
    """For the loop of the double alone, but for what it counts."""

    def __init__(self, ready: Callable[[Session], list[tuple[str, Any]]], token: str) -> None:
        self._ready, self._token = ready, token
        self.interval = 41_250
        self.intents_refused = False
        self.intents = 0
        self.sessions: dict[str, Session] = {}
        self.beats = self.identifies = self.resumes = 0
        self.presences: list[Any] = []
        self.closes: list[int] = []

    @property
    def current(self) -> Session | None:
        """The session that is connected, or was last."""
        return next(reversed(self.sessions.values()), None)

    def emit(self, name: str, data: Any) -> None:
        for session in self.sessions.values():
            self._tell(session, name, data)

    def _tell(self, session: Session, name: str, data: Any) -> None:
        event = {"op": DISPATCH, "t": name, "s": session.sequence + 1, "d": data}
        session.events.append(event)
        if session.socket is not None:
            session.line.put_nowait(event)

    def say(self, op: int, data: Any = None) -> None:
        """Send something that is no event to whoever is connected."""
        for session in self.sessions.values():
            if session.socket is not None:
                session.line.put_nowait({"op": op, "d": data})

    def forget(self) -> None:
        """Forget all sessions: none can be taken up again."""
        self.sessions.clear()

    async def close(self, code: int) -> None:
        """Close all sockets."""
        for session in list(self.sessions.values()):
            socket, session.socket = session.socket, None
            if socket is not None:
                await socket.close(code=code)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        await socket.send_str(json.dumps({"op": HELLO, "d": {"heartbeat_interval": self.interval}}))
        session: Session | None = None
        writer: asyncio.Task[None] | None = None
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    break
                said = json.loads(frame.data)
                if said["op"] == HEARTBEAT:
                    await socket.send_str(json.dumps({"op": ACK}))
                    self.beats += 1
                elif said["op"] in (IDENTIFY, RESUME):
                    session = await self._begin(said, socket)
                    if session is not None:
                        writer = asyncio.ensure_future(self._write(session, socket))
                elif said["op"] == 3:
                    self.presences.append(said["d"])
        finally:
            self.closes.append(socket.close_code or 0)
            if session is not None and session.socket is socket:
                session.socket = None
            if writer is not None:
                writer.cancel()
        return socket

    async def _begin(self, said: dict[str, Any], socket: web.WebSocketResponse) -> Session | None:
        if said["d"]["token"] != self._token:
            await socket.close(code=4004)
            return None
        if self.intents_refused:
            await socket.close(code=4014)
            return None
        if said["op"] == IDENTIFY:
            self.identifies += 1
            self.intents = said["d"]["intents"]
            session = Session(f"session{self.identifies}")
            self.sessions = {**{name: each for name, each in self.sessions.items() if each.socket is not None}, session.id: session}
            session.socket, session.line = socket, asyncio.Queue()
            for name, data in self._ready(session):
                self._tell(session, name, data)
            return session
        found = self.sessions.get(said["d"]["session_id"])
        if found is None:
            await socket.send_str(json.dumps({"op": INVALID, "d": False}))
            return None
        self.resumes += 1
        found.socket, found.line = socket, asyncio.Queue()
        for event in found.events[said["d"]["seq"] or 0 :]:
            found.line.put_nowait(event)
        self._tell(found, "RESUMED", {})
        return found

    @staticmethod
    async def _write(session: Session, socket: web.WebSocketResponse) -> None:
        line = session.line
        while True:
            said = await line.get()
            try:
                await socket.send_str(said if isinstance(said, str) else json.dumps(said))
            except (ConnectionError, RuntimeError):
                return
