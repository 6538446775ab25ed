"""Realms: the units of privacy. Every exchange lies in exactly one, and recall looks only into those the asker may see.

What was said in private to a companion lies in the realm (companion, person); what was said in a shared place lies in
(companion, place). So the rules of privacy are a choice of realms, made before any search, and a realm is a term of
both indexes instead of a filter after them.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from ..messages import Person, Place, Scope
from ..tables import participant, person, realm


def realm_of(connection: sa.Connection, companion: str, person: Person, place: Place) -> int:
    """Return the id of the realm a turn lies in, making it when it is new."""
    key = {
        "companion": companion,
        "person_id": "" if place.shared else person.id,
        "place_id": place.id if place.shared else "",
    }
    match = sa.and_(*(realm.c[name] == value for name, value in key.items()))
    found = connection.execute(sa.select(realm.c.id).where(match)).scalar()
    if found is None:
        found = connection.execute(sa.insert(realm).values(**key).returning(realm.c.id)).scalar_one()
    return int(found)


def visible_realms(connection: sa.Connection, companion: str, person: Person, place: Place, scope: Scope) -> list[int]:
    """Return the ids of the realms that may be recalled in this place, for this person, by this companion.

    In a shared place: what was said in that place. In private: what this person said in private, and what was said in
    shared places they took part in. Of other companions only with scope 'person'. Scope 'place' narrows further; the
    caller also compares the place, since one private realm spans all private places of a person.
    """
    if place.shared:
        condition = realm.c.place_id == place.id
    else:
        mine = sa.select(participant.c.place_id).where(participant.c.person_id == person.id)
        condition = sa.and_(realm.c.person_id == person.id, realm.c.place_id == "")
        if scope != "place":
            condition = sa.or_(condition, sa.and_(realm.c.person_id == "", realm.c.place_id.in_(mine)))
    if scope != "person":
        condition = sa.and_(condition, realm.c.companion == companion)
    return [int(found) for found in connection.execute(sa.select(realm.c.id).where(condition).order_by(realm.c.id)).scalars()]


def names_in(connection: sa.Connection, realms: Collection[int], most: int = 500) -> frozenset[str]:
    """Return the words of the names of who speaks in these realms, in lower case; of `most` people at most."""
    lies = realm.c.id.in_(list(realms))
    inside = sa.select(participant.c.person_id).join(realm, realm.c.place_id == participant.c.place_id).where(lies)
    alone = sa.select(realm.c.person_id).where(lies)
    people = sa.select(person.c.id, person.c.name).where(person.c.id.in_(sa.union(inside, alone))).limit(most)
    names = {row.name or row.id for row in connection.execute(people)}
    names.update(connection.execute(sa.select(realm.c.companion).where(lies).distinct()).scalars())
    return frozenset(word for name in names for word in name.lower().split())
