"""What the lists share: buttons that open a memory, actions whose failures are sentences, and asking before something is removed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from ..errors import FamiliarError
from ..messages import Exchange
from .cards import Viewer, note, shortened

LONGEST_WORDS = 90


class Removal:
    """The question whether what is shown is to be removed, with both answers. Made inside an open Blocks context."""

    def __init__(self, name: str, question: str) -> None:
        """`name` begins the ids of its elements."""
        import gradio as gr

        with gr.Column(visible=False, elem_id=f"{name}-confirm") as self.frame:
            gr.HTML(note(question, "bad"))
            with gr.Row(elem_classes="buttons"):
                self.yes = gr.Button("Yes, remove it", size="sm", variant="stop", min_width=60, elem_id=f"{name}-remove-yes")
                self.no = gr.Button("Keep it", size="sm", min_width=60, elem_id=f"{name}-remove-no")

    def connect(self, button: Any) -> None:
        """Let a button bring up the question; 'Keep it' takes it away."""
        import gradio as gr

        button.click(lambda: gr.update(visible=True), None, self.frame, show_progress="hidden")
        self.no.click(lambda: gr.update(visible=False), None, self.frame, show_progress="hidden")


def picked(exchange: Exchange, viewer: Viewer) -> str:
    """Return a button with the words of an exchange, which opens it in the browser above."""
    where = f"{viewer.name(exchange.person)}, {viewer.when(exchange.when)}, {viewer.where(exchange.place)}"
    words = escape(shortened(exchange.said, LONGEST_WORDS))
    return f'<button type="button" class="source" data-pick="{exchange.id}" title="{escape(where)}">{words}</button>'


def number_of(chosen: str) -> int:
    """Return the number that was chosen; what is none is a number that nothing has."""
    return int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else 0


def told(action: Callable[..., list[Any]], unchosen: Sequence[Any], outputs: int, log: logging.Logger) -> Callable[..., list[Any]]:
    """Return a handler that shows a failure of `action` as a sentence in the last of its outputs, and `unchosen` without a choice."""

    def handler(chosen: str | None, *values: Any) -> list[Any]:
        import gradio as gr

        if not chosen:
            return list(unchosen)
        try:
            return action(chosen, *values)
        except FamiliarError as exc:
            trouble = str(exc)
        except Exception as exc:
            log.exception("What was chosen in a list could not be shown or changed")
            trouble = f"This did not work ({type(exc).__name__}); the log has the details."
        return [*(gr.update() for _ in range(outputs - 1)), note(trouble, "bad")]

    return handler
