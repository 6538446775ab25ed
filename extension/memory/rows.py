"""Between rows of the database and the values of the domain: exchanges in, exchanges out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..database import exchange, participant, person, place
from ..messages import Exchange, Person, Place

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
        feedback=row.feedback,
        pinned=bool(row.pinned),
        realm=row.realm_id,
    )


def keep_people(connection: sa.Connection, who: Person, where: Place) -> None:
    """Store who spoke and where, with their newest names, and that they took part."""
    _keep(connection, person, {"id": who.id}, {"name": who.name}, update=bool(who.name))
    _keep(connection, place, {"id": where.id}, {"shared": where.shared, "title": where.title}, update=bool(where.title))
    if where.shared:
        _keep(connection, participant, {"place_id": where.id, "person_id": who.id}, {}, update=False)


def _keep(connection: sa.Connection, table: sa.Table, key: dict[str, Any], values: dict[str, Any], *, update: bool) -> None:
    match = sa.and_(*(table.c[name] == value for name, value in key.items()))
    found = connection.execute(sa.select(table).where(match)).mappings().first()
    if found is None:
        connection.execute(sa.insert(table).values(**key, **values))
    elif update and any(found[name] != value for name, value in values.items()):
        connection.execute(sa.update(table).where(match).values(**values))


def _unclean(text: str) -> bool:
    if "\x00" in text:
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
