"""The memory browser of the panel: search and filter what is remembered, choose one, mend it, pin it, forget it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from ..errors import FamiliarError
from .cards import Viewer, note
from .door import Door
from .filters import Filters, Wanted
from .listing import Listing, label
from .opened import Opened
from .pictures import Pictures

log = logging.getLogger(__name__)

PAGE = 25
"""Memories listed at first, and added by each "Show more"."""
IN_TURN: dict[str, Any] = {"show_progress": "hidden", "concurrency_id": "familiar-list", "concurrency_limit": 1}
"""How events run that fill the list: one after the other, so that an older answer never comes after a newer one."""
SCROLL = "() => document.getElementById('familiar-memory')?.scrollIntoView({ block: 'center' })"
UNSEEN = "familiar-unseen"
"""The class of the fields that pick.js writes to: what was picked, and when."""


class Browser:
    """The browser as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, door: Door) -> None:
        import gradio as gr

        self._door = door
        self.text = gr.Textbox(label="Search your memories", placeholder="a word, or what it was about", elem_id="familiar-search")
        self.filters = Filters()
        self.wanted = gr.State(Wanted(PAGE))
        """What was searched for last. Kept here and not read off the page by what only brings the list up to date: such a
        request may be older than a search that overtook it."""
        self.caption = gr.HTML(elem_id="familiar-found")
        self.choice = gr.Radio([], label="Memories", show_label=False, elem_id="familiar-list")
        self.more = gr.Button("Show more", size="sm", visible=False, elem_id="familiar-more")
        self.opened = Opened(door, self.text)
        self.summary = gr.HTML(elem_id="familiar-summary")
        self.picked = gr.Textbox(elem_id="familiar-pick", elem_classes=UNSEEN, label="Picked memory")
        self.week = gr.Textbox(elem_id="familiar-week", elem_classes=UNSEEN, label="Picked week")

    @property
    def found(self) -> list[Any]:
        """The components `find` fills."""
        return [self.choice, self.caption, self.more]

    @property
    def overview(self) -> list[Any]:
        """The components `looked` fills."""
        return [self.summary, *self.filters.choices]

    def connect(self, pictures: Pictures, noted: dict[str, Any]) -> None:
        """Wire it together with the pictures, which show what the filters let through and from which a memory can be picked.

        `noted` is the event that shows what was made of the memories that the filters let through.
        """
        where, values, found = list(self._door.inputs), self.filters.values, [*self.found, self.wanted]
        search = {"fn": self._search, "inputs": [self.text, *values, *where], "outputs": found, **IN_TURN}
        find = {"fn": self.find, "inputs": [self.wanted, *where], "outputs": self.found, **IN_TURN}
        inputs = [pictures.wanted, *pictures.asked]
        draw = {"fn": pictures.changed, "inputs": inputs, "outputs": pictures.shown, "show_progress": "hidden"}
        self.text.change(trigger_mode="always_last", **search)
        self.more.click(self._more, [self.wanted, *where], found, **IN_TURN)
        self.choice.input(self.opened.told(self.opened.show), self.choice, self.opened.shown, show_progress="hidden")
        for each in (self.opened.saved, self.opened.pinned, self.opened.forgotten, self.opened.undone):
            each.then(**find).then(self.looked, None, self.overview, show_progress="hidden").then(**draw).then(**noted)

        # What is chosen in the list cannot be chosen again, so nothing is when another memory is shown, or none.
        show = self.picked.change(self._picked, self.picked, [*self.opened.shown, self.choice], show_progress="hidden")
        show.then(None, None, None, js=SCROLL)
        self.opened.forgotten.then(_nothing_chosen, None, self.choice, show_progress="hidden")
        days = [self.filters.since, self.filters.until]
        self.week.change(_days, self.week, days, show_progress="hidden")
        filtered = [*(each.input for each in self.filters.choices), *(each.change for each in days)]
        changes = [event(self.filters.named, values, self.filters.frame, show_progress="hidden") for event in filtered]
        changes.append(self.filters.clear.click(self.filters.cleared, None, [*values, self.filters.frame], show_progress="hidden"))
        for each in changes:
            each.then(**search).then(**draw).then(**noted)

    def find(self, wanted: Wanted, *where: Any) -> list[Any]:
        """Return what fills `found`, seen from the place that the components of the door say. Never raises: a failure is a sentence."""
        import gradio as gr

        try:
            here = self._door.here(*where)
            person = self._door.person()
            chosen = self.filters.chosen(*wanted.filters)
            found = Listing(self._door.app(), person).find(wanted.text, here.companion, wanted.count, chosen)
        except FamiliarError as exc:
            return [gr.update(), note(str(exc), "bad"), gr.update(visible=False)]
        except Exception as exc:
            log.exception("The memories could not be listed")
            trouble = note(f"The memories cannot be listed ({type(exc).__name__}); the log has the details.", "bad")
            return [gr.update(), trouble, gr.update(visible=False)]
        viewer = Viewer(person.id, here.place)
        choices = [(label(memory, viewer), str(memory.exchange.id)) for memory in found.memories]
        return [gr.update(choices=choices), note(found.caption), gr.update(visible=len(choices) < found.total)]

    def looked(self) -> list[Any]:
        """Return what fills `overview`. Never raises: what cannot be known now stays as it is."""
        import gradio as gr

        try:
            person = self._door.person()
            listing = Listing(self._door.app(), person)
            return [note(listing.summary()), *self.filters.offered(listing.browsing, person)]
        except FamiliarError:  # the list says why
            return ["", *(gr.update() for _ in self.filters.choices)]
        except Exception:
            log.exception("What there is to filter by could not be found out")
            return ["", *(gr.update() for _ in self.filters.choices)]

    def _picked(self, picked: str) -> list[Any]:
        return [*self.opened.told(self.opened.show)(picked.partition(" ")[0]), _nothing_chosen()]

    def _search(self, text: str, *values: Any) -> list[Any]:
        count = len(self.filters.values)
        wanted = Wanted(PAGE, text or "", values[:count])
        return [*self.find(wanted, *values[count:]), wanted]

    def _more(self, wanted: Wanted, *where: Any) -> list[Any]:
        wanted = replace(wanted, count=wanted.count + PAGE)
        return [*self.find(wanted, *where), wanted]


def _nothing_chosen() -> Any:
    import gradio as gr

    return gr.update(value=None)


def _days(week: str) -> list[str]:
    """Return the first and the last day of a week that was picked."""
    since, _, until = week.partition(" ")[0].partition("/")
    return [since, until]
