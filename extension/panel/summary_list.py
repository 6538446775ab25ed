"""The summaries in the panel: what each stands for and saves, and one that is open to be read, made anew or removed."""

from __future__ import annotations

import logging
from html import escape
from typing import Any

from ..memory.diary import Filter
from ..messages import Summary
from .cards import Viewer, note, shortened
from .door import Door
from .filters import called
from .noted import Noted, Sources
from .picking import Removal, number_of, picked, told

log = logging.getLogger(__name__)

KINDS = {"place": "chat", "session": "session", "person": "person"}


class SummaryList:
    """The summaries as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, door: Door) -> None:
        import gradio as gr

        self._door = door
        gr.HTML("<h3>Summaries</h3>")
        self.open = gr.State()
        self.caption = gr.HTML(elem_id="familiar-summaries-found")
        self.choice = gr.Radio([], label="Summaries", show_label=False, elem_id="familiar-summaries", elem_classes="lines")
        with gr.Column(visible=False, elem_id="familiar-summed", elem_classes="opened") as self.detail:
            self.text = gr.HTML()
            with gr.Row(elem_classes="buttons") as self.actions:
                self.again = gr.Button("Make it anew", size="sm", min_width=60, elem_id="familiar-summary-again")
                self.remove = gr.Button("Remove", size="sm", variant="stop", min_width=60, elem_id="familiar-summary-remove")
            question = "Remove it? It is made again once enough more was said. The memories it stands for stay."
            self.removal = Removal("familiar-summary", question)
        self.note = gr.HTML(elem_id="familiar-summary-note")
        self._connect()

    @property
    def found(self) -> list[Any]:
        """The components `find` fills."""
        return [self.choice, self.caption]

    @property
    def shown(self) -> list[Any]:
        """The components that the actions fill."""
        return [self.open, self.detail, self.text, self.actions, self.removal.frame, self.note]

    def _connect(self) -> None:
        looks: dict[str, Any] = {"show_progress": "hidden"}
        self.choice.input(self._told(self.show), self.choice, self.shown, **looks)
        self.removal.connect(self.remove)
        self.remade = self.again.click(self._told(self._again), self.open, self.shown)
        self.removed = self.removal.yes.click(self._told(self._remove), self.open, self.shown, **looks)

    def find(self, noted: Noted, viewer: Viewer, chosen: Filter) -> list[Any]:
        """Return what fills `found`. Raises StoreError."""
        import gradio as gr

        found = noted.summaries(chosen)
        names = {shelf.place.id: called(shelf) for shelf in noted.places()} | {each.id: viewer.name(each) for each in noted.people()}
        choices = [(label(each, names.get(each.person or each.place, each.place), viewer), str(each.id)) for each in found.summaries]
        return [gr.update(choices=choices, value=None), note(found.caption)]

    def show(self, chosen: str) -> list[Any]:
        """Return what fills `shown` with a summary. Raises NotFound, StoreError."""
        return self._filled(number_of(chosen), "")

    def _again(self, chosen: str) -> list[Any]:
        return self._filled(self._noted().sum_up_again(number_of(chosen)), "Made anew.")

    def _remove(self, chosen: str) -> list[Any]:
        self._noted().remove_summary(number_of(chosen))
        return _closed("Removed.", "good")

    def _filled(self, number: int, done: str) -> list[Any]:
        import gradio as gr

        noted, viewer = self._noted(), Viewer(self._door.person().id)
        found, sources = noted.summary(number), noted.sources(number)
        theirs = "" if sources.own else note("It stands for what others said in a shared place, too, so it cannot be changed here.")
        hidden = gr.update(visible=False)
        shown = summed_up(found, sources, viewer) + theirs
        return [str(number), gr.update(visible=True), shown, gr.update(visible=sources.own), hidden, note(done, "good")]

    def _noted(self) -> Noted:
        return Noted(self._door.app(), self._door.person())

    def _told(self, action: Any) -> Any:
        return told(action, _closed("Choose a summary first."), len(self.shown), log)


def label(summary: Summary, name: str, viewer: Viewer) -> str:
    """Return a summary as lines of the list: of what, and how it begins; what it saves, for how much, and from when."""
    exchanges = f"{summary.exchanges:,} exchange{'' if summary.exchanges == 1 else 's'}"
    parts = (f"{summary.saved:,} tokens saved", exchanges, _span(summary, viewer))
    return "\n".join((f"{shortened(name, 50)} ({KINDS[summary.kind]}): {shortened(summary.text, 90)}", " · ".join(parts)))


def summed_up(summary: Summary, sources: Sources, viewer: Viewer) -> str:
    """Return a summary to be read: what made it, its words, and what it stands for, as buttons that open a memory."""
    by = f"written by {summary.model}" if summary.model else "sentences chosen from what was said"
    tokens = f"{summary.tokens:,} tokens instead of {summary.stands_for:,}"
    facts = f'<p class="facts">{escape(" · ".join((_span(summary, viewer), tokens, by)))}</p>'
    left = f"<li>… and {sources.left_out:,} more …</li>" if sources.left_out else ""
    parts = ("".join(f"<li>{picked(each, viewer)}</li>" for each in some) for some in (sources.first, sources.last))
    listed = f'<ol class="history">{left.join(parts)}</ol>'
    count = f"{summary.exchanges:,} exchange{'' if summary.exchanges == 1 else 's'}"
    return (
        f'{facts}<p class="words">{escape(summary.text)}</p><details class="sources"><summary>Made of {count}</summary>{listed}</details>'
    )


def _span(summary: Summary, viewer: Viewer) -> str:
    since, until = (f"{each.day} {each:%b %Y}" for each in (when.astimezone(viewer.zone) for when in (summary.since, summary.until)))
    return since if since == until else f"{since} – {until}"


def _closed(text: str, kind: str = "quiet") -> list[Any]:
    import gradio as gr

    return [None, gr.update(visible=False), "", gr.update(), gr.update(visible=False), note(text, kind)]
