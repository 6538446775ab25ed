"""The scene at this machine: the terminal, the standalone chat, the webui. What the model sees of such a place is in the diary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import sqlalchemy as sa

from ..app import App
from ..companion import RESERVE, shown_rows
from ..messages import Exchange, Generation, Message, Person, Place, transcript
from ..options.layers import Spot
from ..permissions.authorizer import Asker
from ..tables import person
from .scene import Scene

MOST_PEOPLE = 200


@dataclass(kw_only=True)
class LocalScene(Scene):
    """A place whose whole conversation is in the diary."""

    app: App

    @classmethod
    def at(cls, app: App, place: Place, companion: str, door: str, who: Person | None = None, *, here: bool = True, **more: Any) -> Self:
        """Return the scene of a place, for who sits there or logged in; `more` is what a door's own scene has beside."""
        asked = who or Person(app.settings.person)
        asker = Asker(person=asked, place=place, here=here)
        return cls(app=app, asker=asker, companion=companion, spot=Spot(channel=place.id, person=asked.id), door=door, **more)

    def people(self, named: str) -> list[Person]:
        """Return those who go by a name or an id, of all the diary knows; an id that it does not know is taken where it looks like one."""
        return known_people(self.app, named)

    def shown(self) -> Sequence[Message]:
        """Return the system prompt and what of the conversation fits."""
        return self.prompt_of([(each.said, each.reply) for each in self.talk()])

    def talk(self) -> Sequence[Exchange]:
        """Return what was said here and may be seen."""
        place, memories = self.asker.place.id, self.app.memories
        return memories.seen.of(place, memories.diary.chat(place))

    def prompt_of(self, rows: Sequence[tuple[str, str]]) -> list[Message]:
        """Return the system prompt and what fits of a conversation."""
        app, host = self.app, self.app.host
        choices = app.choices(self.spot)
        context, attention = choices.context(app.character(self.companion).context, ""), choices.attention(app.attention)
        room = host.context_length - app.generation.max_new_tokens - RESERVE - host.count(context)
        seen = shown_rows(rows, host.count, max(room, 0), attention.messages)
        return [*([Message("system", context)] if context else []), *transcript(seen)]

    def generate(self, messages: Sequence[Message], generation: Generation) -> Iterator[str]:
        """Yield what the model makes of a prompt."""
        yield from self.app.host.generate(messages, generation)


def known_people(app: App, named: str) -> list[Person]:
    """Return those who go by a name or an id; everybody, some hundreds at most, for an empty one. Raises StoreError."""
    wanted = named.strip()
    query = sa.select(person.c.id, person.c.name).order_by(person.c.id).limit(MOST_PEOPLE)
    if wanted:
        query = query.where(sa.or_(person.c.id == wanted, sa.func.lower(person.c.name) == wanted.lower()))
    with app.memories.database.read() as connection:
        found = [Person(row.id, row.name or "") for row in connection.execute(query)]
    exact = [each for each in found if each.id == wanted]
    if exact or found or not wanted:
        return exact or found
    looks_like_one = ":" in wanted and not any(character.isspace() for character in wanted) and len(wanted) <= 300
    return [Person(wanted)] if looks_like_one or wanted == app.settings.person else []
