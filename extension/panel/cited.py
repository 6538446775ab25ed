"""Excerpts of documents, as HTML: those the model was shown for a reply, and the one behind a citation that was clicked."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from html import escape
from typing import Any

from ..errors import FamiliarError, NotFound
from ..messages import Excerpt
from ..prompt import origin
from .cards import note, scored, shortened
from .door import Door
from .listing import Listing

log = logging.getLogger(__name__)

LAST = "last"
"""Stands for the last reply of the open chat in the address of a citation."""
LONGEST_OPENING = 140
SCROLL = "() => document.getElementById('familiar-cited')?.scrollIntoView({ block: 'center' })"
_GONE = "What this cites was removed or changed since: it is not in the library any more."
_NO_CITATION = "This is no citation of a document."


class Cited:
    """The excerpt behind a citation as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, door: Door, unseen: str) -> None:
        """`unseen` is the class of fields that only the script writes to."""
        import gradio as gr

        self._door = door
        self.excerpt = gr.HTML(elem_id="familiar-cited")
        self.picked = gr.Textbox(elem_id="familiar-cite", elem_classes=unseen, label="Picked citation")
        shown = self.picked.change(self.show, [self.picked, *door.inputs], self.excerpt, show_progress="hidden")
        shown.then(None, None, None, js=SCROLL)

    def show(self, picked: str, *where: Any) -> str:
        """Return the excerpt of a picked citation: `12-2` is the second one of exchange 12. Never raises: a failure is a sentence."""
        try:
            exchange, _, number = picked.partition(" ")[0].partition("-")
            return self._excerpt(exchange, int(number) if number.isascii() and number.isdecimal() and len(number) < 4 else 0, where)
        except FamiliarError as exc:
            return note(str(exc), "bad")
        except Exception as exc:
            log.exception("A citation could not be followed")
            return note(f"This cannot be shown ({type(exc).__name__}); the log has the details.", "bad")

    def _excerpt(self, exchange: str, number: int, where: tuple[Any, ...]) -> str:
        app, person = self._door.app(), self._door.person()
        if exchange == LAST:
            why = self._door.whys.last(person.id, self._door.here(*where).place)
            groups = why.briefing.passage_ids if why else ()
        elif exchange.isascii() and exchange.isdecimal() and len(exchange) < 19:
            groups = Listing(app, person).one(int(exchange)).excerpts
        else:
            groups = ()
        if not 1 <= number <= len(groups):
            raise NotFound(_NO_CITATION)
        (found,) = app.library.excerpts([groups[number - 1]])
        if found is None:
            raise NotFound(_GONE)
        return f'<ol class="cards">{_card(number, found, with_scores=False, opened=True)}</ol>'


def quoted(found: Sequence[Excerpt | None], *, with_scores: bool = True) -> str:
    """Return the excerpts the model was shown, with their numbers; None stands for one that is removed."""
    items = "".join(_card(number, each, with_scores=with_scores) for number, each in enumerate(found, 1) if each is not None)
    gone = sum(each is None for each in found)
    rest = note(f"{quotes(gone)} {'was' if gone == 1 else 'were'} removed or changed since.") if gone else ""
    return (f'<ol class="cards">{items}</ol>' if items else "") + rest


def quotes(count: int) -> str:
    """Return a number of excerpts in words."""
    return "1 excerpt of a document" if count == 1 else f"{count} excerpts of documents"


def _card(number: int, excerpt: Excerpt, *, with_scores: bool, opened: bool = False) -> str:
    head = f'<header><b class="number">[{number}]</b><span>{escape(origin(excerpt))}</span></header>'
    opening = shortened(excerpt.text, LONGEST_OPENING)
    text = f'<details{" open" if opened else ""}><summary>{escape(opening)}</summary><p class="words">{escape(excerpt.text)}</p></details>'
    return f'<li data-excerpt="{number}"><article>{head}{scored(excerpt) if with_scores else ""}{text}</article></li>'
