"""Between rows of the database and the values of the domain: exchanges in, exchanges out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from ..messages import Exchange, Person, Place, Turn
from ..tables import exchange, participant, person, place

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

selected = (
    sa.select(exchange, person.c.name, place.c.shared, place.c.title)
    .join_from(exchange, person, person.c.id == exchange.c.person_id)
    .join(place, place.c.id == exchange.c.place_id)
)
"""The query every reader of exchanges starts from."""


def clean(text: str) -> str:
    """Return text that every database and index can store: no NUL, no lone surrogates."""
    return text.replace("\x00", REPLACEMENT).encode("utf-8", "replace").decode("utf-8") if _unclean(text) else text


def clean_turn(turn: Turn) -> Turn:
    """Return a turn whose texts and names all can be stored."""
    return replace(
        turn,
        person=Person(clean(turn.person.id), clean(turn.person.name)),
        place=replace(turn.place, id=clean(turn.place.id), title=clean(turn.place.title)),
        companion=clean(turn.companion),
        said=clean(turn.said),
        branch=clean(turn.branch),
    )


T = TypeVar("T")


def slices(values: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """Yield values in lists that are short enough for the IN of one statement."""
    found = list(values)
    for start in range(0, len(found), size):
        yield found[start : start + size]


def to_exchange(row: Any) -> Exchange:
    """Return the exchange of one row of `selected`."""
    return Exchange(
        id=row.id,
        person=Person(row.person_id, row.name),
        place=Place(row.place_id, bool(row.shared), row.title),
        companion=row.companion,
        row=row.row,
        branch=row.branch,
        said=row.said,
        reply=row.reply,
        when=datetime.fromtimestamp(row.said_at, UTC),
        reasoning=row.reasoning,
        model=row.model,
        adapter=row.adapter,
        memories=tuple(json.loads(row.memories)),
        excerpts=tuple(map(tuple, json.loads(row.excerpts))),
        feedback=row.feedback,
        pinned=bool(row.pinned),
        realm=row.realm_id,
    )


def keep_people(connection: sa.Connection, who: Person, where: Place) -> None:
    """Store who spoke and where, with their newest names, and that they took part."""
    _keep(connection, person, {"id": who.id}, {"name": who.name})
    _keep(connection, place, {"id": where.id}, {"shared": where.shared, "title": where.title})
    if where.shared:
        _keep(connection, participant, {"place_id": where.id, "person_id": who.id}, {})


def _keep(connection: sa.Connection, table: sa.Table, key: dict[str, Any], values: dict[str, Any]) -> None:
    match = sa.and_(*(table.c[name] == value for name, value in key.items()))
    found = connection.execute(sa.select(table).where(match)).mappings().first()
    if found is None:
        connection.execute(sa.insert(table).values(**key, **values))
        return
    # A known name outlives an empty one, and what was ever shared is never private again.
    new = {name: value for name, value in values.items() if value and value != found[name]}
    if new:
        connection.execute(sa.update(table).where(match).values(**new))


def _unclean(text: str) -> bool:
    if "\x00" in text:
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
