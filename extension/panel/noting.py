"""What was made of the memories, in the panel: facts and summaries, of what the filters let through, and making them now."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from time import sleep
from typing import Any

from ..app import App
from ..errors import FamiliarError
from .cards import Viewer, note
from .door import Door
from .fact_list import PAGE, FactList
from .filters import Filters, Wanted
from .noted import Noted
from .summary_list import SummaryList

log = logging.getLogger(__name__)

WATCHED = 120.0
"""Seconds for which the work is watched after the button was pressed; it goes on after that."""
_GLANCE = 0.5
_GOES_ON = "It goes on while nobody is talking. Refresh shows how far it is."


class Noting:
    """Facts and summaries as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, door: Door, filters: Filters) -> None:
        import gradio as gr

        self._door = door
        self._filters = filters
        self.status = gr.HTML(elem_id="familiar-thinking")
        self.now = gr.Button("Note and sum up now", size="sm", visible=False, elem_id="familiar-think", elem_classes="small")
        self.facts = FactList(door)
        self.wanted = gr.State(Wanted(PAGE))
        """What was searched for last among the facts; see `Browser.wanted`."""
        self.summaries = SummaryList(door)

    @property
    def found(self) -> list[Any]:
        """The components `look` fills."""
        return [self.status, self.now, *self.facts.found, *self.summaries.found]

    def connect(self, event: dict[str, Any]) -> dict[str, Any]:
        """Wire it together, and return the event that makes it look again. `event` says how events run that fill lists."""
        values, found = [*self._filters.values, *self._door.inputs], [*self.facts.found, self.wanted]
        look = {"fn": self.look, "inputs": [self.wanted, *values], "outputs": self.found, **event}
        self.facts.text.change(self._search, [self.facts.text, *values], found, trigger_mode="always_last", **event)
        self.facts.more.click(self._more, [self.wanted, *values], found, **event)
        self.now.click(self._think, None, self.status, show_progress="hidden", concurrency_limit=8).then(**look)
        for each in (self.facts.saved, self.facts.removed, self.summaries.remade, self.summaries.removed):
            each.then(**look)
        return look

    def look(self, wanted: Wanted, *values: Any) -> list[Any]:
        """Return what fills `found`; `values` are those of the filters and of the door. Never raises: a failure is a sentence."""
        import gradio as gr

        try:
            app, noted, viewer, chosen = self._asked(values)
            facts = self.facts.find(noted, viewer, wanted.text, wanted.count, chosen)
            summaries = self.summaries.find(noted, viewer, chosen)
            return [note(_status(app, noted)), gr.update(visible=app.notes), *facts, *summaries]
        except FamiliarError as exc:
            trouble = str(exc)
        except Exception as exc:
            log.exception("Facts and summaries could not be listed")
            trouble = f"This cannot be listed ({type(exc).__name__}); the log has the details."
        return [note(trouble, "bad"), *(gr.update() for _ in self.found[1:])]

    def _asked(self, values: tuple[Any, ...]) -> tuple[App, Noted, Viewer, Any]:
        app, person, wanted = self._door.app(), self._door.person(), len(self._filters.values)
        here = self._door.here(*values[wanted:])
        return app, Noted(app, person), Viewer(person.id, here.place), self._filters.chosen(*values[:wanted])

    def _search(self, text: str, *values: Any) -> list[Any]:
        return self._facts(Wanted(PAGE, text or ""), values)

    def _more(self, wanted: Wanted, *values: Any) -> list[Any]:
        return self._facts(replace(wanted, count=wanted.count + PAGE), values)

    def _facts(self, wanted: Wanted, values: tuple[Any, ...]) -> list[Any]:
        return [*self.look(wanted, *values)[2:5], wanted]

    def _think(self) -> Iterator[str]:
        """Yield how far the work is, until it is done or was watched for long."""
        try:
            app, noted = self._door.app(), Noted(self._door.app(), self._door.person())
            app.idle.hurry()
            for _ in range(int(WATCHED / _GLANCE)):
                if not app.idle.at_work:
                    break
                yield note(_progress(noted))
                sleep(_GLANCE)
            trouble = app.idle.trouble
            yield note(trouble, "bad") if trouble else note(_GOES_ON if app.idle.at_work else "Done.", "good")
        except FamiliarError as exc:
            yield note(str(exc), "bad")
        except Exception as exc:
            log.exception("Facts and summaries could not be made now")
            yield note(f"This did not work ({type(exc).__name__}); the log has the details.", "bad")


def _progress(noted: Noted) -> str:
    waiting = noted.waiting()
    return f"At work: {waiting:,} exchanges left to look through …" if waiting else "At work …"


def _status(app: App, noted: Noted) -> str:
    if app.idle.trouble:
        return f"Making them has to wait: {app.idle.trouble}"
    waiting = noted.waiting()
    return f"{waiting:,} exchange{'' if waiting == 1 else 's'} to look through for facts, while nobody is talking." if waiting else ""
