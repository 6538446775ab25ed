"""What is kept of people beside what they said, and goes with the last of that: names, titles of documents, what they chose."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from ..tables import chat_line, chat_person, chosen, drive_file, exchange, participant, person, place, saved_preset, writer
from .rows import slices


def forget_desks(connection: sa.Connection, people: Collection[str]) -> None:
    """Remove the titles, folders, known files and choices of those of these people of whom nothing is left."""
    for table in (writer, drive_file, saved_preset):
        left = sa.exists().where(exchange.c.person_id == table.c.person_id)
        for some in slices(people):
            connection.execute(sa.delete(table).where(table.c.person_id.in_(some), ~left))
    left = sa.exists().where(exchange.c.person_id == chosen.c.holder)
    for some in slices(people):
        connection.execute(sa.delete(chosen).where(chosen.c.layer == "person", chosen.c.holder.in_(some), ~left))
    forget_members(connection)


def forget_members(connection: sa.Connection) -> None:
    """Remove what was said about people of whom no word is left, neither here nor imported, unless they, or somebody for them, said no."""
    other = chat_person.alias()
    left = sa.or_(
        sa.exists().where(chat_line.c.author == chat_person.c.id),
        sa.exists().where(exchange.c.person_id == chat_person.c.id),
        sa.exists().where(other.c.same_as == chat_person.c.id),
    )
    said_no = sa.or_(chat_person.c.consent == "refused", chat_person.c.excluded, chat_person.c.forgotten)
    connection.execute(sa.delete(chat_person).where(~left, ~said_no))


def forget_names(connection: sa.Connection) -> None:
    """Remove people and places without any exchange, and that somebody took part where nothing of theirs is left."""
    for table, own, theirs in ((person, person.c.id, exchange.c.person_id), (place, place.c.id, exchange.c.place_id)):
        connection.execute(sa.delete(table).where(~sa.exists().where(theirs == own)))
    took_part = sa.exists().where(exchange.c.place_id == participant.c.place_id, exchange.c.person_id == participant.c.person_id)
    connection.execute(sa.delete(participant).where(~took_part))
