"""What forgetting a selection would take, counted before anything goes."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..database import Database
from ..tables import exchange, person
from .derived import DERIVED
from .diary import with_copies
from .fulltext import meaningful
from .rows import slices
from .selection import Selection, select

_FEW = 20
"""Ids that are looked for one by one among those that replies were given; for more, all of them are read."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be forgotten, in numbers, and what would stay though it bears on it."""

    selected: tuple[int, ...] = ()
    """Ids of the exchanges that are meant, the newest first."""
    copies: tuple[int, ...] = ()
    """Ids of further ones that repeat one of them; a branched chat does. They go with them."""
    given: tuple[int, ...] = ()
    """Ids of others whose replies were given one of these and may repeat it. They stay."""
    mentions: tuple[int, ...] = ()
    """Ids of others in which somebody else names the person that is forgotten. They stay."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """What would go, by kind: `exchanges`, and what was derived from them, such as `embeddings`."""
    people: int = 0
    places: int = 0
    people_gone: int = 0
    """People of whom nothing would be left, their names included."""
    places_gone: int = 0
    pinned: int = 0
    first: datetime | None = None
    last: datetime | None = None

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids of everything that would go."""
        return (*self.selected, *self.copies)


def plan_of(database: Database, selection: Selection, *, given: bool = False, mentions: bool = False, own: str | None = None) -> Plan:
    """Return the plan of a selection; see Forgetting.plan. Raises NotFound for an id there is not, and StoreError."""
    if own is not None:
        selection = replace(selection, chosen=replace(selection.chosen, person=own))
    meant = dict.fromkeys(select(database, selection))
    named = [] if own is not None else _mentions(database, selection, meant)
    with database.read() as connection:
        if mentions:
            meant |= dict.fromkeys(named)
        later = _given(connection, [row.id for row in with_copies(connection, meant)], own)
        if given:
            meant |= dict.fromkeys(later)
        rows = with_copies(connection, meant)
        plan = _counted(connection, rows)
    taken = {row.id for row in rows}
    return replace(
        plan,
        selected=tuple(meant),
        copies=tuple(row.id for row in rows if row.id not in meant),
        given=tuple(number for number in later if number not in taken),
        mentions=tuple(number for number in named if number not in taken),
    )


def _counted(connection: sa.Connection, rows: Sequence[Any]) -> Plan:
    if not rows:
        return Plan(counts={"exchanges": 0, **{derived.kind: 0 for derived in DERIVED}})
    ids = [row.id for row in rows]
    people, places = Counter(row.person_id for row in rows), Counter(row.place_id for row in rows)
    moments = [row.said_at for row in rows]
    return Plan(
        counts={"exchanges": len(ids), **{derived.kind: derived.count(connection, ids) for derived in DERIVED}},
        people=len(people),
        places=len(places),
        people_gone=_gone(connection, exchange.c.person_id, people),
        places_gone=_gone(connection, exchange.c.place_id, places),
        pinned=sum(bool(row.pinned) for row in rows),
        first=datetime.fromtimestamp(min(moments), UTC),
        last=datetime.fromtimestamp(max(moments), UTC),
    )


def _gone(connection: sa.Connection, column: sa.ColumnElement[str], taken: Counter[str]) -> int:
    """Return how many of these people, or places, have no more exchanges than those that are taken."""
    gone = 0
    for some in slices(taken):
        query = sa.select(column, sa.func.count()).where(column.in_(some)).group_by(column)
        gone += sum(taken[row[0]] == row[1] for row in connection.execute(query))
    return gone


def _given(connection: sa.Connection, ids: Sequence[int], own: str | None) -> list[int]:
    """Return the ids of other exchanges whose replies were given one of these."""
    column = exchange.c
    wanted = set(ids)
    likely = [column.memories.contains(str(number)) for number in wanted] if len(wanted) <= _FEW else [column.memories != "[]"]
    query = sa.select(column.id, column.memories).where(sa.or_(sa.false(), *likely)).order_by(column.id)
    if own is not None:
        query = query.where(column.person_id == own)
    return [number for number, shown in connection.execute(query) if number not in wanted and not wanted.isdisjoint(json.loads(shown))]


def _mentions(database: Database, selection: Selection, meant: Mapping[int, Any]) -> list[int]:
    """Return the ids of what others said in which the person of the selection is named, where a person is what it is about."""
    who = selection.chosen.person
    if who is None or selection.words or selection.ids:
        return []
    with database.read() as connection:
        name = connection.execute(sa.select(person.c.name).where(person.c.id == who)).scalar()
    found: dict[int, None] = {}
    for each in {text.lower(): text for text in (who, name or who)}.values():
        if meaningful(each):
            elsewhere = replace(selection, chosen=replace(selection.chosen, person=None), words=each)
            candidates = (number for number in select(database, elsewhere) if number not in meant)
            found |= dict.fromkeys(_naming(database, each, candidates))
    return list(found)


def _naming(database: Database, name: str, ids: Iterable[int]) -> Iterator[int]:
    """Yield those of the exchanges in which the name stands as a word of its own."""
    pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
    query = sa.select(exchange.c.id, exchange.c.said, exchange.c.reply)
    with database.read() as connection:
        for some in slices(ids):
            for number, said, reply in connection.execute(query.where(exchange.c.id.in_(some))):
                if pattern.search(said) or pattern.search(reply):
                    yield number
