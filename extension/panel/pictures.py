"""Memories as pictures: how many there are per week, and a map of what they are about."""

from __future__ import annotations

import logging
from typing import Any

from ..app import App
from ..errors import FamiliarError
from ..memory.browsing import Browsing
from ..memory.diary import Filter
from ..memory.projection import flattened
from ..messages import Person
from .cards import Viewer, note
from .door import Door
from .filters import Filters, called
from .listing import EMPTY, NO_MATCH
from .scatter import Mark, scatter
from .timeline import timeline

log = logging.getLogger(__name__)

MOST_MARKS = 1_000
"""Memories on the map at most: more are neither told apart nor drawn quickly."""
LEAST_MARKS = 3
TOO_FEW = "A map needs a few memories more. Talk on, or widen the filters."
NOT_EMBEDDED = (
    "The memories are not indexed by meaning yet, which the map is made of. Try again in a moment; "
    "`familiar doctor` says whether the embedding model is there."
)


class Pictures:
    """The timeline and the map as components, of the memories that the filters let through. Made inside an open Blocks context."""

    def __init__(self, door: Door, filters: Filters) -> None:
        import gradio as gr

        self._door = door
        self._filters = filters
        self.timeline = gr.HTML(elem_id="familiar-timeline")
        self.draw = gr.Button("Draw a map of what they are about", size="sm", elem_id="familiar-draw")
        self.map = gr.HTML(elem_id="familiar-map")
        self.wanted = gr.State(False)
        self.draw.click(self._first, self.asked, [self.map, self.wanted], trigger_mode="once")

    @property
    def asked(self) -> list[Any]:
        """The components `drawn` reads."""
        return [*self._filters.values, *self._door.inputs]

    @property
    def shown(self) -> list[Any]:
        """The components that `changed` fills."""
        return [self.timeline, self.map]

    def changed(self, wanted: bool, *values: Any) -> list[str]:
        """Return what fills `shown` after a change of the filters or of the memories; a map once it was asked for."""
        return [self.weeks(*values), self.drawn(*values) if wanted else ""]

    def weeks(self, *values: Any) -> str:
        """Return the timeline. Never raises: a failure is a sentence."""

        def picture(app: App, person: Person, chosen: Filter) -> str:
            weeks = Browsing(app.memories.database, person).weeks(chosen)
            return timeline(weeks) or note(EMPTY if chosen == Filter() else NO_MATCH)

        return self._tried(picture, values)

    def drawn(self, *values: Any) -> str:
        """Return the map. Never raises: a failure is a sentence."""

        def picture(app: App, person: Person, chosen: Filter) -> str:
            place = self._door.here(*values[len(self._filters.values) :]).place
            return _map(app, person, chosen, Viewer(person.id, place))

        return self._tried(picture, values)

    def _first(self, *values: Any) -> list[Any]:
        return [self.drawn(*values), True]

    def _tried(self, picture: Any, values: tuple[Any, ...]) -> str:
        try:
            chosen = self._filters.chosen(*values[: len(self._filters.values)])
            made: str = picture(self._door.app(), self._door.person(), chosen)
            return made
        except FamiliarError as exc:
            return note(str(exc), "bad")
        except Exception as exc:
            log.exception("A picture of the memories could not be drawn")
            return note(f"This cannot be drawn ({type(exc).__name__}); the log has the details.", "bad")


def _map(app: App, person: Person, chosen: Filter, viewer: Viewer) -> str:
    browsing = Browsing(app.memories.database, person)
    total = browsing.count(chosen)
    if total < LEAST_MARKS:
        return note(TOO_FEW)
    ids, vectors = app.memories.semantic.vectors(browsing.sample(chosen, MOST_MARKS))
    if vectors is None or len(ids) < LEAST_MARKS:
        return note(NOT_EMBEDDED)
    exchanges = {exchange.id: exchange for exchange in app.memories.diary.get(ids)}
    points = zip(ids, flattened(vectors), strict=True)
    marks = [Mark(exchanges[number], x, y) for number, (x, y) in points if number in exchanges]
    return scatter(marks, viewer, total, {shelf.place.id: called(shelf) for shelf in browsing.places()})
