"""A batch of forgotten exchanges, held in memory and nowhere else, so that forgetting can be undone for a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..database import exchange, forgotten, next_revision
from ..messages import Exchange
from .derived import DERIVED, Derived
from .following import touch_next
from .rows import keep_people, selected, slices, to_exchange


@dataclass(frozen=True, slots=True)
class Batch:
    """Exchanges as they were, under their own ids, with what was derived from them.

    One whose row in its place was taken meanwhile comes back after the last row.
    """

    rows: tuple[dict[str, Any], ...]
    exchanges: tuple[Exchange, ...]
    """The same with the names of people and places."""
    derived: tuple[tuple[Derived, dict[str, Any]], ...]

    def restore(self, connection: sa.Connection) -> None:
        """Write them back. Their words are no longer forgotten, and the indexes look at them again."""
        for some in slices(row["id"] for row in self.rows):
            connection.execute(sa.delete(forgotten).where(forgotten.c.exchange_id.in_(some)))
        for person, place in dict.fromkeys((each.person, each.place) for each in self.exchanges):
            keep_people(connection, person, place)
        displaced = {row["id"]: row for row in self.rows if _is_taken(connection, row)}
        for row in self.rows:
            if row["id"] not in displaced:
                _insert(connection, row)
        for row in displaced.values():
            _insert(connection, {**row, "row": _next_row(connection, row)})
        for derived, values in self.derived:
            _bring_back(connection, derived, values)
        for some in slices(row["id"] for row in self.rows):
            touch_next(connection, *connection.execute(sa.select(exchange).where(exchange.c.id.in_(some))).all())


def batch_of(connection: sa.Connection, ids: Sequence[int]) -> Batch:
    """Return the batch of these exchanges, which are there still."""
    rows, named = [], []
    for some in slices(ids):
        rows += [dict(row) for row in connection.execute(sa.select(exchange).where(exchange.c.id.in_(some))).mappings()]
        named += [to_exchange(row) for row in connection.execute(selected.where(exchange.c.id.in_(some)))]
    derived = [(each, values) for each in DERIVED for values in each.rows(connection, ids)]
    return Batch(tuple(rows), tuple(named), tuple(derived))


def _insert(connection: sa.Connection, row: dict[str, Any]) -> None:
    connection.execute(sa.insert(exchange).values(**{**row, "revision": next_revision(connection)}))


def _is_taken(connection: sa.Connection, row: dict[str, Any]) -> bool:
    """Return whether something else was said meanwhile where an exchange was."""
    return connection.execute(sa.select(exchange.c.id).where(_here(row), exchange.c.row == row["row"])).first() is not None


def _next_row(connection: sa.Connection, row: dict[str, Any]) -> int:
    return int(connection.execute(sa.select(sa.func.max(exchange.c.row)).where(_here(row))).scalar_one()) + 1


def _here(row: dict[str, Any]) -> sa.ColumnElement[bool]:
    return sa.and_(exchange.c.place_id == row["place_id"], exchange.c.branch == row["branch"])


def _bring_back(connection: sa.Connection, derived: Derived, values: dict[str, Any]) -> None:
    """Write a derived row back, unless its key was taken meanwhile: then it is derived again."""
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(derived.table).values(**values))
    except IntegrityError:
        return
