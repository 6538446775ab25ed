"""A batch of forgotten exchanges, held in memory and nowhere else, so that forgetting can be undone for a moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..database import next_revision
from ..messages import Person, Place
from ..tables import exchange, forgotten
from .derived import DERIVED, Derived
from .following import touch_next
from .rows import keep_people, selected, slices, to_exchange

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """Exchanges as they were, under their own ids, with what was derived from them.

    One whose row in its place was taken meanwhile comes back after the last row.
    """

    rows: tuple[Row, ...]
    names: tuple[tuple[Person, Place], ...]
    """Who spoke where."""
    derived: tuple[tuple[Derived, tuple[Row, ...]], ...]

    def restore(self, connection: sa.Connection) -> None:
        """Write them back. Their words are no longer forgotten, and the indexes look at them again."""
        ids = [row["id"] for row in self.rows]
        for some in slices(ids):
            connection.execute(sa.delete(forgotten).where(forgotten.c.exchange_id.in_(some)))
        for person, place in self.names:
            keep_people(connection, person, place)
        first = next_revision(connection, len(ids))
        rows = [{**row, "revision": first + number} for number, row in enumerate(_placed(connection, self.rows))]
        connection.execute(sa.insert(exchange), rows)
        for derived, values in self.derived:
            _bring_back(connection, derived, values)
        for some in slices(ids):
            touch_next(connection, *connection.execute(sa.select(exchange).where(exchange.c.id.in_(some))).all())


def batch_of(connection: sa.Connection, ids: Sequence[int]) -> Batch:
    """Return the batch of these exchanges, which are there still."""
    rows: list[Row] = []
    names: dict[tuple[Person, Place], None] = {}
    for some in slices(ids):
        rows += [dict(row) for row in connection.execute(sa.select(exchange).where(exchange.c.id.in_(some))).mappings()]
        known = (to_exchange(row) for row in connection.execute(selected.where(exchange.c.id.in_(some))))
        names |= dict.fromkeys((each.person, each.place) for each in known)
    return Batch(tuple(rows), tuple(names), tuple((each, tuple(each.rows(connection, ids))) for each in DERIVED))


def _placed(connection: sa.Connection, rows: Sequence[Row]) -> Iterator[Row]:
    """Yield exchanges with the rows that are free for them in their places: first those whose own ones still are."""
    taken: dict[tuple[str, str], set[int]] = {}
    displaced = []
    for row in rows:
        key = (row["place_id"], row["branch"])
        if key not in taken:
            here = sa.and_(exchange.c.place_id == key[0], exchange.c.branch == key[1])
            taken[key] = set(connection.execute(sa.select(exchange.c.row).where(here)).scalars())
        if row["row"] in taken[key]:
            displaced.append((taken[key], row))
        else:
            taken[key].add(row["row"])
            yield row
    for others, row in displaced:
        others.add(max(others) + 1)
        yield {**row, "row": max(others)}


def _bring_back(connection: sa.Connection, derived: Derived, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write derived rows back, but for those whose keys were taken meanwhile: they are derived again."""
    if not rows:
        return
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(derived.table), list(rows))
    except IntegrityError:
        for row in rows if len(rows) > 1 else ():
            _bring_back(connection, derived, [row])
