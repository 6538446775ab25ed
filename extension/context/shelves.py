"""Shelves: the units of privacy of the library. Every document stands on exactly one, and is found by those it is for alone."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from ..memory.rows import clean
from ..messages import SHELVES, Person, Place, ShelfScope
from ..tables import place as places
from ..tables import shelf


@dataclass(frozen=True, slots=True)
class Shelf:
    """Whom a document is for: one place, one companion with its owner, or everyone. Make it with the functions below."""

    scope: ShelfScope
    companion: str = ""
    person: str = ""
    place: str = ""


EVERYONE = Shelf("everyone")


def of_place(place: Place, person: Person) -> Shelf:
    """Return the shelf of a place: what stands there is found there only, in a private place by that person only."""
    return Shelf("place", person="" if place.shared else clean(person.id), place=clean(place.id))


def of_companion(companion: str, person: Person) -> Shelf:
    """Return the shelf of a companion for one person: what stands there is found when they talk in private."""
    return Shelf("companion", companion=clean(companion), person=clean(person.id))


def chosen(connection: sa.Connection, scope: ShelfScope, person: Person, companion: str, place: str) -> Shelf:
    """Return the shelf of a scope for a person, a companion and the id of a place, which is shared if it is known to be."""
    if scope == "everyone":
        return EVERYONE
    if scope == "companion":
        return of_companion(companion, person)
    shared = connection.execute(sa.select(places.c.shared).where(places.c.id == clean(place))).scalar()
    return of_place(Place(place, bool(shared)), person)


def shelf_id(connection: sa.Connection, chosen: Shelf) -> int | None:
    """Return the number of a shelf, None where nothing was ever put on it."""
    found = connection.execute(sa.select(shelf.c.id).where(_is(chosen))).scalar()
    return None if found is None else int(found)


def made(connection: sa.Connection, chosen: Shelf) -> int:
    """Return the number of a shelf, which is made where it is new."""
    found = shelf_id(connection, chosen)
    if found is None:
        values = {"scope": chosen.scope, "companion": chosen.companion, "person_id": chosen.person, "place_id": chosen.place}
        found = int(connection.execute(sa.insert(shelf).values(values).returning(shelf.c.id)).scalar_one())
    return found


def visible(connection: sa.Connection, companion: str, person: Person, place: Place) -> dict[int, ShelfScope]:
    """Return the shelves that a companion may look at when this person asks in this place, each with its scope.

    In a shared place nobody's own documents are looked at.
    """
    seen = [EVERYONE, of_place(place, person)]
    if not place.shared:
        seen.append(of_companion(companion, person))
    rows = connection.execute(sa.select(shelf.c.id, shelf.c.scope).where(sa.or_(*map(_is, seen)))).all()
    scopes = {scope: scope for scope in SHELVES}
    return {int(row.id): scopes[row.scope] for row in rows}


def _is(chosen: Shelf) -> sa.ColumnElement[bool]:
    key = (shelf.c.scope == chosen.scope, shelf.c.companion == chosen.companion)
    return sa.and_(*key, shelf.c.person_id == chosen.person, shelf.c.place_id == chosen.place)
