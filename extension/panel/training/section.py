"""Training in the panel, from chats to an adapter: four steps below each other."""

from __future__ import annotations

from typing import Any

from ...errors import FamiliarError
from ..cards import note
from ..door import Door
from .course import Course
from .importing import Importing
from .members import Members
from .running import Running
from .sampling import Sampling

WHAT = "A LoRA adapter that sounds like you, or like your friends, from chats you have. How it is done: docs/training.md, docs/clones.md."
EVENTS: dict[str, Any] = {"show_progress": "hidden", "concurrency_id": "familiar-training", "concurrency_limit": 1}
"""How its events run: one after the other, and apart from the lists of memories, which need not wait for a dataset."""


class Training:
    """The steps as components, wired together. Made inside an open Blocks context."""

    def __init__(self, door: Door) -> None:
        import gradio as gr

        self._course = Course(door)
        gr.HTML(note(WHAT))
        with gr.Accordion("1. Chats", open=True, elem_id="familiar-training-importing"):
            self.importing = Importing(self._course)
        with gr.Accordion("2. People", open=False, elem_id="familiar-training-members"):
            self.members = Members(self._course)
        with gr.Accordion("3. What the model sees", open=False, elem_id="familiar-training-sampling"):
            self.sampling = Sampling(self._course)
        with gr.Accordion("4. Training", open=False, elem_id="familiar-training-running"):
            self.running = Running(self._course, self.sampling.chosen)

    def connect(self, load: Any) -> None:
        """Wire it together. `load` is the event of a page that opens."""
        event = EVENTS
        outputs = [self.importing.list, self.members.list]
        for each in [*self.importing.connect(event), *self.members.connect(event)]:
            each.then(self.looked, None, outputs, **event)
        self.sampling.connect(event)
        self.running.connect(event, load)
        if load is not None:
            load(self.looked, None, outputs, **event)

    def looked(self) -> list[Any]:
        """Return which chats and people there are. Never raises: a failure is a sentence."""
        import gradio as gr

        try:
            return [self.importing.listed(), self.members.listed()]
        except FamiliarError as exc:
            return [note(str(exc), "bad"), gr.update()]
