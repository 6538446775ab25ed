"""The desk of a person: the title of the next document, their folder in Google Drive, and what lies there already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..database import Database
from ..memory.rows import clean
from ..messages import Person
from ..tables import drive_file, writer
from .drive.client import Folder


@dataclass(frozen=True, slots=True)
class Slot:
    """Under what a document in Google Drive is found again: where it lies, what it is called, and whether it is a Google Doc."""

    folder: str
    name: str
    converted: bool


class Desk:
    """What is kept of one person. Every method raises StoreError."""

    def __init__(self, database: Database, who: Person) -> None:
        self._database = database
        self._who = clean(who.id)

    @property
    def title(self) -> str:
        """The title that was set; empty for none."""
        return str(self._kept("title"))

    @title.setter
    def title(self, title: str) -> None:
        self._keep(title=clean(title))

    @property
    def folder(self) -> Folder | None:
        """The folder in Google Drive; None where none was set."""
        found = self._kept("folder_id")
        return Folder(str(found), str(self._kept("folder_name"))) if found else None

    @folder.setter
    def folder(self, folder: Folder | None) -> None:
        self._keep(folder_id=folder.id if folder else "", folder_name=clean(folder.name) if folder else "")

    def file(self, slot: Slot) -> str | None:
        """Return the id of the document that was put there before; None for a new one."""
        with self._database.read() as connection:
            found: str | None = connection.execute(sa.select(drive_file.c.file_id).where(self._is(slot))).scalar()
        return found

    def keep_file(self, slot: Slot, number: str) -> None:
        """Remember the id of the document that was put there."""
        values = {"person_id": self._who, "folder_id": slot.folder, "name": clean(slot.name), "converted": slot.converted}
        with self._database.write() as connection:
            connection.execute(sa.delete(drive_file).where(self._is(slot)))
            connection.execute(sa.insert(drive_file).values(**values, file_id=number))

    def _is(self, slot: Slot) -> sa.ColumnElement[bool]:
        columns = drive_file.c
        same = (columns.folder_id == slot.folder, columns.name == clean(slot.name), columns.converted == slot.converted)
        return sa.and_(columns.person_id == self._who, *same)

    def _kept(self, column: str) -> Any:
        with self._database.read() as connection:
            return connection.execute(sa.select(writer.c[column]).where(writer.c.person_id == self._who)).scalar() or ""

    def _keep(self, **values: str) -> None:
        empty = {"title": "", "folder_id": "", "folder_name": ""}
        with self._database.write() as connection:
            if not connection.execute(sa.update(writer).where(writer.c.person_id == self._who).values(**values)).rowcount:
                connection.execute(sa.insert(writer).values(person_id=self._who, **(empty | values)))
