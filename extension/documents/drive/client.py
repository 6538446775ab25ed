"""The client of Google Drive: looks at a folder, and puts documents into it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

from ...errors import DriveRefused, MissingPackage
from .account import INSTALL, Account, account
from .patience import Wait, patiently
from .trouble import not_shared, translated

GOOGLE = "https://www.googleapis.com/"
CHUNK = 1_048_576
"""Bytes that are sent at once, a multiple of 262,144; a document that is larger goes in several requests."""
_FOLDER, _SHORTCUT = "application/vnd.google-apps.folder", "application/vnd.google-apps.shortcut"
_GOOGLE_DOC = "application/vnd.google-apps.document"
_HOPS = 3
"""Shortcuts to shortcuts."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder in Google Drive."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A document to put into a folder."""

    name: str
    data: bytes
    media: str
    converted: bool = False
    """Whether Google makes a Google Doc of it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A document that lies in Google Drive."""

    id: str
    link: str


class Drive:
    """Google Drive under the account of a file of credentials, which is read at the first use and whenever it has changed.

    `base` is where Google's API is, `wait` what passes the seconds between two tries. Every method raises SettingsError for
    credentials that cannot be used, MissingPackage, and DriveError.
    """

    def __init__(self, credentials: Path, base: str = GOOGLE, chunk: int = CHUNK, wait: Wait = time.sleep) -> None:
        self._path = credentials
        self._base = base
        self._chunk = chunk
        self._wait = wait
        self._known: tuple[int, Account] | None = None
        self._lock = Lock()

    def folder(self, number: str) -> Folder:
        """Return the folder with this id, after a look whether it may be written to."""
        with self._files() as (files, who):
            for _ in range(_HOPS):
                fields = "id,name,mimeType,trashed,capabilities(canAddChildren),shortcutDetails(targetId)"
                found = self._asked(files.get(fileId=number, fields=fields, supportsAllDrives=True))
                if found.get("mimeType") != _SHORTCUT:
                    break
                number = str(found.get("shortcutDetails", {}).get("targetId", ""))
            if found.get("mimeType") != _FOLDER:
                raise DriveRefused("This is no folder. Give the link of a folder in Google Drive.")
            if found.get("trashed"):
                raise DriveRefused("This folder is in Google Drive's bin. Take it out of there, or give another.")
            if not found.get("capabilities", {}).get("canAddChildren"):
                raise DriveRefused(f"This folder may only be read. Share it with {who.shown} as an editor.")
            return Folder(str(found["id"]), str(found["name"]))

    def put(self, upload: Upload, folder: str, known: str | None = None) -> Stored:
        """Put a document into a folder, or where it is `known` under an id and still there, make it a new revision of that."""
        with self._files() as (files, who):
            if known is not None and self._is_there(files, known):
                request = files.update(fileId=known, body={}, media_body=self._media(upload, new=False), **_ASKED)
            else:
                kind = {"mimeType": _GOOGLE_DOC} if upload.converted else {}
                body = {"name": upload.name, "parents": [folder], **kind}
                request = files.create(body=body, media_body=self._media(upload, new=True), **_ASKED)
            try:
                found = self._sent(request)
            except _NotFound:
                raise not_shared(who) from None
            return Stored(str(found["id"]), str(found.get("webViewLink") or f"https://drive.google.com/open?id={found['id']}"))

    def _media(self, upload: Upload, *, new: bool) -> Any:
        from googleapiclient.http import MediaIoBaseUpload

        class Media(MediaIoBaseUpload):  # type: ignore[misc]
            def has_stream(self) -> bool:
                """Return no: parts are bytes. What a dead connection took httplib2 sends again, and a stream would be at its end."""
                return False

        # Sent in one request, a new file could be made twice: once by a try whose answer got lost. A revision may be.
        several = new or len(upload.data) > self._chunk
        return Media(BytesIO(upload.data), upload.media, chunksize=self._chunk, resumable=several)

    def _is_there(self, files: Any, number: str) -> bool:
        try:
            return not self._asked(files.get(fileId=number, fields="trashed", supportsAllDrives=True)).get("trashed")
        except _NotFound:
            return False

    def _sent(self, request: Any) -> dict[str, Any]:
        """Send a document, in several requests where it is large, each of them again where that may help."""
        if request.resumable is None:
            return self._asked(request)
        found = None
        while found is None:
            _, found = self._answered(request.next_chunk)
        return dict(found)

    def _asked(self, request: Any) -> dict[str, Any]:
        return dict(self._answered(request.execute))

    def _answered(self, attempt: Any) -> Any:
        from googleapiclient.errors import HttpError

        try:
            return patiently(attempt, self._wait)
        except HttpError as exc:
            if exc.resp.status == 404:
                raise _NotFound from None
            raise

    @contextmanager
    def _files(self) -> Iterator[tuple[Any, Account]]:
        """Google's client of files, and who uses it. Its connection is closed at the end."""
        who = self._account()
        try:
            from google_auth_httplib2 import AuthorizedHttp
            from googleapiclient.discovery import build_from_document
            from googleapiclient.discovery_cache import get_static_doc
            from googleapiclient.http import build_http
        except ImportError as exc:
            raise MissingPackage(f"Google Drive needs packages that are not installed. {INSTALL}") from exc
        logging.getLogger("googleapiclient").setLevel(logging.ERROR)  # it quotes answers
        known = json.loads(get_static_doc("drive", "v3"))
        known |= {"rootUrl": self._base, "baseUrl": self._base + known["servicePath"]}
        known.pop("mtlsRootUrl", None)
        http = AuthorizedHttp(who.credentials, http=build_http())  # which gives up after a minute
        try:
            with translated(who):
                yield build_from_document(known, http=http).files(), who
        except _NotFound:
            raise not_shared(who) from None
        finally:
            http.close()

    def _account(self) -> Account:
        with self._lock:
            try:
                changed = self._path.stat().st_mtime_ns
            except OSError:
                changed = 0
            if self._known is None or self._known[0] != changed:
                self._known = (changed, account(self._path))
            return self._known[1]


_ASKED: dict[str, Any] = {"fields": "id,webViewLink", "supportsAllDrives": True}


class _NotFound(Exception):
    """There is nothing with this id, or not for this account."""
