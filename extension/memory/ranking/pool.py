"""The exchanges a question is compared with more closely: those both searches named, and what was said just around them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ...database import Database, embedding, exchange, person
from ..embeddings import unpacked
from ..rows import slices
from .profile import LONGEST, Profile, Profiles

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...ports import Embedder, Vectors

AROUND = 2
"""So many exchanges before and after a named one are compared with the question too."""
_CONTEXT = 2 * AROUND
PAUSE = 4 * 3600.0
"""Seconds of silence after which a conversation is a new one: what came before is no context any more."""
_JUMP = 3
"""Rows of a place that may be missing between neighbours, as when one was forgotten."""
_WANTED = sa.values(
    sa.column("place", sa.Text), sa.column("branch", sa.Text), sa.column("low", sa.BigInteger), sa.column("high", sa.BigInteger)
)
_COLUMNS = (
    *(exchange.c[name] for name in ("id", "revision", "realm_id", "place_id", "branch", "row", "person_id", "companion", "said_at")),
    sa.func.substr(exchange.c.said, 1, LONGEST).label("said"),
    sa.func.substr(exchange.c.reply, 1, LONGEST).label("reply"),
    person.c.name,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One exchange of the pool."""

    id: int
    realm: int
    person: str
    name: str
    companion: str
    when: float
    profile: Profile


@dataclass(frozen=True, slots=True)
class Pool:
    """Exchanges in the order of their places and rows, with their embeddings and their neighbours."""

    rows: Sequence[Row]
    said: Vectors | None
    """Embeddings, shape (len(rows), dimensions), zeros for what has none; None where there is no embedding at all."""
    reply: Vectors | None
    before: NDArray[np.int64]
    """Index of the exchange before each in the same conversation, -1 for none."""
    after: NDArray[np.int64]
    talk: NDArray[np.int64]
    """Number of the conversation each lies in."""
    inner: NDArray[np.bool_]
    """Whether each is near enough to a named one to be compared; the others are context only."""


class Pools:
    """Makes pools. Safe to use from several threads. Raises StoreError when the database fails."""

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder
        self.profiles = Profiles(embedder)

    def around(self, ids: Sequence[int], realms: Sequence[int], place: str | None, *, dense: bool) -> Pool:
        """Return the pool around these exchanges, within realms (and one place); without embeddings unless `dense`."""

        with self._database.read() as connection:
            found = self._rows(connection, ids, realms, place)
            numbers = [row.id for row in found]
            vectors = self._vectors(connection, numbers) if dense else {}
        keys = [(row.id, row.revision) for row in found]
        profiles = self.profiles.of(keys, [(row.said, row.reply) for row in found])
        rows = [
            Row(row.id, row.realm_id, row.person_id, row.name or row.person_id, row.companion, row.said_at, profile)
            for row, profile in zip(found, profiles, strict=True)
        ]
        return Pool(rows, _matrix(numbers, vectors, "said"), _matrix(numbers, vectors, "reply"), *_linked(found), _inner(found, ids))

    def _rows(self, connection: sa.Connection, ids: Sequence[int], realms: Sequence[int], place: str | None) -> list[Any]:
        columns = exchange.c
        placed: list[Any] = []
        for some in slices(ids):
            placed += connection.execute(sa.select(columns.place_id, columns.branch, columns.row).where(columns.id.in_(some))).all()
        within = [columns.realm_id.in_(list(realms)), *([columns.place_id == place] if place is not None else [])]
        found: dict[int, Any] = {}
        for ranges in slices(_ranges(placed), 200):
            wanted = _WANTED.data(ranges).cte("wanted")
            query = (
                sa.select(*_COLUMNS)
                .join_from(wanted, exchange, (columns.place_id == wanted.c.place) & (columns.branch == wanted.c.branch))
                .join(person, person.c.id == columns.person_id)
                .where(columns.row >= wanted.c.low, columns.row <= wanted.c.high, *within)
            )
            found.update((row.id, row) for row in connection.execute(query))
        return sorted(found.values(), key=lambda row: (row.place_id, row.branch, row.realm_id, row.row))

    def _vectors(self, connection: sa.Connection, ids: Sequence[int]) -> dict[tuple[int, str], Vectors]:
        query = sa.select(embedding.c.exchange_id, embedding.c.part, embedding.c.vector).where(embedding.c.space == self._embedder.name)
        rows: list[Any] = []
        for some in slices(ids):
            rows += connection.execute(query.where(embedding.c.exchange_id.in_(some))).all()
        return {(row[0], row[1]): vector for row, vector in zip(rows, unpacked([row[2] for row in rows]), strict=True)} if rows else {}


def _ranges(placed: Iterable[Any]) -> list[tuple[str, str, int, int]]:
    """Return (place, branch, first row, last row) around each exchange, those that overlap as one."""
    merged: list[tuple[str, str, int, int]] = []
    for place, branch, row in sorted((row[0], row[1], row[2]) for row in placed):
        if merged and merged[-1][:2] == (place, branch) and row - _CONTEXT <= merged[-1][3] + 1:
            merged[-1] = (place, branch, merged[-1][2], row + _CONTEXT)
        else:
            merged.append((place, branch, row - _CONTEXT, row + _CONTEXT))
    return merged


def _same_place(one: Any, other: Any) -> bool:
    return (one.place_id, one.branch, one.realm_id) == (other.place_id, other.branch, other.realm_id)


def _linked(found: Sequence[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return, for each exchange, the one before and the one after in the same conversation, and the conversation's number."""
    import numpy as np

    before, after, talk = (np.full(len(found), -1, dtype=np.int64) for _ in range(3))
    talk[:1] = 0
    for number in range(1, len(found)):
        one, other = found[number - 1], found[number]
        together = _same_place(one, other) and abs(other.said_at - one.said_at) <= PAUSE
        talk[number] = talk[number - 1] + (not together)
        if together and other.row - one.row <= _JUMP:
            before[number], after[number - 1] = number - 1, number
    return before, after, talk


def _inner(found: Sequence[Any], ids: Sequence[int]) -> NDArray[np.bool_]:
    import numpy as np

    named = set(ids)
    inner = np.zeros(len(found), dtype=bool)
    for number, row in enumerate(found):
        if row.id in named:
            low, high = max(0, number - AROUND), min(len(found), number + AROUND + 1)
            for near in range(low, high):
                inner[near] |= _same_place(found[near], row) and abs(found[near].row - row.row) <= _JUMP
    return inner


def _matrix(ids: Sequence[int], vectors: dict[tuple[int, str], Vectors], part: str) -> Vectors | None:
    import numpy as np

    if not vectors:
        return None
    size = len(next(iter(vectors.values())))
    matrix = np.zeros((len(ids), size), dtype=np.float32)
    for number, exchange_id in enumerate(ids):
        if (vector := vectors.get((exchange_id, part))) is not None:
            matrix[number] = vector
    return matrix
