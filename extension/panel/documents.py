"""Documents in the panel: handing them over, which there are, and how much of them the model is shown."""

from __future__ import annotations

from typing import Any

from ..errors import FamiliarError
from ..messages import Attention
from .cards import note
from .controls import keeper
from .document_list import DocumentList
from .door import Door
from .reading import Reading

MOST_PASSAGES = 10
LARGEST_BUDGET = 4000
SHARES = {"place_passages": "This chat's", "companion_passages": "This companion's", "everyone_passages": "Everyone's"}


class Documents:
    """The documents as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, door: Door) -> None:
        import gradio as gr

        self._door = door
        self.reading = Reading(door)
        self.list = DocumentList(door)
        with gr.Accordion("How much of them the model is shown", open=False, elem_id="familiar-shares"):
            gr.HTML(note("Most passages in one turn, by whom they are for. With 0 they are left out."))
            normal = Attention().passages
            shares = zip(SHARES.items(), (normal.place, normal.companion, normal.everyone), strict=True)
            with gr.Row(elem_classes="fields"):
                self.shares = {
                    name: gr.Slider(0, MOST_PASSAGES, value, step=1, label=label, min_width=140, elem_id=f"familiar-{name}")
                    for (name, label), value in shares
                }
            label, budget = "Room for documents, in tokens", Attention().library
            self.budget = gr.Slider(0, LARGEST_BUDGET, budget, step=50, label=label, elem_id="familiar-library_budget")
            self.settings = {**self.shares, "library_budget": self.budget}
            self.kept = gr.HTML(elem_id="familiar-shares-note")
        for name, component in self.settings.items():
            component.input(keeper(door, name), component, self.kept, trigger_mode="always_last", show_progress="hidden")

    @property
    def components(self) -> list[Any]:
        """What `load` fills."""
        return [*self.settings.values(), self.kept]

    def load(self) -> list[Any]:
        """Return updates that show the settings in effect, or say why they cannot be read."""
        import gradio as gr

        try:
            now = self._door.attention()
        except FamiliarError as exc:
            return [*(gr.update() for _ in self.settings), note(str(exc), "bad")]
        shares = (now.passages.place, now.passages.companion, now.passages.everyone)
        sliders = [gr.update(value=value, maximum=max(MOST_PASSAGES, value)) for value in shares]
        return [*sliders, gr.update(value=now.library, maximum=max(LARGEST_BUDGET, now.library)), ""]

    def connect(self, event: dict[str, Any], load: Any) -> dict[str, Any]:
        """Wire it together, and return the event that makes it look again. `event` says how events run that fill lists."""
        find = self.list.connect(event)
        for each in self.reading.connect(load):
            each.then(**find)
        return find
