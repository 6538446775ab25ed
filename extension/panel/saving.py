"""Saving what was said as a Word document, in the panel: which part of it, under which title, and where to."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Callable
from html import escape
from typing import Any

from ..documents.choice import Chat, Choice, One, Recent
from ..documents.titles import DEFAULT
from ..documents.word import MEDIA
from ..documents.writing import Saved, Writing
from ..errors import FamiliarError, NotFound
from .cards import note
from .door import Door

log = logging.getLogger(__name__)

WHAT = (("The last reply", "reply"), ("This whole chat", "chat"), ("The memory that is open above", "opened"))
WHERE = (("This machine", "folder"), ("Google Drive", "drive"))
LARGEST_LINK = 8_000_000
"""Bytes of a document that is handed to the browser; a larger one is only where it was saved."""


class Saving:
    """The choices as components, and what they do. Made inside an open Blocks context; `opened` holds the open memory's number."""

    def __init__(self, door: Door, opened: Any) -> None:
        import gradio as gr

        self._door = door
        self.what = gr.Radio(list(WHAT), value="reply", label="What", elem_id="familiar-save-what")
        self.title = gr.Textbox(label="Title", placeholder=DEFAULT, max_lines=1, interactive=True, elem_id="familiar-save-title")
        self.where = gr.Radio(list(WHERE), value="folder", label="Where to", elem_id="familiar-save-where")
        self.link = gr.Textbox(
            label="Folder in Google Drive",
            placeholder="its share link, then Enter",
            max_lines=1,
            interactive=True,
            visible=False,
            elem_id="familiar-save-link",
        )
        self.make = gr.Button("Save as document", size="sm", variant="primary", elem_id="familiar-save-document")
        self.note = gr.HTML(elem_id="familiar-save-note")
        looks: dict[str, Any] = {"show_progress": "hidden"}
        asked = [self.what, self.title, self.where, opened, *door.inputs]
        self.make.click(lambda: note("Saving …"), None, self.note, **looks).then(self._save, asked, self.note, **looks)
        found = self.link.submit(lambda: note("Looking at the folder …"), None, self.note, **looks)
        found.then(self._choose, self.link, [self.note, self.link, self.where], **looks)

    @property
    def components(self) -> list[Any]:
        """What `load` fills."""
        return [self.title, self.where, self.link]

    def load(self) -> list[Any]:
        """Return what the person set before. Never raises: what cannot be known now stays as it is."""
        import gradio as gr

        try:
            title = self._writing().desk(self._door.person()).title
            return [gr.update(value=title) if title else gr.update(), *self._places()]  # '' would take away what is typed already
        except FamiliarError as exc:
            log.warning("What is set for documents is not known now: %s", exc)
        except Exception:
            log.exception("What is set for documents could not be found out")
        return [gr.update() for _ in self.components]

    def _save(self, what: str, title: str, where: str, opened: str | None, *door: Any) -> str:
        def saved() -> str:
            writing, who = self._writing(), self._door.person()
            document = writing.make(who, self._choice(what, opened, door), title or None)
            return told(writing.save(who, document, "drive" if where == "drive" else "folder"))

        return _tried(saved, "A document could not be saved")

    def _choose(self, link: str) -> list[Any]:
        """Keep another folder in Google Drive, where there is one under the link."""
        import gradio as gr

        shown = [gr.update(), gr.update()]

        def chosen() -> str:
            found = self._writing().set_folder(self._door.person(), link or "")
            shown[:] = reversed(self._places())
            return note(f"Documents can go into “{found.name}” now.", "good")

        return [_tried(chosen, "A folder could not be set"), *shown]

    def _choice(self, what: str, opened: str | None, door: tuple[Any, ...]) -> Choice:
        """Return which exchanges are meant. Raises NotFound where none is open."""
        if what == "opened":
            if not opened or not opened.isdecimal():
                raise NotFound("No memory is open. Choose one under “What it remembers”, or save something else.")
            return One(int(opened))
        here = self._door.here(*door)
        if what == "chat" and not here.place:
            raise NotFound("Which chat is open is not known here. Say something in it first, or save the last reply.")
        return Chat(here.place or "") if what == "chat" else Recent(place=here.place)

    def _places(self) -> list[Any]:
        """Return what fills `where` and `link`: Google Drive is offered once it is set up."""
        import gradio as gr

        writing, who = self._writing(), self._door.person()
        folder = writing.desk(who).folder
        offered = [each for each in WHERE if each[1] == "folder" or (writing.drives and folder)]
        label = f"Folder in Google Drive (now: {folder.name})" if folder else "Folder in Google Drive"
        where = gr.update(choices=offered, value=writing.target(who), visible=len(offered) > 1)
        return [where, gr.update(visible=writing.drives, label=label, value="")]

    def _writing(self) -> Writing:
        return self._door.app().writing


def told(saved: Saved) -> str:
    """Return where a document is now, as HTML: a link to it, in Google Drive or to take along."""
    document = saved.document
    name = escape(document.name)
    if saved.link:
        link = f'<a href="{escape(saved.link)}" target="_blank" rel="noopener noreferrer">Open {name} in Google Drive</a>'
        return f'<p class="note good" role="status">Saved. {link}</p>'
    where = f'<p class="note good" role="status">Saved: {escape(str(saved.path))}</p>'
    if len(document.data) > LARGEST_LINK:
        return where
    data = f"data:{MEDIA};base64,{b64encode(document.data).decode()}"
    return f'{where}<p class="note"><a href="{data}" download="{name}">Download {name}</a></p>'


def _tried(action: Callable[[], str], otherwise: str) -> str:
    """Return what an action shows, or a sentence on why it could not be done."""
    try:
        return action()
    except FamiliarError as exc:
        return note(str(exc), "bad")
    except Exception as exc:
        log.exception(otherwise)
        return note(f"This did not work ({type(exc).__name__}); the log has the details.", "bad")
