"""Chats of one person with companions: the host's own logs, SillyTavern's and ChatGPT's, as memory reads them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from ...errors import ImportRefused
from ...memory.importers.conversation import Attribution, Conversation
from ...memory.importers.formats import READERS, Format, recognised
from ..chats import Chat
from ..diary import COMPANION
from ..lines import Line
from .export import Dropped, Export, Item

NAMES = tuple(form.value for form in Format)


def form_of(export: Export) -> str:
    """Return whose chats a file holds, '' for none that memory reads. Raises OSError."""
    found = recognised(export.path)
    return found.value if found is not None else ""


def read(export: Export, form: str) -> Iterator[Item]:
    """Yield the chats and their messages. Raises ImportRefused, OSError."""
    for found in READERS[Format(form)](export.path, Attribution(export.me)):
        if isinstance(found, ImportRefused):
            yield Dropped("malformed")
        else:
            yield Chat(found.place.id, found.place.title, form)
            yield from _lines(found, export)


def _lines(found: Conversation, export: Export) -> Iterator[Line]:
    for row in found.rows:
        number = f"{row.row}"
        if row.said:
            yield Line(number, found.place.id, export.me, found.speaker or export.me, row.said, row.when)
        if row.reply:
            later = row.when + timedelta(milliseconds=1)
            yield Line(f"{number}:reply", found.place.id, COMPANION + row.companion, row.companion, row.reply, later, reply_to=number)
