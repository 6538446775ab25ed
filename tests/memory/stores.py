"""The two pairs of stores memory runs on: SQLite with the embedded Chroma, and PostgreSQL with a Chroma server."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from extension.database import Database
from extension.memory.memories import Memories
from extension.vectors import Server

_numbers = count(1)


INDEXED = {"sqlite": "SELECT id % (1 << 40) FROM exchange_text_docsize", "postgresql": "SELECT id FROM exchange_text"}
REFUSAL = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION USING ERRCODE = ''lock_not_available''; END';
CREATE TRIGGER refuse BEFORE UPDATE ON counter FOR EACH ROW WHEN (NEW.name = 'fulltext') EXECUTE FUNCTION refuse()
"""
CONTENTS = """
SELECT relname, pg_read_binary_file(pg_relation_filepath(oid)) FROM pg_class
WHERE oid >= 16384 AND relkind IN ('r', 'i', 't') AND pg_relation_size(oid) > 0
"""
"""Every table, index and overflow of a database, as its files are after a checkpoint."""


class Files:
    """A SQLite file and a Chroma folder in each data directory."""

    server = None
    second = "exact"
    """The vector index of a second process."""

    def __init__(self, empty: Path) -> None:
        self._empty = empty

    def url(self, folder: Path) -> str:
        """Return the URL of the diary of a data directory."""
        return f"sqlite:///{folder / 'diary.sqlite'}"

    def words(self, folder: Path) -> list[str]:
        """Return what `writer.opened` asks for in another process."""
        return [str(folder), self.url(folder), ""]

    def make(self, folder: Path) -> None:
        """Put an empty diary into a data directory."""
        shutil.copy(self._empty, folder / "diary.sqlite")

    @contextmanager
    def held(self, folder: Path) -> Iterator[None]:
        """Hold the lock of the diary meanwhile, as another program would."""
        connection = sqlite3.connect(folder / "diary.sqlite", isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")
            connection.close()

    @contextmanager
    def refusing(self, folder: Path) -> Iterator[None]:
        """Let the full-text index be locked meanwhile, and nothing else."""
        refusal = "BEFORE UPDATE ON counter WHEN NEW.name = 'fulltext' BEGIN SELECT RAISE(ABORT, 'database is locked'); END"
        self.run(folder, f"CREATE TRIGGER refuse {refusal}")
        yield
        self.run(folder, "DROP TRIGGER refuse")

    def run(self, folder: Path, statement: str) -> list[Any]:
        """Run a statement as another program would, and return the rows."""
        connection = sqlite3.connect(folder / "diary.sqlite", isolation_level=None)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def contents(self, folder: Path) -> dict[str, bytes]:
        """Return the bytes of the files that the diary is in."""
        return {path.name: path.read_bytes() for path in folder.glob("diary.sqlite*")}

    def drop(self) -> None:
        """Remove what is left."""


class Servers:
    """A database of its own on a PostgreSQL server, and one on a Chroma server, for each data directory."""

    second = "chroma"

    def __init__(self, postgres: str, chroma: str, empty: str) -> None:
        self._postgres, self._chroma, self._empty = postgres, chroma, empty
        self._databases: dict[Path, str] = {}
        self.server = Server(f"{chroma}?database=test-{empty}-{next(_numbers)}")

    def url(self, folder: Path) -> str:
        """Return the URL of the diary of a data directory, made at the first look."""
        if folder not in self._databases:
            self._databases[folder] = f"{self._empty}_{next(_numbers)}"
            administer(self._postgres, f"CREATE DATABASE {self._databases[folder]} TEMPLATE {self._empty}")
        return url_of(self._postgres, self._databases[folder])

    def words(self, folder: Path) -> list[str]:
        """Return what `writer.opened` asks for in another process."""
        return [str(folder), self.url(folder), self.server.url]

    def make(self, folder: Path) -> None:
        """Make an empty diary for a data directory."""
        self.url(folder)

    @contextmanager
    def held(self, folder: Path) -> Iterator[None]:
        """Hold the lock of the diary meanwhile, as another program would."""
        with psycopg.connect(self.url(folder)) as connection:
            connection.execute("SELECT value FROM counter WHERE name = 'revision' FOR UPDATE")
            yield

    @contextmanager
    def refusing(self, folder: Path) -> Iterator[None]:
        """Let the full-text index be locked meanwhile, and nothing else."""
        self.run(folder, REFUSAL)
        yield
        self.run(folder, "DROP TRIGGER refuse ON counter")

    def run(self, folder: Path, statement: str) -> list[Any]:
        """Run a statement as another program would, and return the rows."""
        with psycopg.connect(self.url(folder), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def contents(self, folder: Path) -> dict[str, bytes]:
        """Return the bytes of the files that the diary is in, by table and index."""
        self.run(folder, "CHECKPOINT")
        return {name: bytes(data) for name, data in self.run(folder, CONTENTS)}

    def drop(self) -> None:
        """Remove what is left."""
        for name in self._databases.values():
            administer(self._postgres, f"DROP DATABASE {name} WITH (FORCE)")


Stores = Files | Servers


def indexed(memories: Memories) -> set[int]:
    """Return the ids of the exchanges in the full-text index."""
    with memories.database.read() as connection:
        return set(connection.exec_driver_sql(INDEXED[memories.database.dialect.name]).scalars())


def administer(server: str, statement: str) -> None:
    """Run a statement on a PostgreSQL server itself."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


def url_of(server: str, name: str) -> str:
    """Return the URL of a database on a server."""
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def empty_database(server: str, name: str) -> str:
    """Make an empty diary on a server, and return its name: others are copied from it, which is quicker than the migrations."""
    administer(server, f"CREATE DATABASE {name}")
    database = Database(url_of(server, name))
    with database.read():
        pass
    database.close()
    return name


def remains(folder: Path, *words: bytes) -> list[str]:
    """Return the files of a folder in whose bytes one of these words stands, in capitals or not."""
    found = []
    for where, _, names in os.walk(folder):  # which passes over folders that vanish: the indexes go on in the background
        for path in (Path(where, name) for name in names):
            with suppress(FileNotFoundError):
                text = path.read_bytes().lower()
                found += [path.relative_to(folder).as_posix()] if any(word in text for word in words) else []
    return sorted(found)
