"""The left side of the standalone page: the chats, who answers, and what runs the model."""

from __future__ import annotations

import logging
from typing import Any

from ..errors import FamiliarError
from .cards import note
from .chat import Chat
from .chats import Chats

log = logging.getLogger(__name__)


class Sidebar:
    """The chats and the companion as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, chats: Chats) -> None:
        import gradio as gr

        self._chats = chats
        self.new = gr.Button("New chat", variant="primary", elem_id="new-chat")
        self.companion = gr.Dropdown(
            [], label="Companion", info="Choose who answers, or type a new name.", allow_custom_value=True, elem_id="companion"
        )
        self.list = gr.Radio([], label="Chats", elem_id="chat-list")
        self.empty = gr.HTML(elem_id="no-chats")
        with gr.Accordion("This chat", open=False, elem_id="this-chat"):
            self.title = gr.Textbox(
                label="Title", placeholder="the words it began with", max_lines=1, max_length=200, elem_id="chat-title", submit_btn="Rename"
            )
            self.delete = gr.Button("Forget this chat", size="sm", variant="stop", elem_id="delete-chat")
            with gr.Column(visible=False) as self.confirm:
                gr.HTML(note("Forget all of it for good? Nothing said here will be recalled again.", "bad"))
                with gr.Row():
                    self.yes = gr.Button("Yes, forget it", size="sm", variant="stop", min_width=60, elem_id="delete-chat-yes")
                    self.no = gr.Button("Keep it", size="sm", min_width=60, elem_id="delete-chat-no")
        looks: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        self.delete.click(lambda: gr.update(visible=True), None, self.confirm, **looks)
        self.no.click(lambda: gr.update(visible=False), None, self.confirm, **looks)
        self.delete.click(lambda: gr.update(visible=True), None, self.confirm, show_progress="hidden", api_visibility="private")
        self.no.click(lambda: gr.update(visible=False), None, self.confirm, show_progress="hidden", api_visibility="private")

    @property
    def shown(self) -> list[Any]:
        """The components `picture` fills."""
        return [self.list, self.empty, self.companion, self.title, self.confirm]

    def picture(self, chat: Chat) -> list[Any]:
        """Return what fills `shown`. Never raises: a failure is a sentence."""
        import gradio as gr

        try:
            listed, companions = self._chats.listed(), self._chats.app.companions()
        except FamiliarError as exc:
            return [gr.update(choices=[], value=None), note(str(exc), "bad"), chat.companion, chat.place.title, gr.update(visible=False)]
        value = chat.place.id if any(place == chat.place.id for _, place in listed) else None
        names = list(dict.fromkeys([*companions, chat.companion]))
        return [
            gr.update(choices=listed, value=value),
            "" if listed else note("No chats yet. What you say is kept here."),
            gr.update(choices=names, value=chat.companion),
            chat.place.title,
            gr.update(visible=False),
        ]
