"""What a database must say about itself, so that nothing above it asks which one it is."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from ..errors import StoreError

Meaning = tuple[type[StoreError], str]
"""What kind of trouble an error is, and what a person can do about it."""


class Dialect(Protocol):
    """One database by its address. Nothing is opened before `engine` is asked for."""

    name: str
    """`sqlite` or `postgresql`."""
    where: str
    """The address as it may be shown and logged: without a user and without a password."""
    path: Path | None
    """The file; None for a server."""

    def engine(self) -> sa.Engine:
        """Return a new engine. Raises SettingsError, MissingPackage, StoreReadOnly."""
        ...

    def check(self, connection: sa.Connection) -> None:
        """Raise StoreError for a database that could never hold a diary."""
        ...

    def reading(self, connection: sa.Connection) -> sa.Connection:
        """Return the connection made ready to see one state of the database for as long as it is open."""
        ...

    def writing(self, connection: sa.Connection, wait: float, *, durable: bool = True) -> AbstractContextManager[object]:
        """Return a transaction that is the only one to write, after `wait` seconds at most for the one before it.

        Committing one that is not `durable` does not wait for the disk.
        """
        ...

    def migrating(self, connection: sa.Connection) -> AbstractContextManager[object]:
        """Return a transaction in which this process alone changes the schema."""
        ...

    def meaning(self, exc: BaseException) -> Meaning | None:
        """Return what an error of the driver means; None where nothing more is known of it."""
        ...

    def compact(self, engine: sa.Engine, tables: Collection[str]) -> None:
        """See to it that what was deleted is not kept any longer than the database must."""
        ...

    def given(self, connection: sa.Connection, table: sa.Table) -> int:
        """Return the highest number that a row of a table has been given, though that row may be gone."""
        ...

    def give_after(self, connection: sa.Connection, table: sa.Table, number: int) -> None:
        """Give the next row of a table a number above this one."""
        ...

    def size(self, engine: sa.Engine, tables: Collection[str]) -> int:
        """Return how many bytes the diary and its full-text index take."""
        ...
