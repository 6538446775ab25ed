"""The choice of what runs the model, on the standalone page."""

from __future__ import annotations

import logging
from typing import Any

from ..errors import FamiliarError, HostError
from ..hosts.choice import host_for
from .cards import note
from .chats import Chats

log = logging.getLogger(__name__)

KINDS = (("This computer", "embedded"), ("A server", "server"), ("A script (no model)", "scripted"))

HERE = ("embedded", "scripted")
"""Hosts in this process; everything else is the address of a server."""


class Backend:
    """The choice as components. Made inside an open Blocks context."""

    def __init__(self, chats: Chats) -> None:
        import gradio as gr

        self._app = chats.app
        self._keep = chats.keep
        self.kind = gr.Radio(list(KINDS), label="What runs the model", elem_id="backend")
        self.url = gr.Textbox(
            label="Address of the server", placeholder="http://127.0.0.1:5000", max_lines=1, visible=False, elem_id="backend-url"
        )
        self.model = gr.Textbox(label="Model", placeholder="the usual one", max_lines=1, elem_id="backend-model")
        self.use = gr.Button("Use it", size="sm", elem_id="backend-use")
        self.note = gr.HTML(elem_id="backend-note")
        looks: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private"}
        self.kind.input(lambda kind: gr.update(visible=kind == "server"), self.kind, self.url, **looks)
        self.use.click(self.change, [self.kind, self.url, self.model], self.note, **looks)

    @property
    def components(self) -> list[Any]:
        """What `load` fills."""
        return [self.kind, self.url, self.model, self.note]

    def load(self) -> list[Any]:
        """Return updates that show what runs the model now. Asks no server."""
        import gradio as gr

        settings = self._app.settings
        server = settings.host not in HERE
        try:
            told = note(f"In use: {settings.host if server else self._app.host.model}.")
        except FamiliarError as exc:
            told = note(str(exc), "bad")
        address = gr.update(value=settings.host if server else "", visible=server)
        return ["server" if server else settings.host, address, settings.model, told]

    def change(self, kind: str, url: str, model: str) -> str:
        """Use another host or model from now on, and keep the choice. Returns a sentence, never raises."""
        try:
            wanted = {"host": url.strip() if kind == "server" else kind, "model": model.strip()}
            host_for(self._app.settings.changed(**wanted))  # refuses what is no host before it is kept
            self._keep(**wanted)
            if kind == "server":
                host_for(self._app.settings.changed(model="")).model  # noqa: B018 (asks the server whether it is there)
            return note(f"From now on: {self._app.host.model}.", "good")
        except HostError as exc:
            return note(f"Kept, but it does not answer now. {exc}", "bad")
        except FamiliarError as exc:
            return note(str(exc), "bad")
        except Exception as exc:
            log.exception("The model could not be changed")
            return note(f"This did not work ({type(exc).__name__}); the log has the details.", "bad")
