"""The switches of the panel: whether memories are used, how far recall looks, and how much of it the model sees."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ..errors import FamiliarError
from ..messages import SCOPES, Attention
from .cards import note
from .door import Door

log = logging.getLogger(__name__)

SCOPE_NAMES = dict(zip(SCOPES, ("This chat", "This companion", "Everything of mine"), strict=True))
LARGEST_BUDGET = 4000
MOST_MEMORIES = 20


class Controls:
    """The switches as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, door: Door) -> None:
        import gradio as gr

        self._door = door
        normal = Attention()
        self.enabled = gr.Checkbox(
            normal.enabled,
            label="Use memories in replies",
            info="What is said is kept either way; this decides whether it is recalled.",
            elem_id="familiar-enabled",
        )
        self.scope = gr.Radio(
            [(name, scope) for scope, name in SCOPE_NAMES.items()],
            value=normal.scope,
            label="How far to look",
            elem_id="familiar-scope",
        )
        self.budget = gr.Slider(0, LARGEST_BUDGET, normal.budget, step=50, label="Room for memories, in tokens", elem_id="familiar-budget")
        self.memories = gr.Slider(0, MOST_MEMORIES, normal.memories, step=1, label="Most memories at once", elem_id="familiar-memories")
        self.note = gr.HTML(elem_id="familiar-settings-note")
        for name in ("enabled", "scope", "budget", "memories"):
            component = getattr(self, name)
            component.input(keeper(door, name), component, self.note, trigger_mode="always_last", show_progress="hidden")

    @property
    def components(self) -> list[Any]:
        """What `load` fills."""
        return [self.enabled, self.scope, self.budget, self.memories, self.note]

    def load(self) -> list[Any]:
        """Return updates that show the settings in effect, or say why they cannot be read."""
        import gradio as gr

        try:
            now = self._door.attention()
        except FamiliarError as exc:
            return [*(gr.update() for _ in range(4)), note(str(exc), "bad")]
        return [
            now.enabled,
            now.scope,
            gr.update(value=now.budget, maximum=max(LARGEST_BUDGET, now.budget)),
            gr.update(value=now.memories, maximum=max(MOST_MEMORIES, now.memories)),
            "",
        ]


def keeper(door: Door, name: str) -> Callable[[Any], str]:
    """Return a handler that keeps the value of a setting, and says whether it did."""

    def keep(value: Any) -> str:
        try:
            door.keep(**{name: value})
        except FamiliarError as exc:
            return note(str(exc), "bad")
        except Exception as exc:
            log.exception("A setting of the panel could not be kept")
            return note(f"This could not be kept ({type(exc).__name__}); the log has the details.", "bad")
        return note("Kept.", "good")

    return keep
