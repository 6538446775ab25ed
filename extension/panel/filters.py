"""The filters of the memory browser: place, companion, person, and the days between which it was said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from ..errors import SettingsError
from ..memory.browsing import Browsing, Shelf
from ..memory.diary import Filter
from ..messages import Person
from .cards import UNTITLED, shortened

ANY = ""
LONGEST_CHOICE = 60
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")
_UNFINISHED = re.compile(r"\d{0,3}")
_HOW = "Write a day as 2026-11-21, a month as 2026-11, or a year as 2026."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is to show: so many at most, in which a text stands, and what the filters let through."""

    count: int
    text: str = ""
    filters: tuple[str, ...] = (ANY,) * 5


class Filters:
    """The filters as components. Made inside an open Blocks context."""

    def __init__(self) -> None:
        import gradio as gr

        with gr.Accordion("Filters", open=False, elem_id="familiar-filters") as self.frame:
            with gr.Row(elem_classes="fields"):
                self.place = gr.Dropdown([("Any", ANY)], value=ANY, label="Place", min_width=140, elem_id="familiar-place")
                self.companion = gr.Dropdown([("Any", ANY)], value=ANY, label="Companion", min_width=140, elem_id="familiar-with")
                self.person = gr.Dropdown([("Any", ANY)], value=ANY, label="Person", min_width=140, elem_id="familiar-by")
            with gr.Row(elem_classes="fields"):
                self.since = gr.Textbox(label="From", placeholder="2026-11-21", max_lines=1, min_width=100, elem_id="familiar-since")
                self.until = gr.Textbox(label="To", placeholder="2026-11", max_lines=1, min_width=100, elem_id="familiar-until")
            self.clear = gr.Button("Clear the filters", size="sm", elem_id="familiar-clear")

    @property
    def values(self) -> list[Any]:
        """The components that `chosen` takes the values of."""
        return [self.place, self.companion, self.person, self.since, self.until]

    @property
    def choices(self) -> list[Any]:
        """The components that `offered` fills."""
        return [self.place, self.companion, self.person]

    def chosen(self, place: str = ANY, companion: str = ANY, person: str = ANY, since: str = "", until: str = "") -> Filter:
        """Return what is asked for. Raises SettingsError for days that are none."""
        begin, end = day(since, "From"), day(until, "To", last=True)
        if begin is not None and end is not None and begin >= end:
            raise SettingsError("“From” lies after “To”, so that nothing can lie between them. Change one of them.")
        return Filter(place=place or None, companion=companion or None, person=person or None, since=begin, until=end)

    def offered(self, browsing: Browsing, who: Person) -> list[Any]:
        """Return updates with what there is to choose from. Raises StoreError."""
        import gradio as gr

        places = [(titled(shelf), shelf.place.id) for shelf in browsing.places()]
        companions = [(shortened(name, LONGEST_CHOICE), name) for name in browsing.companions()]
        people = [("You" if each.id == who.id else shortened(each.shown, LONGEST_CHOICE), each.id) for each in browsing.people()]
        return [
            gr.update(choices=[("Any", ANY), *places]),
            gr.update(choices=[("Any", ANY), *companions]),
            gr.update(choices=[("Any", ANY), *people], visible=len(people) > 1),
        ]

    def named(self, *values: Any) -> Any:
        """Return an update of the frame, which says how many filters are set."""
        import gradio as gr

        count = sum(bool(value) for value in values)
        return gr.update(label=f"Filters ({count})" if count else "Filters")

    def cleared(self) -> list[Any]:
        """Return what fills the filters and their frame when nothing is filtered."""
        return [*(ANY for _ in self.values), self.named()]


def titled(shelf: Shelf) -> str:
    """Return how a place is called among others, and how much there is in it."""
    return f"{called(shelf)} · {shelf.exchanges:,}"


def called(shelf: Shelf) -> str:
    """Return how a place is called among others: by its title, the words it began with, or its id."""
    place = shelf.place
    opening = shelf.opening if place.id.startswith(UNTITLED) else ""
    name = shortened(place.title, LONGEST_CHOICE) or shortened(opening, LONGEST_CHOICE) or place.id
    return f"{name} (shared)" if place.shared else name


def day(text: str | None, name: str, *, last: bool = False) -> float | None:
    """Return when a day, month or year begins, or with `last` when the next one does, in seconds since the epoch.

    By this machine's time zone; None for no text, and for the beginning of a year, which somebody is about to write.
    Raises SettingsError.
    """
    text = (text or "").strip().rstrip("-")
    if _UNFINISHED.fullmatch(text):
        return None
    found = _DAY.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        begin = date(*(int(part or 1) for part in found.groups()))
        moment = _after(begin, found.groups()) if last else begin
        return datetime.combine(moment, time()).astimezone().timestamp()
    except (ValueError, OverflowError) as exc:
        raise SettingsError(f"“{name}” is no date: “{shortened(text, 20)}”. {_HOW}") from exc


def _after(begin: date, parts: Sequence[str | None]) -> date:
    if parts[1] is None:
        return date(begin.year + 1, 1, 1)
    if parts[2] is None:
        return date(begin.year + begin.month // 12, begin.month % 12 + 1, 1)
    return begin + timedelta(days=1)
