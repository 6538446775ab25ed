"""Files: sent into rooms, encrypted where these are, and fetched from there, no more of them than may be."""

from __future__ import annotations

import logging
import mimetypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ...context.limits import MB
from ...errors import BridgeError
from ...texts import tr
from .calls import Calls, Refused, reaching
from .encryption import Encryption
from .markup import sendable
from .wire import Content, mapping_at, number_at, text_at

if TYPE_CHECKING:
    from nio import AsyncClient

log = logging.getLogger(__name__)

PATIENCE = 300.0
"""Seconds that a file may take."""
CHUNK = 1 << 16
_KINDS = {"image": "m.image", "audio": "m.audio", "video": "m.video"}


@dataclass(frozen=True)
class Media:
    """Sends and fetches files of an account."""

    client: AsyncClient
    calls: Calls
    encryption: Encryption

    async def content(self, room: str, name: str, data: bytes) -> dict[str, Any]:
        """Upload a file for a room and return the content of the message that brings it. Raises BridgeError."""
        encrypted = bool(await self.encryption.algorithm(room))
        await self._fits(len(data))
        name, kind = sendable(name)[:200] or "file", mimetypes.guess_type(name)[0] or "application/octet-stream"
        content: dict[str, Any] = {
            "msgtype": _KINDS.get(kind.partition("/")[0], "m.file"),
            "body": name,
            "filename": name,
            "info": {"size": len(data), "mimetype": kind},
            "m.mentions": {},
            "org.matrix.msc1767.automated": True,
        }
        if encrypted:
            from nio.crypto import encrypt_attachment

            data, keys = encrypt_attachment(data)
            content["file"] = {**keys, "url": await self._uploaded(data, "application/octet-stream", "")}
        else:
            content["url"] = await self._uploaded(data, kind, name)
        return content

    async def _fits(self, size: int) -> None:
        try:
            found = await self.calls("say how large files may be", "GET", "media", "config", base="/_matrix/client/v1")
        except Refused:
            return
        if (most := number_at(found, "m.upload.size")) and size > most:
            told = {"size": round(size / MB, 1), "most": round(most / MB, 1)}
            raise BridgeError(tr("This file of {size} MB is too large for this server, which takes {most} MB.", **told))

    async def _uploaded(self, data: bytes, kind: str, name: str) -> str:
        path = f"/_matrix/media/v3/upload?filename={quote(name, safe='')}" if name else "/_matrix/media/v3/upload"
        found = await self.calls.sent("take a file", "POST", path, data, kind, PATIENCE)
        url = text_at(found, "content_uri")
        if not url.startswith("mxc://"):
            raise BridgeError("The server took a file and does not say where it is. Try again.")
        return url

    async def fetched(self, content: Content, most: int) -> bytes:
        """Return the file that a message brings, no more of it than one byte beyond `most`. Raises BridgeError."""
        file = mapping_at(content, "file")
        url = text_at(file or content, "url")
        server, _, media = url.removeprefix("mxc://").partition("/")
        if not url.startswith("mxc://") or not server or not media or "/" in media or len(url) > 500:
            raise BridgeError(tr("This file has no address that could be fetched from. Send it again."))
        data = await self._downloaded(server, media, most)
        return _decrypted(data, file) if file and len(data) <= most else data

    async def _downloaded(self, server: str, media: str, most: int) -> bytes:
        named = f"{quote(server, safe='')}/{quote(media, safe='')}"
        for base in ("/_matrix/client/v1/media/download", "/_matrix/media/v3/download"):
            data = await self._read(f"{self.client.homeserver}{base}/{named}", most)
            if data is not None:
                return data
        raise BridgeError(tr("The server does not have this file (any more). Send it again."))

    async def _read(self, url: str, most: int) -> bytes | None:
        """Return what is at an address, None where there is nothing."""
        from aiohttp import ClientTimeout

        session = self.client.client_session
        if session is None:
            raise BridgeError("The connection to Matrix is closed.")
        headers = {"Authorization": f"Bearer {self.client.access_token}"}
        data = bytearray()
        with reaching("give a file", self.client.homeserver):
            async with session.get(url, headers=headers, timeout=ClientTimeout(PATIENCE)) as response:
                if response.status == 404:
                    return None
                if response.status >= 400:
                    raise BridgeError(tr("The server does not give this file ({status}). Send it again.", status=response.status))
                async for chunk in response.content.iter_chunked(CHUNK):
                    data += chunk
                    if len(data) > most:
                        break
        return bytes(data[: most + 1])


def _decrypted(data: bytes, file: Content) -> bytes:
    from nio import EncryptionError
    from nio.crypto import decrypt_attachment

    key, digest, iv = text_at(mapping_at(file, "key"), "k"), text_at(mapping_at(file, "hashes"), "sha256"), text_at(file, "iv")
    try:
        return bytes(decrypt_attachment(data, key, digest, iv))
    except (EncryptionError, ValueError, TypeError) as exc:
        raise BridgeError(tr("This file cannot be decrypted ({error}). Send it again.", error=type(exc).__name__)) from None


def size_of(content: Content) -> int:
    """Return how large a file is, as who sent it says."""
    return number_at(mapping_at(content, "info"), "size")


def name_of(content: Content) -> str:
    """Return what a file is called."""
    return text_at(content, "filename") or text_at(content, "body") or "file"
