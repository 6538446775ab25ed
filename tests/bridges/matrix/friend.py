"""Somebody whose program encrypts: matrix-nio, used as its users do, in a process of its own (nio's store is one to a process)."""

from __future__ import annotations

import asyncio
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import Any

from .people import PASSWORD, One

PATIENCE = 30.0


class Program:
    """The program, in the other process."""

    def __init__(self, url: str, user: str, folder: str) -> None:
        from nio import AsyncClient, AsyncClientConfig, MegolmEvent, RoomMessage
        from nio.store import SqliteStore

        self.seen: dict[str, dict[str, Any]] = {}
        self.unread: list[str] = []
        self.loop = asyncio.new_event_loop()
        Path(folder).mkdir()
        self.client = AsyncClient(url, user, store_path=folder, config=AsyncClientConfig(store=SqliteStore))
        self.loop.run_until_complete(self.client.login(PASSWORD, "a program that encrypts"))
        self.loop.run_until_complete(self.client.keys_upload())
        self.client.add_event_callback(self._read, RoomMessage)
        self.client.add_event_callback(self._missed, MegolmEvent)
        self.sync()

    async def _read(self, room: Any, event: Any) -> None:
        self.seen[event.event_id] = event.source["content"]

    async def _missed(self, room: Any, event: Any) -> None:
        self.unread.append(event.event_id)

    def sync(self, timeout: int = 0) -> None:
        self.loop.run_until_complete(self._sync(timeout))

    async def _sync(self, timeout: int) -> None:
        from nio import SyncResponse

        answer = await self.client.sync(timeout, full_state=not self.client.next_batch)
        assert isinstance(answer, SyncResponse), answer
        if self.client.should_query_keys:
            await self.client.keys_query()
        await self.client.send_to_device_messages()

    def send(self, room: str, content: dict[str, Any], kind: str = "m.room.message") -> str:
        self.sync()
        sent = self.client.room_send(room, kind, content, ignore_unverified_devices=True)
        return str(self.loop.run_until_complete(sent).event_id)

    def read(self, text: str) -> tuple[str, dict[str, Any]] | None:
        self.sync(200)
        for event, content in self.seen.items():
            if text == content.get("m.new_content", content)["body"]:
                return event, content
        return None

    def missed(self) -> list[str]:
        return self.unread

    def keyless(self, room: str, user: str, text: str) -> tuple[str, dict[str, Any]]:
        """Say something without giving the key to somebody; return the message, and the key."""
        olm = self.client.olm
        self.sync()
        self.loop.run_until_complete(self.client.joined_members(room))
        if self.client.should_query_keys:
            self.loop.run_until_complete(self.client.keys_query())
        olm.create_outbound_group_session(room)
        session = olm.outbound_group_sessions[room]
        key = {"algorithm": "m.megolm.v1.aes-sha2", "room_id": room, "session_id": session.id, "session_key": session.session_key}
        session.users_ignored.update((user, device.id) for device in olm.device_store.active_user_devices(user))
        return self.send(room, {"msgtype": "m.text", "body": text}), key

    def give(self, user: str, key: dict[str, Any]) -> None:
        """Give somebody a key after all."""
        from nio import ToDeviceMessage

        for device in self.client.olm.device_store.active_user_devices(user):
            missing = {user: [device.id]}
            self.loop.run_until_complete(self.client.keys_claim(missing))
            session = self.client.olm.session_store.get(device.curve25519)
            sealed = self.client.olm._olm_encrypt(session, device, "m.room_key", key)
            message = ToDeviceMessage("m.room.encrypted", user, device.id, sealed)
            self.loop.run_until_complete(self.client.to_device(message))

    def close(self) -> None:
        self.loop.run_until_complete(self.client.close())
        self.client.store.database.close()
        self.loop.close()


_programs: dict[str, Program] = {}


def _open(url: str, user: str, folder: str) -> None:
    _programs[user] = Program(url, user, folder)


def _call(user: str, name: str, *given: Any) -> Any:
    return getattr(_programs[user], name)(*given)


def process() -> ProcessPoolExecutor:
    """Return a process for such programs."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


class Friend:
    """Somebody with such a program."""

    def __init__(self, process: ProcessPoolExecutor, one: One, folder: Path) -> None:
        self.one, self._process = one, process
        self._process.submit(_open, one.server.url, one.id, str(folder)).result(PATIENCE)

    def call(self, name: str, *given: Any) -> Any:
        """Let the program do something."""
        return self._process.submit(_call, self.one.id, name, *given).result(PATIENCE)

    def say(self, room: str, text: str, **more: Any) -> str:
        """Say something in a room, encrypted where it is."""
        return self.send(room, {"msgtype": "m.text", "body": text, **more})

    def send(self, room: str, content: dict[str, Any]) -> str:
        """Send a message with a content of one's own."""
        return str(self.call("send", room, content))

    def edit(self, room: str, message: str, text: str) -> str:
        """Edit a message."""
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": message}
        return self.send(room, {**new, "body": f"* {text}", "m.new_content": new, "m.relates_to": relation})

    def attach(self, room: str, name: str, data: bytes) -> str:
        """Send an encrypted file."""
        from nio.crypto import encrypt_attachment

        sealed, keys = encrypt_attachment(data)
        content = {"msgtype": "m.file", "body": name, "info": {"size": len(data)}, "file": {**keys, "url": self.one.upload(sealed)}}
        return self.send(room, content)

    def opened(self, content: dict[str, Any]) -> bytes:
        """Return an encrypted file that was sent."""
        from nio.crypto import decrypt_attachment

        file = content["file"]
        return bytes(decrypt_attachment(self.one.download(file["url"]), file["key"]["k"], file["hashes"]["sha256"], file["iv"]))

    def until(self, text: str) -> tuple[str, dict[str, Any]]:
        """Wait for a message that says something now, perhaps by an edit, and return the id and content of what says it."""
        end = monotonic() + PATIENCE
        while (found := self.call("read", text)) is None:
            assert monotonic() < end, f"not read: {text}"
        return found  # type: ignore[no-any-return]
