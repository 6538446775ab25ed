"""The memory that is open in the browser: its words, and what can be done with it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ..errors import FamiliarError
from ..memory.plan import Plan
from ..messages import Exchange
from .cards import Viewer, facts, note
from .door import Door
from .listing import UNDO, Listing
from .picking import number_of, told

log = logging.getLogger(__name__)


class Opened:
    """One memory as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, door: Door, search: Any = None) -> None:
        """`search` is the field with the search that memories are found by, where there is one."""
        import gradio as gr

        self._door, self._found_by = door, [search] if search is not None else []
        self.open, self.batch = gr.State(), gr.State(0)
        with gr.Column(visible=False, elem_id="familiar-memory") as self.detail:
            self.facts = gr.HTML()
            self.said = gr.Textbox(label="What was said", lines=2, max_lines=8, interactive=True, elem_id="familiar-said")
            self.reply = gr.Textbox(label="The reply", lines=2, max_lines=8, interactive=True, elem_id="familiar-reply")
            with gr.Row(elem_classes="buttons") as self.actions:
                self.save = gr.Button("Save", size="sm", variant="primary", min_width=60, elem_id="familiar-save")
                self.pin = gr.Button("Pin", size="sm", min_width=60, elem_id="familiar-pin")
                self.forget = gr.Button("Forget", size="sm", variant="stop", min_width=60, elem_id="familiar-forget")
            with gr.Column(visible=False, elem_id="familiar-confirm") as self.confirm:
                self.question = gr.HTML(elem_id="familiar-forget-what")
                self.given = gr.Checkbox(False, label="", visible=False, elem_id="familiar-forget-given")
                with gr.Row(elem_classes="buttons"):
                    self.yes = gr.Button("Yes, forget it", size="sm", variant="stop", min_width=60, elem_id="familiar-forget-yes")
                    self.no = gr.Button("Keep it", size="sm", min_width=60, elem_id="familiar-forget-no")
        self.note = gr.HTML(elem_id="familiar-list-note")
        self.undo = gr.Button(f"Undo ({UNDO:.0f} s)", size="sm", visible=False, elem_id="familiar-undo")
        self._connect()

    @property
    def shown(self) -> list[Any]:
        """The components that the actions fill."""
        return [self.open, self.detail, self.facts, self.said, self.reply, self.actions, self.pin, self.confirm, self.note]

    def _connect(self) -> None:
        shown = self.shown
        looks: dict[str, Any] = {"show_progress": "hidden"}
        self.saved = self.save.click(self.told(self._save), [self.open, self.said, self.reply, *self._found_by], shown, **looks)
        self.pinned = self.pin.click(self.told(self._pin), [self.open, *self._found_by], shown, **looks)
        self.forget.click(self._ask, self.open, [self.confirm, self.question, self.given, self.note], **looks)
        self.no.click(self._keep, None, [self.confirm, self.note], **looks)
        gone = self.yes.click(self._forget, [self.open, self.given], [*shown, self.batch, self.undo], **looks)
        # The button is put up anew each time: its style takes it away after UNDO seconds, counted from then.
        self.forgotten = gone.then(self._offer, self.batch, self.undo, **looks)
        self.undone = self.undo.click(self._undo, self.batch, [self.note, self.batch, self.undo], **looks)

    def show(self, chosen: str) -> list[Any]:
        """Return what fills `shown` with a memory. Raises NotFound, StoreError."""
        listing = self._listing()
        return self._filled(listing, listing.one(number_of(chosen)), "")

    def told(self, action: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
        """Return a handler that shows a failure of `action` as a sentence below the list."""
        return told(action, _closed("Choose a memory first."), len(self.shown), log)

    def _listing(self) -> Listing:
        return Listing(self._door.app(), self._door.person())

    def _save(self, chosen: str, said: str, reply: str, search: str = "") -> list[Any]:
        listing = self._listing()
        listing.edit(number_of(chosen), said or "", reply or "", search or "")
        return self._filled(listing, listing.one(number_of(chosen)), "Saved.")

    def _pin(self, chosen: str, search: str = "") -> list[Any]:
        listing = self._listing()
        pinned = listing.pin(number_of(chosen), search or "")
        done = "Pinned: it comes first among what is as relevant." if pinned else "Not pinned any more."
        return self._filled(listing, listing.one(number_of(chosen)), done)

    def _filled(self, listing: Listing, exchange: Exchange, done: str) -> list[Any]:
        import gradio as gr

        viewer = Viewer(self._door.person().id)
        own = listing.is_own(exchange)
        theirs = note(f"{exchange.person.shown} said this in a shared place. Only {exchange.person.shown} can change or forget it.")
        return [
            str(exchange.id),
            gr.update(visible=True),
            facts(exchange, viewer) + ("" if own else theirs),
            gr.update(value=exchange.said, label=f"{viewer.name(exchange.person)} said", interactive=own),
            gr.update(value=exchange.reply, label=f"{exchange.companion} replied", interactive=own),
            gr.update(visible=own),
            gr.update(value="Unpin" if exchange.pinned else "Pin"),
            gr.update(visible=False),
            note(done, "good"),
        ]

    def _ask(self, chosen: str | None) -> list[Any]:
        import gradio as gr

        try:
            plan = self._listing().plan(number_of(chosen or ""))
        except FamiliarError as exc:
            return [gr.update(visible=False), "", gr.update(), note(str(exc), "bad")]
        tick = gr.update(visible=bool(plan.given), value=False, label=_given(len(plan.given)))
        return [gr.update(visible=True), note(_question(plan), "bad"), tick, ""]

    def _forget(self, chosen: str | None, given: bool) -> list[Any]:
        import gradio as gr

        batch = 0

        def forget(chosen: str) -> list[Any]:
            nonlocal batch
            gone = self._listing().forget(number_of(chosen), given=bool(given))
            batch = gone.batch
            return _closed("Forgotten." if gone.exchanges == 1 else f"Forgotten: {gone.exchanges} exchanges, copies included.", "good")

        return [*self.told(forget)(chosen), batch, gr.update(visible=False)]

    def _offer(self, batch: int) -> Any:
        import gradio as gr

        return gr.update(visible=bool(batch))

    def _undo(self, batch: int) -> list[Any]:
        import gradio as gr

        try:
            back = self._listing().undo(batch)
        except FamiliarError as exc:
            return [note(str(exc), "bad"), 0, gr.update(visible=False)]
        except Exception as exc:
            log.exception("What was forgotten could not be brought back")
            return [note(f"This did not work ({type(exc).__name__}); the log has the details.", "bad"), batch, gr.update()]
        return [note("It is back." if back == 1 else f"All {back} exchanges are back.", "good"), 0, gr.update(visible=False)]

    def _keep(self) -> list[Any]:
        import gradio as gr

        return [gr.update(visible=False), note("Kept.", "good")]


def _question(plan: Plan) -> str:
    copies = len(plan.copies)
    those = f"it and {copies} {'copy' if copies == 1 else 'copies'} of it" if copies else "it"
    return f"Forget {those} for good? Neither search nor recall will find it again. You can undo this for {UNDO:.0f} seconds."


def _given(count: int) -> str:
    those = "the later exchange whose reply was" if count == 1 else f"the {count} later exchanges whose replies were"
    return f"Forget {those} given this memory, too; it may be repeated there."


def _closed(text: str, kind: str = "quiet") -> list[Any]:
    import gradio as gr

    return [None, gr.update(visible=False), "", "", "", gr.update(), gr.update(), gr.update(visible=False), note(text, kind)]
