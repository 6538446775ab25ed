"""Writing: what was said becomes a document, which goes to Google Drive or into a folder. Doors call this and decide nothing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Literal

from ..database import Database
from ..errors import DocumentRefused, SettingsError
from ..messages import Exchange, Person
from .choice import Chat, Choice, chosen
from .desk import Desk, Slot
from .drive.client import Drive, Folder, Upload
from .drive.link import folder_id
from .folder import put
from .text import Part, Text
from .titles import DEFAULT, file_name, title_of
from .word import MEDIA, written

log = logging.getLogger(__name__)

Target = Literal["drive", "folder"]


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was made, and is nowhere yet."""

    title: str
    name: str
    """Of its file."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Saved:
    """A document that was saved."""

    document: Document
    path: Path | None = None
    """Where it lies on this machine."""
    link: str = ""
    """Where it lies in Google Drive."""


class Writing:
    """Documents of one data directory. `folder` is where they go on this machine; without `drive` they go nowhere else."""

    def __init__(self, database: Database, folder: Path, drive: Drive | None, *, convert: bool = False) -> None:
        self._database = database
        self._drive = drive
        self._convert = convert
        self.folder = folder

    @property
    def drives(self) -> bool:
        """Whether there are credentials for Google Drive."""
        return self._drive is not None

    def desk(self, who: Person) -> Desk:
        """Return what is kept of a person: their title and their folder in Google Drive."""
        return Desk(self._database, who)

    def target(self, who: Person) -> Target:
        """Return where a person's documents go: to Google Drive once it is set up and they named a folder. Raises StoreError."""
        return "drive" if self._drive is not None and self.desk(who).folder else "folder"

    def set_folder(self, who: Person, link: str) -> Folder:
        """Let a person's documents go into the folder of a share link from now on, after a look whether they can.

        Raises SettingsError, MissingPackage, DriveError, StoreError.
        """
        found = self._google().folder(folder_id(link))
        self.desk(who).folder = found
        return found

    def make(self, who: Person, choice: Choice, title: str | None = None, *, said: bool = False, zone: tzinfo | None = None) -> Document:
        """Return a document of what a person chose, with what they said in it where they want that or chose a whole chat.

        Without a title it has the one the person set. Raises NotFound, SettingsError, DocumentRefused, StoreError.
        """
        exchanges = chosen(self._database, who, choice)
        called = title_of(title) if (title or "").strip() else self.desk(who).title or DEFAULT
        parts = _dialogue(exchanges, zone) if said or isinstance(choice, Chat) else _replies(exchanges)
        if not any(part.markdown.strip() for part in parts):
            raise DocumentRefused("There are no words in this that a document could be made of.")
        authors = ", ".join(dict.fromkeys(each.companion for each in exchanges))
        data = written(Text(called, authors, datetime.now(UTC), parts))
        log.info("A document of %d exchanges was made, %d bytes.", len(exchanges), len(data))
        return Document(called, file_name(called), data)

    def save(self, who: Person, document: Document, target: Target | None = None, folder: Path | None = None) -> Saved:
        """Save a document, to where the person's documents go unless told otherwise.

        Raises DocumentRefused when it cannot be written here, SettingsError, MissingPackage, DriveError, StoreError.
        """
        if (target or self.target(who)) == "folder":
            return Saved(document, put(folder or self.folder, document.name, document.data))
        desk, drive = self.desk(who), self._google()
        if (into := desk.folder) is None:
            raise SettingsError("No folder in Google Drive is set. Give its share link: `familiar docx folder LINK`.")
        # A Google Doc has no ending.
        name = document.title if self._convert else document.name
        slot = Slot(into.id, name, self._convert)
        stored = drive.put(Upload(name, document.data, MEDIA, self._convert), into.id, desk.file(slot))
        desk.keep_file(slot, stored.id)
        return Saved(document, link=stored.link)

    def _google(self) -> Drive:
        if self._drive is None:
            raise SettingsError(
                "Google Drive is not set up: the setting `drive_credentials` names no file. docs/writing.md says how to get one."
            )
        return self._drive


def _replies(exchanges: Sequence[Exchange]) -> tuple[Part, ...]:
    return tuple(Part(each.reply) for each in exchanges)


def _dialogue(exchanges: Sequence[Exchange], zone: tzinfo | None) -> tuple[Part, ...]:
    """Return what was said and answered, each under the name of who said it and when."""
    parts = []
    for each in exchanges:
        local = each.when.astimezone(zone)
        when = f"{local.day} {local:%B %Y, %H:%M}"
        parts += [Part(each.said, f"{each.person.shown}, {when}")] if each.said.strip() else []
        parts += [Part(each.reply, each.companion)] if each.reply.strip() else []
    return tuple(parts)
