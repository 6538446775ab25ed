"""The bridges in the panel: how each platform is, a switch for each, and whether they end with this program."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from html import escape
from typing import Any

from ..errors import BridgeError, FamiliarError
from ..service.adapters import PLATFORMS
from ..service.supervisor import Row, Supervisor
from .cards import Viewer, note
from .door import Door

log = logging.getLogger(__name__)

WHERE = "On Discord and Matrix the same companion answers, with the same memory. How to set them up: docs/bridges.md."
OTHERS = "The bridges are the business of whoever owns this machine."
EVENTS: dict[str, Any] = {"show_progress": "hidden", "concurrency_id": "familiar-bridges", "concurrency_limit": 1}


class Bridges:
    """The bridges as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, door: Door, supervisor: Supervisor) -> None:
        import gradio as gr

        self._door, self._supervisor = door, supervisor
        gr.HTML(note(WHERE))
        self.switches: dict[str, Any] = {}
        self.states: dict[str, Any] = {}
        for name, platform in PLATFORMS.items():
            with gr.Column(elem_classes="bridge"):
                self.switches[name] = gr.Checkbox(label=platform.title, elem_id=f"familiar-bridge-{name}")
                self.states[name] = gr.HTML(elem_id=f"familiar-bridge-{name}-state")
        self.ends = gr.Checkbox(
            label="Ends with this program",
            info="What is switched on here ends when this program does. Otherwise it goes on, and is found again.",
            elem_id="familiar-bridge-ends",
        )
        self.note = gr.HTML(elem_id="familiar-bridges-note")
        for name, switch in self.switches.items():
            switch.input(partial(self._switch, name), switch, self.components, **EVENTS)
        self.ends.input(self._end_together, self.ends, self.note, **EVENTS)

    @property
    def components(self) -> list[Any]:
        """What `load` fills."""
        return [*self.switches.values(), *self.states.values(), self.ends, self.note]

    def load(self) -> list[Any]:
        """Return what fills the components. Never raises."""
        return self._shown(lambda: self._supervisor.trouble, "bad")

    def _switch(self, name: str, on: bool) -> Iterator[list[Any]]:
        import gradio as gr

        busy = "Starting …" if on else "Ending …"
        yield [*(gr.update() for _ in self.components[:-1]), note(busy)]

        def switched() -> str:
            self._require_owner()
            return self._supervisor.switch(name, on)

        yield self._shown(switched, "good")

    def _end_together(self, on: bool) -> str:
        try:
            self._require_owner()
            self._supervisor.end_together(on)
        except FamiliarError as exc:
            return note(str(exc), "bad")
        except Exception as exc:
            log.exception("Whether bridges end with this program could not be kept")
            return note(f"This could not be kept ({type(exc).__name__}); the log has the details.", "bad")
        return note("Kept.", "good")

    def _require_owner(self) -> None:
        if self._door.person().id != self._door.app().settings.person:
            raise BridgeError(OTHERS)

    def _shown(self, act: Any, kind: str) -> list[Any]:
        """Do something, and return how everything is then, with what it said or why it did not go well."""
        import gradio as gr

        try:
            told = note(act(), kind)
        except FamiliarError as exc:
            told = note(str(exc), "bad")
        except Exception as exc:
            log.exception("A bridge could not be switched")
            told = note(f"This did not work ({type(exc).__name__}); the log has the details.", "bad")
        try:
            rows = self._supervisor.rows()
            viewer = Viewer(self._door.person().id)
            switches = [gr.update(value=row.on, interactive=row.on or not row.missing) for row in rows]
            return [*switches, *(state(row, viewer) for row in rows), self._supervisor.ends, told]
        except FamiliarError as exc:
            return [*(gr.update() for _ in self.components[:-1]), note(str(exc), "bad")]
        except Exception as exc:
            log.exception("How the bridges are could not be shown")
            lost = note(f"How they are is not known ({type(exc).__name__}); the log has the details.", "bad")
            return [*(gr.update() for _ in self.components[:-1]), lost]


def state(row: Row, viewer: Viewer) -> str:
    """Return how a platform is, as HTML: what a person may have to do stands in a sentence of its own."""
    status = row.status
    if row.running is None:
        if row.missing:
            names = ", ".join(row.missing)
            return _line("Not set up.") + note(f"To set it up, put these into the environment of this program and start it again: {names}.")
        return _line("Switched on, and does not run." if row.on else "Set up, and does not run.")
    if not status:
        return _line("Runs, and does not answer yet.")
    trouble = str(status.get("trouble") or "")
    words = {"open": "Connecting again", "opening": "Connecting", "waiting": "Waiting to try again", "ended": "Given up"}
    head = f"Here as {status['account']}" if status.get("connected") else words.get(str(status.get("state")), "Not there")
    parts = [head, _since("since", status.get("since"), viewer), _since("last message", status.get("last_inbound"), viewer)]
    if not row.running.holder.watched:
        parts.append("started in a terminal or as a service")
    return _line(" · ".join(filter(None, parts)), trouble, good=bool(status.get("connected")) and not trouble)


def _line(text: str, trouble: str = "", *, good: bool = False) -> str:
    mark = "here" if good else "troubled" if trouble else "away"
    dot = f'<span class="dot {mark}" aria-hidden="true"></span>'
    return f'<p class="facts">{dot}{escape(text)}</p>{note(trouble, "bad")}'


def _since(word: str, when: object, viewer: Viewer) -> str:
    try:
        return f"{word} {viewer.when(datetime.fromisoformat(str(when)))}" if when else ""
    except ValueError:
        return ""
