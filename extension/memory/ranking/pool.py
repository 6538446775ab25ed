"""The exchanges a question is compared with more closely: those both searches named, and what was said just around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ...database import Database
from ...tables import embedding, exchange, person
from ..embeddings import unpacked
from ..rows import slices
from .profile import LONGEST, Profile, Profiles
from .vocabulary import Vocabulary

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
_RANGES = 64
"""Ranges of rows asked for in one statement. Always as many, so that the statement is compiled once."""


def _statement() -> sa.Select[Any]:
    """Return the query for the exchanges in ranges of rows, with their embeddings.

    Where the ranges stand is text: SQLAlchemy compiles a VALUES of its own anew each time, which takes longer than the query.
    """
    marks = ", ".join(f"(:place{number}, :branch{number}, :low{number}, :high{number})" for number in range(_RANGES))
    types = (sa.Text, sa.Text, sa.BigInteger, sa.BigInteger)
    wanted = sa.text(f"VALUES {marks}").columns(*(sa.column(f"column{number}", kind) for number, kind in enumerate(types, 1))).cte("wanted")
    place, branch, low, high = wanted.c
    said, reply = embedding.alias("of_said"), embedding.alias("of_reply")
    columns = exchange.c
    asked = (columns.place_id == place) & (columns.branch == branch) & (columns.row >= low) & (columns.row <= high)
    query = sa.select(
        *(columns[name] for name in ("id", "revision", "realm_id", "place_id", "branch", "row", "person_id", "companion", "said_at")),
        sa.func.substr(columns.said, 1, LONGEST).label("said"),
        sa.func.substr(columns.reply, 1, LONGEST).label("reply"),
        person.c.name,
        said.c.vector.label("of_said"),
        reply.c.vector.label("of_reply"),
    ).join_from(wanted, exchange, asked)
    query = query.join(person, person.c.id == columns.person_id)
    for part, name in ((said, "said"), (reply, "reply")):
        query = query.outerjoin(part, (part.c.exchange_id == columns.id) & (part.c.part == name) & (part.c.space == sa.bindparam("space")))
    return query


_NEIGHBOURS = _statement()
_NAMES = tuple(column.name for column in _NEIGHBOURS.selected_columns)
_IN_ORDER = itemgetter(*(_NAMES.index(name) for name in ("place_id", "branch", "realm_id", "row")))


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
    vocabulary: Vocabulary
    """The words of the rows' profiles."""
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
        self._profiles = Profiles(embedder)

    def around(self, ids: Sequence[int], realms: Sequence[int], place: str | None, *, dense: bool) -> Pool:
        """Return the pool around these exchanges, within realms (and one place); without embeddings unless `dense`."""
        found = self._found(ids, realms, place, space=self._embedder.name if dense else "")
        columns = dict(zip(_NAMES, zip(*found, strict=True) if found else ((),) * len(_NAMES), strict=True))
        said, reply = _matrices([columns["of_said"], columns["of_reply"]])
        keys, texts = (list(zip(columns[one], columns[other], strict=True)) for one, other in (("id", "revision"), ("said", "reply")))
        vocabulary, profiles = self._profiles.of(keys, texts)
        people = [name or person for name, person in zip(columns["name"], columns["person_id"], strict=True)]
        parts = (columns["id"], columns["realm_id"], columns["person_id"], people, columns["companion"], columns["said_at"], profiles)
        return Pool([Row(*each) for each in zip(*parts, strict=True)], vocabulary, said, reply, *_linked(columns, ids))

    def _found(self, ids: Sequence[int], realms: Sequence[int], place: str | None, space: str) -> list[Any]:
        columns = exchange.c
        query = _NEIGHBOURS.where(columns.realm_id.in_(list(realms)), *([columns.place_id == place] if place is not None else []))
        found: dict[int, Any] = {}
        with self._database.read() as connection:
            placed: list[Any] = []
            for some in slices(ids):
                placed += connection.execute(sa.select(columns.place_id, columns.branch, columns.row).where(columns.id.in_(some))).all()
            for ranges in slices(_ranges(placed), _RANGES):
                found.update((row[0], row) for row in connection.execute(query, {"space": space, **_asked(ranges)}).all())
        return sorted(found.values(), key=_IN_ORDER)


def _asked(ranges: Sequence[tuple[str, str, int, int]]) -> dict[str, Any]:
    """Return the parameters of the query; those of ranges it has room for beyond these find nothing."""
    filled = [*ranges, *[("", "", 0, -1)] * (_RANGES - len(ranges))]
    names = ("place", "branch", "low", "high")
    return {f"{name}{number}": value for number, each in enumerate(filled) for name, value in zip(names, each, strict=True)}


def _ranges(placed: Iterable[Any]) -> list[tuple[str, str, int, int]]:
    """Return (place, branch, first row, last row) around each exchange, those that overlap as one."""
    merged: list[tuple[str, str, int, int]] = []
    for place, branch, row in sorted((row[0], row[1], row[2]) for row in placed):
        if merged and merged[-1][:2] == (place, branch) and row - _CONTEXT <= merged[-1][3] + 1:
            merged[-1] = (place, branch, merged[-1][2], row + _CONTEXT)
        else:
            merged.append((place, branch, row - _CONTEXT, row + _CONTEXT))
    return merged


def _linked(
    columns: Mapping[str, Sequence[Any]], ids: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return, for each exchange, the one before and the one after in the same conversation, the conversation's number,
    and whether it is one of these or near enough to one."""
    import numpy as np

    size = len(columns["id"])
    keys = zip(columns["place_id"], columns["branch"], columns["realm_id"], strict=True)
    same = np.array([one == other for one, other in pairwise(keys)], dtype=bool)
    rows = np.array(columns["row"], dtype=np.int64)
    together = same & (np.abs(np.diff(np.array(columns["said_at"], dtype=float))) <= PAUSE)
    linked = np.flatnonzero(together & (np.diff(rows) <= _JUMP))
    before, after, talk = np.full(size, -1, dtype=np.int64), np.full(size, -1, dtype=np.int64), np.zeros(size, dtype=np.int64)
    before[linked + 1], after[linked] = linked, linked + 1
    talk[1:] = np.cumsum(~together)
    inner = named = np.isin(np.array(columns["id"], dtype=np.int64), list(ids))
    placed = np.concatenate([[0], np.cumsum(~same)])[:size]
    for step in range(1, AROUND + 1):
        near = (placed[step:] == placed[:-step]) & (rows[step:] - rows[:-step] <= _JUMP)
        inner = inner | np.pad(named[:-step] & near, (step, 0))[:size] | np.pad(named[step:] & near, (0, step))[:size]
    return before, after, talk, inner


def _matrices(parts: Sequence[Sequence[bytes | None]]) -> list[Vectors | None]:
    """Return the embeddings of each part, zeros for what has none; None for all where there is none at all."""
    import numpy as np

    held = [blob for blobs in parts for blob in blobs if blob]
    if not held:
        return [None] * len(parts)
    nothing = bytes(len(held[0]))
    empty = np.zeros((0, len(held[0]) // 2), dtype=np.float32)
    return [unpacked([blob or nothing for blob in blobs]) if blobs else empty for blobs in parts]
