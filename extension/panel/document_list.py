"""The documents of the library in the panel: which there are, how much room they take, and removing one."""

from __future__ import annotations

import logging
from typing import Any

from ..context.catalogue import Document
from ..context.library import Library
from ..errors import FamiliarError, NotFound
from ..messages import Person
from .cards import Viewer, note, shortened, size
from .door import Door
from .filters import Wanted
from .picking import Removal, number_of, told

log = logging.getLogger(__name__)

PAGE = 10
"""Documents listed at first, and added by each "Show more"."""
EMPTY = "No documents yet. Drop a file above: replies then draw on it, and say which page."
NOT_FOUND = "No document is called “{}”. Try a single word, or clear it."
_GONE = "This document is not there any more."


class DocumentList:
    """The documents as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, door: Door) -> None:
        import gradio as gr

        self._door = door
        self.text = gr.Textbox(
            label="Search the documents", placeholder="a title or a file", max_lines=1, elem_id="familiar-document-search"
        )
        self.wanted = gr.State(Wanted(PAGE))
        """What was searched for last; see `Browser.wanted`."""
        self.open = gr.State()
        self.caption = gr.HTML(elem_id="familiar-documents-found")
        self.choice = gr.Radio([], label="Documents", show_label=False, elem_id="familiar-documents", elem_classes="lines")
        self.more = gr.Button("Show more documents", size="sm", visible=False, elem_id="familiar-documents-more", elem_classes="small")
        with gr.Column(visible=False, elem_id="familiar-document", elem_classes="opened") as self.detail:
            self.about = gr.HTML()
            with gr.Row(elem_classes="buttons") as self.actions:
                self.remove = gr.Button("Remove", size="sm", variant="stop", min_width=60, elem_id="familiar-document-remove")
            self.removal = Removal("familiar-document", "Remove it from the library? No reply draws on it any more. The file itself stays.")
        self.note = gr.HTML(elem_id="familiar-document-note")

    @property
    def found(self) -> list[Any]:
        """The components `find` fills."""
        return [self.choice, self.caption, self.more]

    @property
    def shown(self) -> list[Any]:
        """The components that the actions fill."""
        return [self.open, self.detail, self.about, self.actions, self.removal.frame, self.note]

    def connect(self, event: dict[str, Any]) -> dict[str, Any]:
        """Wire it together, and return the event that makes it look again. `event` says how events run that fill lists."""
        looks: dict[str, Any] = {"show_progress": "hidden"}
        find = {"fn": self.find, "inputs": self.wanted, "outputs": self.found, **event}
        self.text.change(self._search, self.text, [*self.found, self.wanted], trigger_mode="always_last", **event)
        self.more.click(self._more, self.wanted, [*self.found, self.wanted], **event)
        self.choice.input(self._told(self.show), self.choice, self.shown, **looks)
        self.removal.connect(self.remove)
        self.removal.yes.click(self._told(self._remove), self.open, self.shown, **looks).then(**find)
        return find

    def find(self, wanted: Wanted) -> list[Any]:
        """Return what fills `found`. Never raises: a failure is a sentence."""
        import gradio as gr

        try:
            library, person = self._door.app().library, self._door.person()
            every = visible(library, person)
            text = wanted.text.strip().casefold()
            matching = [each for each in every if text in f"{each.title} {each.source}".casefold()]
            listed = matching[: wanted.count]
            choices = [(label(each, Viewer(person.id)), str(each.id)) for each in listed]
            more = gr.update(visible=len(listed) < len(matching))
            return [gr.update(choices=choices, value=None), note(_caption(wanted.text, len(listed), matching, every)), more]
        except FamiliarError as exc:
            return [gr.update(), note(str(exc), "bad"), gr.update(visible=False)]
        except Exception as exc:
            log.exception("The documents could not be listed")
            trouble = note(f"The documents cannot be listed ({type(exc).__name__}); the log has the details.", "bad")
            return [gr.update(), trouble, gr.update(visible=False)]

    def show(self, chosen: str) -> list[Any]:
        """Return what fills `shown` with a document. Raises NotFound, StoreError."""
        import gradio as gr

        person = self._door.person()
        document = self._one(chosen, person)
        own = document.owner == person.id
        theirs = "" if own else note(f"Only {document.owner}, who handed it over, can remove it.")
        return [
            chosen,
            gr.update(visible=True),
            about(document, Viewer(person.id)) + theirs,
            gr.update(visible=own),
            gr.update(visible=False),
            "",
        ]

    def _one(self, chosen: str, person: Person) -> Document:
        found = next((each for each in visible(self._door.app().library, person) if each.id == number_of(chosen)), None)
        if found is None:
            raise NotFound(_GONE)
        return found

    def _remove(self, chosen: str) -> list[Any]:
        person = self._door.person()
        document = self._one(chosen, person)
        if document.owner != person.id:
            raise NotFound(f"This is not yours: only {document.owner} can remove it.")
        self._door.app().library.remove(document.id)
        return _closed("Removed.", "good")

    def _search(self, text: str) -> list[Any]:
        wanted = Wanted(PAGE, text or "")
        return [*self.find(wanted), wanted]

    def _more(self, wanted: Wanted) -> list[Any]:
        wanted = Wanted(wanted.count + PAGE, wanted.text)
        return [*self.find(wanted), wanted]

    def _told(self, action: Any) -> Any:
        return told(action, _closed("Choose a document first."), len(self.shown), log)


def visible(library: Library, person: Person) -> list[Document]:
    """Return the documents a person handed over and those that are for everyone, the newest first. Raises StoreError."""
    found = library.catalogue.documents()
    return [each for each in found if each.owner == person.id or each.shelf.scope == "everyone"][::-1]


def label(document: Document, viewer: Viewer) -> str:
    """Return a document as lines of the list: its title; of what kind, how long, when, and whom it is for."""
    when = document.when.astimezone(viewer.zone)
    parts = (document.kind, _passages(document.passages), f"{when.day} {when:%b %Y}", whom(document))
    return f"{shortened(document.title or document.source, 80)}\n{' · '.join(parts)}"


def about(document: Document, viewer: Viewer) -> str:
    """Return what there is to say of a document, as HTML."""
    sizes = f"{size(document.bytes)}, {_passages(document.passages)} in {size(document.stored)}"
    parts = (document.source, document.kind, sizes, whom(document), f"read {viewer.when(document.when)}", f"no. {document.id}")
    return "".join(note(part) for part in (shortened(document.title, 200), " · ".join(part for part in parts if part)))


def whom(document: Document) -> str:
    """Return whom a document is for."""
    shelf = document.shelf
    if shelf.scope == "everyone":
        return "for everyone"
    return f"for {shortened(shelf.companion, 40)}" if shelf.scope == "companion" else f"in {shortened(shelf.place, 40)}"


def _caption(text: str, shown: int, matching: list[Document], every: list[Document]) -> str:
    if not matching:
        return NOT_FOUND.format(shortened(text, 40)) if every else EMPTY
    of, some = f"{shown:,} of " if shown < len(matching) else "", "s" if len(matching) > 1 else ""
    passages, stored = sum(each.passages for each in matching), sum(each.stored for each in matching)
    return f"{of}{len(matching):,} document{some}, the newest first: {_passages(passages)}, {size(stored)} in the database."


def _passages(count: int) -> str:
    return f"{count:,} passage{'' if count == 1 else 's'}"


def _closed(text: str, kind: str = "bad") -> list[Any]:
    import gradio as gr

    return [None, gr.update(visible=False), "", gr.update(visible=False), gr.update(visible=False), note(text, kind)]
