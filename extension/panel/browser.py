"""The list of memories in the panel: search it, choose one, mend it, pin it, forget it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ..errors import FamiliarError
from ..messages import Exchange
from .cards import Viewer, facts, note
from .door import Door
from .listing import Listing, label

log = logging.getLogger(__name__)

PAGE = 25
"""Memories listed at first, and added by each "Show more"."""
IN_TURN: dict[str, Any] = {"show_progress": "hidden", "concurrency_id": "familiar-list", "concurrency_limit": 1}
"""How events run that fill the list: one after the other, so that an older answer never comes after a newer one."""


class Browser:
    """The list as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, door: Door) -> None:
        import gradio as gr

        self._door = door
        self.text = gr.Textbox(label="Search your memories", placeholder="a word, or what it was about", elem_id="familiar-search")
        self.count = gr.State(PAGE)
        self.open = gr.State()
        self.caption = gr.HTML(elem_id="familiar-found")
        self.choice = gr.Radio([], label="Memories", show_label=False, elem_id="familiar-list")
        self.more = gr.Button("Show more", size="sm", visible=False, elem_id="familiar-more")
        with gr.Column(visible=False, elem_id="familiar-memory") as self.detail:
            self.facts = gr.HTML()
            self.said = gr.Textbox(label="What was said", lines=2, max_lines=8, interactive=True, elem_id="familiar-said")
            self.reply = gr.Textbox(label="The reply", lines=2, max_lines=8, interactive=True, elem_id="familiar-reply")
            with gr.Row(elem_classes="buttons"):
                self.save = gr.Button("Save", size="sm", variant="primary", min_width=60, elem_id="familiar-save")
                self.pin = gr.Button("Pin", size="sm", min_width=60, elem_id="familiar-pin")
                self.forget = gr.Button("Forget", size="sm", variant="stop", min_width=60, elem_id="familiar-forget")
            with gr.Column(visible=False, elem_id="familiar-confirm") as self.confirm:
                gr.HTML(note("Forget it for good? Neither search nor recall will find it again.", "bad"))
                self.given = gr.Checkbox(False, label="", visible=False, elem_id="familiar-forget-given")
                with gr.Row(elem_classes="buttons"):
                    self.yes = gr.Button("Yes, forget it", size="sm", variant="stop", min_width=60, elem_id="familiar-forget-yes")
                    self.no = gr.Button("Keep it", size="sm", min_width=60, elem_id="familiar-forget-no")
        self.note = gr.HTML(elem_id="familiar-list-note")
        self.summary = gr.HTML(elem_id="familiar-summary")
        self._connect()

    @property
    def found(self) -> list[Any]:
        """The components `find` fills."""
        return [self.choice, self.caption, self.more, self.count, self.summary]

    @property
    def asked(self) -> list[Any]:
        """The components `find` reads, before those of the door."""
        return [self.text, self.count]

    def _connect(self) -> None:
        where = list(self._door.inputs)
        shown = [self.open, self.detail, self.facts, self.said, self.reply, self.pin, self.confirm, self.note]
        looks: dict[str, Any] = {"show_progress": "hidden"}
        find = {"fn": self.find, "inputs": [*self.asked, *where], "outputs": self.found, **IN_TURN}
        self.text.change(self._search, [self.text, *where], self.found, trigger_mode="always_last", **IN_TURN)
        self.more.click(self._more, [*self.asked, *where], self.found, **IN_TURN)
        self.choice.input(self._told(self._show), self.choice, shown, **looks)
        self.saved = self.save.click(self._told(self._save), [self.open, self.said, self.reply], shown, **looks).then(**find)
        self.pin.click(self._told(self._pin), self.open, shown, **looks).then(**find)
        self.forget.click(self._ask, self.open, [self.confirm, self.given, self.note], **looks)
        self.no.click(self._keep, None, [self.confirm, self.note], **looks)
        self.forgotten = self.yes.click(self._told(self._forget), [self.open, self.given], shown, **looks).then(**find)

    def find(self, text: str, count: int, *where: Any) -> list[Any]:
        """Return what fills `found`. Never raises: a failure is a sentence."""
        import gradio as gr

        try:
            listing = Listing(self._door.app(), self._door.person())
            found = listing.find(text or "", self._door.here(*where).companion, count)
            summary = listing.summary()
        except FamiliarError as exc:
            return [gr.update(), note(str(exc), "bad"), gr.update(visible=False), count, ""]
        except Exception as exc:
            log.exception("The memories could not be listed")
            trouble = note(f"The memories cannot be listed ({type(exc).__name__}); the log has the details.", "bad")
            return [gr.update(), trouble, gr.update(visible=False), count, ""]
        choices = [(label(exchange), str(exchange.id)) for exchange in found.exchanges]
        more = gr.update(visible=len(choices) < found.total)
        return [gr.update(choices=choices), note(found.caption), more, count, note(summary)]

    def _listing(self) -> Listing:
        return Listing(self._door.app(), self._door.person())

    def _show(self, chosen: str) -> list[Any]:
        return self._opened(self._listing().one(int(chosen)), "")

    def _save(self, chosen: str, said: str, reply: str) -> list[Any]:
        listing = self._listing()
        listing.edit(int(chosen), said or "", reply or "")
        return self._opened(listing.one(int(chosen)), "Saved.")

    def _pin(self, chosen: str) -> list[Any]:
        listing = self._listing()
        pinned = listing.pin(int(chosen))
        return self._opened(
            listing.one(int(chosen)), "Pinned: it comes first among what is as relevant." if pinned else "Not pinned any more."
        )

    def _forget(self, chosen: str, given: bool) -> list[Any]:
        gone = self._listing().forget(int(chosen), given=bool(given))
        return _closed("Forgotten." if gone == 1 else f"Forgotten: {gone} exchanges, copies included.", "good")

    def _told(self, action: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
        """Return a handler that shows a failure of `action` as a sentence below the list."""

        def handler(chosen: str | None, *values: Any) -> list[Any]:
            if chosen is None:
                return _closed("Choose a memory first.")
            try:
                return action(chosen, *values)
            except FamiliarError as exc:
                return _unchanged(str(exc))
            except Exception as exc:
                log.exception("A memory could not be shown or changed")
                return _unchanged(f"This did not work ({type(exc).__name__}); the log has the details.")

        return handler

    def _opened(self, exchange: Exchange, done: str) -> list[Any]:
        import gradio as gr

        viewer = Viewer(self._door.person().id)
        return [
            str(exchange.id),
            gr.update(visible=True),
            facts(exchange, viewer),
            gr.update(value=exchange.said, label=f"{viewer.name(exchange.person)} said"),
            gr.update(value=exchange.reply, label=f"{exchange.companion} replied"),
            gr.update(value="Unpin" if exchange.pinned else "Pin"),
            gr.update(visible=False),
            note(done, "good"),
        ]

    def _ask(self, chosen: str | None) -> list[Any]:
        import gradio as gr

        try:
            given = len(self._listing().given(int(chosen))) if chosen is not None else 0
        except FamiliarError as exc:
            return [gr.update(visible=False), gr.update(), note(str(exc), "bad")]
        those = "the later exchange whose reply was" if given == 1 else f"the {given} later exchanges whose replies were"
        tick = gr.update(visible=given > 0, value=False, label=f"Forget {those} given this memory, too; it may be repeated there.")
        return [gr.update(visible=True), tick, ""]

    def _keep(self) -> list[Any]:
        import gradio as gr

        return [gr.update(visible=False), note("Kept.", "good")]

    def _search(self, text: str, *where: Any) -> list[Any]:
        return self.find(text, PAGE, *where)

    def _more(self, text: str, count: int, *where: Any) -> list[Any]:
        return self.find(text, count + PAGE, *where)


def _closed(text: str, kind: str = "quiet") -> list[Any]:
    import gradio as gr

    return [None, gr.update(visible=False), "", "", "", gr.update(), gr.update(visible=False), note(text, kind)]


def _unchanged(trouble: str) -> list[Any]:
    import gradio as gr

    return [*(gr.update() for _ in range(7)), note(trouble, "bad")]
