"""What came with messages: a long paste is the message itself, other files are read as documents are, in part and as quotations."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING

from ..context.limits import MB, Limits
from ..context.passages import extracted
from ..context.reading import read
from ..errors import FamiliarError, Stopped, UnreadableDocument
from ..messages import Excerpt
from ..prompt import documents, quoted
from .heard import Attached, Heard

if TYPE_CHECKING:
    from ..app import App

log = logging.getLogger(__name__)

PASTED = "message.txt"
"""The name a platform gives to a message that was too long for it."""
MOST = 10
"""Attachments of one turn that are read."""
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of the attachments of some messages."""

    pasted: str = ""
    """What was written in too long a message."""
    shown: str = ""
    """The files as the model sees them, quoted; '' for none."""
    names: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """Why a file was not read, for the person."""

    def said(self, text: str) -> str:
        """Return what was said, with the names of the files that came with it."""
        whole = "\n".join(filter(None, (text.strip(), self.pasted.strip())))
        return "\n".join(filter(None, (whole, *(f"(attached: {name})" for name in self.names))))


@dataclass(frozen=True)
class Attachments:
    """Reads what comes with messages, by the settings."""

    app: App

    def read(self, messages: Sequence[Heard], companion: str, stop: Callable[[], bool], *, keep: bool = False) -> Brought:
        """Read all attachments of some messages; what cannot be read is said and costs the others nothing. Raises Stopped.

        With `keep`, files go into the library of the place.
        """
        brought, left, excerpts = Brought(), self.app.settings.attachment_text, []
        given = [(message, each) for message in messages for each in message.attachments]
        for message, each in given[:MOST]:
            name = quoted(each.name, 100) or "a file"
            try:
                content = self._content(each)
                if (pasted := self._pasted(each, content, left)) is not None:
                    brought = replace(brought, pasted="\n".join(filter(None, (brought.pasted, pasted))))
                    continue
                excerpt, count = self._excerpt(content, name, left, stop)
                left -= count
                excerpts.append(excerpt)
                brought = replace(brought, names=(*brought.names, name))
                if keep:
                    self._keep(content, name, message, companion)
            except Stopped:
                raise
            except FamiliarError as exc:
                brought = replace(brought, problems=(*brought.problems, f"{name} was not read: {exc}"))
        if len(given) > MOST:
            brought = replace(brought, problems=(*brought.problems, f"Only {MOST} attachments are read at once."))
        return replace(brought, shown=documents(excerpts) if excerpts else "")

    def _content(self, attached: Attached) -> bytes:
        most = self.app.settings.attachment_size * MB
        if not most:
            raise UnreadableDocument("attachments are not read here.")
        content = attached.read() if attached.size <= most else b""
        if max(attached.size, len(content)) > most:
            raise UnreadableDocument(f"it is larger than {self.app.settings.attachment_size} MB. Send a part of it.")
        return content

    def _pasted(self, attached: Attached, content: bytes, most: int) -> str | None:
        if attached.name != PASTED:
            return None
        try:
            return content.decode("utf-8")[:most]
        except UnicodeDecodeError:
            return None

    def _excerpt(self, content: bytes, name: str, most: int, stop: Callable[[], bool]) -> tuple[Excerpt, int]:
        limits = Limits(patience=_PATIENCE, processor=60)
        text = ""
        with read(BytesIO(content), name, stop=stop, limits=limits) as reading:
            for part in extracted(reading):
                text += part
                if len(text) >= most:
                    break
        if not text[:most].strip():
            raise UnreadableDocument("there is no room left for its text beside the other attachments.")
        return Excerpt(0, (), "place", reading.title, name, text[:most]), min(len(text), most)

    def _keep(self, content: bytes, name: str, message: Heard, companion: str) -> None:
        app = self.app
        shelf = app.library.shelf("place", message.person, app.shelf_of(companion), message.place.id)
        app.library.add_open(BytesIO(content), name, shelf, message.person.id)
