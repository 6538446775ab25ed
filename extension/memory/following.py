"""What comes after an exchange in its place: it carries its predecessor as a field, so the indexes look at it again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from ..database import next_revision
from ..tables import exchange

_FEW = 20
"""Rows of one place after which is looked one by one; for more, all that come after are read."""


def touch_next(connection: sa.Connection, *rows: Any) -> None:
    """Let the indexes look again at what comes after changed exchanges in the same place, branch and realm."""
    rows_of: dict[tuple[str, str, int], set[int]] = {}
    for row in rows:
        rows_of.setdefault((row.place_id, row.branch, row.realm_id), set()).add(row.row)
    # After a row that is followed by another changed one comes that one, or what comes after it.
    ends = {key: [row for row in sorted(changed) if row + 1 not in changed] for key, changed in rows_of.items()}
    following = dict.fromkeys(number for key, changed in ends.items() for number in _following(connection, key, changed))
    if following:
        first = next_revision(connection, len(following))
        touched = [{"number": number, "to": first + position} for position, number in enumerate(following)]
        connection.execute(sa.update(exchange).where(exchange.c.id == sa.bindparam("number")).values(revision=sa.bindparam("to")), touched)


def _following(connection: sa.Connection, key: tuple[str, str, int], rows: list[int]) -> Iterator[int]:
    """Yield the ids of what comes next after each of these rows of one place, branch and realm."""
    place_id, branch, realm_id = key
    same = sa.and_(exchange.c.place_id == place_id, exchange.c.branch == branch, exchange.c.realm_id == realm_id)
    query = sa.select(exchange.c.row, exchange.c.id).where(same).order_by(exchange.c.row)
    if len(rows) <= _FEW:
        for row in rows:
            yield from (found.id for found in connection.execute(query.where(exchange.c.row > row).limit(1)))
        return
    found = connection.execute(query.where(exchange.c.row > min(rows))).all()
    after = [bisect_right(found, row, key=lambda each: int(each.row)) for row in rows]
    yield from (found[at].id for at in after if at < len(found))
