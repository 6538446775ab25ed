"""The move of a whole diary into another database, from SQLite to PostgreSQL or back: every row as it is, with its number.

The source is only read. Rows go over in batches of one transaction each, and what is there already and the same is left as
it is, so a move that was killed goes on where it was. The counters come last, in one transaction with the mark's end, and
so the target is either unfinished or whole. The indexes follow from it: words at once, vectors with the next chat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa

from ..context.catalogue import Catalogue
from ..database import Database, set_watermark, watermark
from ..errors import SettingsError, StoreError
from ..tables import counter, metadata
from .fulltext import FullText
from .rows import clean

BATCH = 500
"""Rows in one transaction."""
PASSES = 3
"""How often a source that was written to meanwhile is gone through again."""
_MARK = "move"
"""Counter of an unfinished target: the number of the diary that is being moved there."""
_OWN = ("diary", _MARK, "fulltext")
"""Counters that belong to one database: its number, and how far its full-text index has come."""

Progress = Callable[[str, int, int], Any]
"""Is told the table, how many of its rows are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Part:
    """What was moved of one table."""

    rows: int
    digest: str
    """Of all rows, in whatever order: the sum of their BLAKE2b digests."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move came to."""

    parts: dict[str, Part]
    indexed: int
    """Exchanges in the full-text index of the target."""
    since: int
    """Changes of the source that came too late to be moved too."""


def move(source: Database, target: Database, progress: Progress = lambda table, done, total: None) -> Moved:
    """Copy everything of a diary into an empty database, or go on with a move that was killed, and compare both.

    Raises StoreError when either fails or they are not the same, SettingsError when the target holds another diary.
    """
    if source.dialect.where == target.dialect.where:
        raise SettingsError(f"The diary lies in {source.dialect.where} already. Name another database.")
    _begin(source, target)
    for _ in range(PASSES):
        with source.read() as origin:
            parts = {table.name: _copy(origin, target, table, progress) for table in _tables()}
            _compare(parts, target)
            counters = _counters(origin)
            highest = {table.name: source.dialect.given(origin, table) for table in _numbered()}
        if not (since := _revision(source) - counters["revision"]):
            break
    _finish(target, counters, highest)
    index = FullText(target)
    index.catch_up()
    Catalogue(target).rebuild()
    return Moved(parts, index.count(), since)


def _begin(source: Database, target: Database) -> None:
    """Mark the target as one that is being filled from this source. Raises SettingsError when it is anything else."""
    with source.read() as connection:
        number = watermark(connection, "diary")
    with target.write() as connection:
        if watermark(connection, _MARK) != number:
            for table in _tables():
                if count := _count(connection, table):
                    raise SettingsError(
                        f"The database at {target.dialect.where} is not empty (there are {count:,} rows of the kind {table.name} in it). "
                        "A diary is moved into an empty one only."
                    )
        if watermark(connection, "revision"):
            raise SettingsError(
                f"The database at {target.dialect.where} has been written to since the move into it was begun. Empty it, then begin again."
            )
        set_watermark(connection, _MARK, number)


def _copy(origin: sa.Connection, target: Database, table: sa.Table, progress: Progress) -> Part:
    """Make a table of the target the same as that of the source, and return what it should hold then."""
    _remove_others(origin, target, table)
    total, done, digest = _count(origin, table), 0, 0
    for rows in _batches(origin, table):
        with target.write() as connection:
            _put(connection, table, rows)
        done, digest = done + len(rows), digest + _digest(rows)
        progress(table.name, done, total)
    return Part(done, _shown(digest))


def _remove_others(origin: sa.Connection, target: Database, table: sa.Table) -> None:
    """Remove what a move before this one put in and the source does not have, or not like that."""
    with target.read() as held:
        for rows in _batches(held, table):
            query = sa.select(table).where(_among(table, [_key(table, row) for row in rows]))
            same = set(_read(origin.execute(query)))
            if others := [_key(table, row) for row in rows if row not in same]:
                with target.write() as connection:
                    connection.execute(sa.delete(table).where(_among(table, others)))


def _put(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Put in the rows that are not there yet."""
    keys = [_key(table, row) for row in rows]
    there = {tuple(key) for key in connection.execute(sa.select(*table.primary_key).where(_among(table, keys)))}
    names = table.columns.keys()
    if missing := [dict(zip(names, row, strict=True)) for key, row in zip(keys, rows, strict=True) if key not in there]:
        connection.execute(sa.insert(table), missing)


def _compare(parts: dict[str, Part], target: Database) -> None:
    """Raise StoreError when the target does not hold what it should."""
    with target.read() as connection:
        for table in _tables():
            count, digest = 0, 0
            for rows in _batches(connection, table):
                count, digest = count + len(rows), digest + _digest(rows)
            if (found := Part(count, _shown(digest))) != parts[table.name]:
                raise StoreError(
                    f"The copy at {target.dialect.where} is not the same as the diary: its {found.rows:,} rows of the kind {table.name} "
                    f"are not the {parts[table.name].rows:,} there should be. See that nobody else writes to it, and run this again."
                )


def _finish(target: Database, counters: dict[str, int], highest: dict[str, int]) -> None:
    """Make the target a diary that goes on where the source is."""
    with target.write() as connection:
        for table in _numbered():
            target.dialect.give_after(connection, table, highest[table.name])
        for name, value in counters.items():
            set_watermark(connection, name, value)
        connection.execute(sa.delete(counter).where(counter.c.name == _MARK))


def _tables() -> list[sa.Table]:
    """Return the tables that are moved row by row."""
    return [table for name, table in sorted(metadata.tables.items()) if table is not counter]


def _numbered() -> list[sa.Table]:
    """Return the tables whose rows are given a number by the database."""
    return [table for table in _tables() if table.autoincrement_column is not None]


def _counters(connection: sa.Connection) -> dict[str, int]:
    rows = connection.execute(sa.select(counter.c.name, counter.c.value))
    return {name: value for name, value in rows if name.partition(":")[0] not in _OWN}


def _revision(database: Database) -> int:
    with database.read() as connection:
        return watermark(connection, "revision")


def _batches(connection: sa.Connection, table: sa.Table) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a table in batches, in the order of its key."""
    key = list(table.primary_key)
    query = sa.select(table).order_by(*key).limit(BATCH)
    rows = _read(connection.execute(query))
    while rows:
        yield rows
        rows = _read(connection.execute(query.where(sa.tuple_(*key) > sa.tuple_(*_key(table, rows[-1])))))


def _read(found: sa.CursorResult[Any]) -> list[tuple[Any, ...]]:
    """Return rows whose texts every database can hold."""
    return [tuple(clean(value) if isinstance(value, str) else value for value in row) for row in found]


def _key(table: sa.Table, row: tuple[Any, ...]) -> tuple[Any, ...]:
    names = list(table.columns.keys())
    return tuple(row[names.index(column.name)] for column in table.primary_key)


def _among(table: sa.Table, keys: Sequence[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
    return sa.tuple_(*table.primary_key).in_(keys)


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _digest(rows: Sequence[tuple[Any, ...]]) -> int:
    return sum(int.from_bytes(blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=16).digest(), "big") for row in rows)


def _shown(digest: int) -> str:
    return f"{digest % 2**128:032x}"
