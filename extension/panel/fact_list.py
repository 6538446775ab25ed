"""The facts in the panel: what holds now, with what used to be, and one that is open to be put right or removed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from html import escape
from typing import Any

from ..memory.diary import Filter
from ..memory.facts import Fact
from ..messages import Exchange
from .cards import Viewer, note, shortened
from .door import Door
from .noted import Noted
from .picking import Removal, number_of, picked, told

log = logging.getLogger(__name__)

PAGE = 10
"""Facts listed at first, and added by each "Show more"."""
MOST_PAST = 3
"""Earlier values that a line of the list names."""


class FactList:
    """The facts as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, door: Door) -> None:
        import gradio as gr

        self._door = door
        gr.HTML("<h3>Facts</h3>")
        self.text = gr.Textbox(label="Search the facts", placeholder="whom or what about", max_lines=1, elem_id="familiar-fact-search")
        self.open = gr.State()
        self.caption = gr.HTML(elem_id="familiar-facts-found")
        self.choice = gr.Radio([], label="Facts", show_label=False, elem_id="familiar-facts", elem_classes="lines")
        self.more = gr.Button("Show more facts", size="sm", visible=False, elem_id="familiar-facts-more", elem_classes="small")
        with gr.Column(visible=False, elem_id="familiar-fact", elem_classes="opened") as self.detail:
            self.history = gr.HTML()
            with gr.Row(elem_classes="fields"):
                self.about = gr.Textbox(label="Whom it is about", min_width=120, elem_id="familiar-fact-about")
                self.attribute = gr.Textbox(label="What about them", min_width=120, elem_id="familiar-fact-attribute")
                self.value = gr.Textbox(label="Its value", min_width=120, elem_id="familiar-fact-value")
            with gr.Row(elem_classes="buttons") as self.actions:
                self.save = gr.Button("Save", size="sm", variant="primary", min_width=60, elem_id="familiar-fact-save")
                self.remove = gr.Button("Remove", size="sm", variant="stop", min_width=60, elem_id="familiar-fact-remove")
            question = "Remove it for good? What it had changed holds again, and it is not noted again. The memory stays."
            self.removal = Removal("familiar-fact", question)
        self.note = gr.HTML(elem_id="familiar-fact-note")
        self._connect()

    @property
    def found(self) -> list[Any]:
        """The components `find` fills."""
        return [self.choice, self.caption, self.more]

    @property
    def shown(self) -> list[Any]:
        """The components that the actions fill."""
        return [self.open, self.detail, self.history, self.about, self.attribute, self.value, self.actions, self.removal.frame, self.note]

    def _connect(self) -> None:
        looks: dict[str, Any] = {"show_progress": "hidden"}
        self.choice.input(self._told(self.show), self.choice, self.shown, **looks)
        self.saved = self.save.click(self._told(self._save), [self.open, self.about, self.attribute, self.value], self.shown, **looks)
        self.removal.connect(self.remove)
        self.removed = self.removal.yes.click(self._told(self._remove), self.open, self.shown, **looks)

    def find(self, noted: Noted, viewer: Viewer, text: str, count: int, chosen: Filter) -> list[Any]:
        """Return what fills `found`. Raises StoreError."""
        import gradio as gr

        found = noted.facts(text or "", chosen, count)
        choices = [(label(fact, found.histories.get(fact.id, ()), viewer), str(fact.id)) for fact in found.facts]
        more = gr.update(visible=len(choices) < found.total)
        return [gr.update(choices=choices, value=None), note(found.caption), more]

    def show(self, chosen: str) -> list[Any]:
        """Return what fills `shown` with a fact. Raises NotFound, StoreError."""
        return self._filled(number_of(chosen), "")

    def _save(self, chosen: str, about: str, attribute: str, value: str) -> list[Any]:
        self._noted().edit_fact(number_of(chosen), about or "", attribute or "", value or "")
        return self._filled(number_of(chosen), "Saved.")

    def _remove(self, chosen: str) -> list[Any]:
        self._noted().remove_fact(number_of(chosen))
        return _closed("Removed.", "good")

    def _filled(self, number: int, done: str) -> list[Any]:
        import gradio as gr

        noted, viewer = self._noted(), Viewer(self._door.person().id)
        fact, facts = noted.fact(number), noted.history(number)
        own = noted.is_own(fact)
        theirs = "" if own else note(f"Only {fact.said_by.shown}, who said this in a shared place, can change or remove it.")
        fields = (fact.about, fact.attribute, fact.value)
        return [
            str(number),
            gr.update(visible=True),
            history(facts, noted.exchanges([each.exchange for each in facts]), viewer) + theirs,
            *(gr.update(value=value, interactive=own) for value in fields),
            gr.update(visible=own),
            gr.update(visible=False),
            note(done, "good"),
        ]

    def _noted(self) -> Noted:
        return Noted(self._door.app(), self._door.person())

    def _told(self, action: Any) -> Any:
        return told(action, _closed("Choose a fact first."), len(self.shown), log)


def label(fact: Fact, facts: Sequence[Fact], viewer: Viewer) -> str:
    """Return a fact as lines of the list: what holds now; since when, what used to be, and who said it if somebody else."""
    past = [each.value for each in facts if each.superseded_by is not None and each.value.casefold() != fact.value.casefold()]
    used = ", ".join(shortened(value, 40) for value in list(dict.fromkeys(past[::-1]))[:MOST_PAST])
    when = fact.when.astimezone(viewer.zone)
    said = "" if fact.said_by.id == viewer.person else f"said by {shortened(fact.said_by.shown, 40)}"
    parts = (f"{when.day} {when:%b %Y}", f"used to be {used}" if used else "", said)
    line = f"{_about(fact, viewer)}, {shortened(fact.attribute, 60)}: {shortened(fact.value, 80)}"
    return "\n".join((line, " · ".join(part for part in parts if part)))


def history(facts: Sequence[Fact], exchanges: dict[int, Exchange], viewer: Viewer) -> str:
    """Return all that was noted of one thing, the newest first, each with a button that opens its memory."""
    items = "".join(f"<li>{_entry(fact, exchanges.get(fact.exchange), viewer)}</li>" for fact in facts[::-1])
    return f'<ol class="history">{items}</ol>'


def _entry(fact: Fact, exchange: Exchange | None, viewer: Viewer) -> str:
    since = viewer.when(fact.when)
    state = "now" if fact.until is None else "used to be"
    span = f"said {since}" if fact.until is None else f"said {since}, until {viewer.when(fact.until)}"
    value = f'<b class="state">{state}</b> <b>{escape(fact.value)}</b> <span class="when">{escape(span)}</span>'
    return value + (picked(exchange, viewer) if exchange is not None else "")


def _about(fact: Fact, viewer: Viewer) -> str:
    own = fact.said_by.id == viewer.person and fact.about == fact.said_by.shown
    return "You" if own else shortened(fact.about, 60)


def _closed(text: str, kind: str = "quiet") -> list[Any]:
    import gradio as gr

    return [None, gr.update(visible=False), "", *(gr.update() for _ in range(4)), gr.update(visible=False), note(text, kind)]
