"""The panel: switches, why it answered so, the memories, and pictures of them. In the webui and in the standalone chat, so it
is made only of what Gradio 4.37 and Gradio 6 have in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from .bridges import EVENTS as BRIDGES
from .bridges import Bridges
from .browser import IN_TURN, UNSEEN, Browser
from .cards import note
from .cited import Cited
from .controls import Controls
from .documents import Documents
from .door import Door
from .filters import Wanted
from .noting import Noting
from .pictures import Pictures
from .reasons import NOTHING_YET, reasons
from .saving import Saving
from .training.section import Training


@dataclass(frozen=True, slots=True)
class Panel:
    """What a door needs of the panel: what to press or chain so that it looks again, and where it shows why."""

    refresh: Any
    """The button that makes the panel look again; its element's id is familiar-refresh."""
    why: Any
    """The HTML component that shows what was recalled."""
    look_again: dict[str, Any]
    """Arguments for an event's `then`, which do what the button does."""
    changed: tuple[Any, ...]
    """Events after which memories have other words, or are gone."""


def build_panel(door: Door) -> Panel:
    """Build the panel inside an open Blocks context. Opens no store and asks the door nothing: that happens when a page loads."""
    import gradio as gr
    from gradio.context import Context

    with gr.Column(elem_id="familiar"):
        if door.title:
            gr.HTML(f"<h2>{escape(door.title)}</h2>", elem_id="familiar-title")
        with gr.Accordion("Why it answered so", open=True):
            why = gr.HTML(note(NOTHING_YET), elem_id="familiar-why")
            Cited(door, UNSEEN)
            refresh = gr.Button("Refresh", size="sm", elem_id="familiar-refresh")
        with gr.Accordion("How it remembers", open=True):
            controls = Controls(door)
        with gr.Accordion("What it remembers", open=True):
            browser = Browser(door)
        with gr.Accordion("What it made of them", open=True):
            noting = Noting(door, browser.filters)
        with gr.Accordion("Documents", open=True):
            documents = Documents(door)
        with gr.Accordion("When, and what about", open=True):
            pictures = Pictures(door, browser.filters)
        with gr.Accordion("Save as a document", open=False, elem_id="familiar-saving"):
            saving = Saving(door, browser.opened.open)
        with gr.Accordion("Training", open=False, elem_id="familiar-training"):
            training = Training(door)
        bridges = None
        if door.bridges is not None:
            with gr.Accordion("Bridges", open=False, elem_id="familiar-bridges"):
                bridges = Bridges(door, door.bridges)
    noted = noting.connect(IN_TURN)
    load = Context.root_block.load if Context.root_block is not None else None
    documented = documents.connect(IN_TURN, load)
    training.connect(load)
    browser.connect(pictures, noted)
    looking = _looking(door, why, browser, pictures, noting)
    looked = refresh.click(**looking).then(**documented)
    if bridges is not None:
        looked.then(bridges.load, None, bridges.components, **BRIDGES)
    for each in (browser.opened.forgotten, browser.opened.undone):
        each.then(**looking)
    if load is not None:
        load(controls.load, None, controls.components, show_progress="hidden")
        load(documents.load, None, documents.components, show_progress="hidden")
        load(**looking).then(**documented)
        load(saving.load, None, saving.components, show_progress="hidden")
        if bridges is not None:
            load(bridges.load, None, bridges.components, **BRIDGES)
    opened = browser.opened
    return Panel(refresh, why, looking, (opened.saved, opened.forgotten, opened.undone))


def _looking(door: Door, why: Any, browser: Browser, pictures: Pictures, noting: Noting) -> dict[str, Any]:
    """Return the event that fills "why", the lists, what there is to filter by, and the timeline anew."""

    def look(facts: Wanted, memories: Wanted, *where: Any) -> list[Any]:
        found = [_why(door, where), *browser.find(memories, *where), *browser.looked(), pictures.weeks(*memories.filters)]
        return [*found, *noting.look(facts, *memories.filters, *where)]

    inputs = [noting.wanted, browser.wanted, *door.inputs]
    outputs = [why, *browser.found, *browser.overview, pictures.timeline, *noting.found]
    return {"fn": look, "inputs": inputs, "outputs": outputs, **IN_TURN}


def _why(door: Door, where: tuple[Any, ...]) -> str:
    from ..errors import FamiliarError

    try:
        here = door.here(*where)
    except FamiliarError as exc:
        return note(str(exc), "bad")
    return reasons(door, here)
