"""Handing documents over in the panel: files that are dropped, or an address; how far they are, and what came of each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

from ..context.handover import Handover, State, Take
from ..context.intake import Progress, Stop, Taken, Told
from ..context.library import Library
from ..context.shelves import Shelf
from ..errors import FamiliarError, NotFound, UnreadableDocument
from ..messages import ShelfScope
from .cards import note, shortened
from .door import Door

log = logging.getLogger(__name__)

SCOPES: tuple[tuple[str, ShelfScope], ...] = (
    ("This companion, when it talks with me alone", "companion"),
    ("This chat", "place"),
    ("Everyone", "everyone"),
)
GLANCE = 0.3
"""Seconds between two pictures of how far it is."""
MOST_NAMED = 50
"""Documents of which the panel says what came of each."""
DONE = {"added": "read", "changed": "read again", "there": "known already", "moved": "known under another name"}


class Reading:
    """Where documents are handed over as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, door: Door) -> None:
        import gradio as gr

        self._door = door
        self.scope = gr.Radio(list(SCOPES), value=SCOPES[0][1], label="Whom they are for", elem_id="familiar-read-scope")
        self.drop = gr.File(label="Files", file_count="multiple", type="filepath", height=120, elem_id="familiar-drop")
        self.address = gr.Textbox(
            label="Or a web address",
            placeholder="https://…, then Enter",
            max_lines=1,
            interactive=True,
            elem_id="familiar-read-address",
        )
        self.progress = gr.HTML(elem_id="familiar-reading")
        self.stop = gr.Button("Stop reading", size="sm", variant="stop", visible=False, elem_id="familiar-read-stop", elem_classes="small")

    @property
    def shown(self) -> list[Any]:
        """The components that reading fills."""
        return [self.drop, self.address, self.progress, self.stop]

    def connect(self, load: Any) -> list[Any]:
        """Wire it together, and return the events after which there are other documents. `load` is the event of a page that opens."""
        where = list(self._door.inputs)
        looks: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": 8}
        self.stop.click(self.end, None, None, show_progress="hidden")
        events = [
            self.drop.upload(self.read_files, [self.drop, self.scope, *where], self.shown, **looks),
            self.address.submit(self.read_page, [self.address, self.scope, *where], self.shown, **looks),
        ]
        return [*events, load(self.watch, None, self.shown, **looks)] if load is not None else events

    def read_files(self, files: Sequence[str] | None, scope: ShelfScope, *where: Any) -> Iterator[list[Any]]:
        """Take files in that the browser sent, and yield what fills `shown`. Never raises: a failure is a sentence."""
        paths = [Path(each) for each in files or ()]

        def take(library: Library, shelf: Shelf, owner: str, told: Told, stop: Stop) -> Iterator[Taken]:
            for at, path in enumerate(paths):
                yield _uploaded(library, path, shelf, owner, _counted(told, at, len(paths)), stop)

        if paths:
            yield from self._started(take, scope, where)

    def read_page(self, address: str, scope: ShelfScope, *where: Any) -> Iterator[list[Any]]:
        """Take in what a web address gives, and yield what fills `shown`. Never raises: a failure is a sentence."""
        wanted = (address or "").strip()
        if not wanted:
            return
        if not wanted.startswith(("http://", "https://")):
            wanted = f"https://{wanted}"

        def take(library: Library, shelf: Shelf, owner: str, told: Told, stop: Stop) -> Iterator[Taken]:
            yield from library.read(wanted, shelf, owner, told=told, stop=stop)

        yield from self._started(take, scope, where)

    def watch(self) -> Iterator[list[Any]]:
        """Yield what fills `shown` while something is read that was handed over before this page was opened."""
        try:
            running = self._door.app().handovers.of(self._door.person().id)
        except FamiliarError:  # the lists say why
            return
        for handover in running[-1:]:
            yield from self._pictures(handover)

    def end(self) -> None:
        """Stop what is being read for this person; what was taken in until then stays."""
        try:
            for handover in self._door.app().handovers.of(self._door.person().id):
                handover.stop()
        except FamiliarError as exc:
            log.warning("Reading could not be stopped: %s", exc)

    def _started(self, take: Callable[..., Iterator[Taken]], scope: ShelfScope, where: tuple[Any, ...]) -> Iterator[list[Any]]:
        try:
            app, person, here = self._door.app(), self._door.person(), self._door.here(*where)
            if scope == "place" and not here.place:
                raise NotFound("Which chat is open is not known here. Say something in it first, or hand it over for someone else.")
            shelf = app.library.shelf(scope, person, self._door.shelf(here.companion), here.place or "")
            handed: Take = lambda told, stop: take(app.library, shelf, person.id, told, stop)  # noqa: E731
            yield from self._pictures(app.handovers.start(person.id, handed))
        except FamiliarError as exc:
            yield self._picture(note(str(exc), "bad"), reading=False)
        except Exception as exc:
            log.exception("Documents could not be handed over")
            yield self._picture(note(f"This did not work ({type(exc).__name__}); the log has the details.", "bad"), reading=False)

    def _pictures(self, handover: Handover) -> Iterator[list[Any]]:
        for number, state in enumerate(handover.watch(GLANCE)):
            yield self._picture(told(state), reading=not state.done, emptied=not number)

    def _picture(self, html: str, *, reading: bool, emptied: bool = False) -> list[Any]:
        """Return what fills `shown`; `emptied` takes away what was handed over, so that there is room for more."""
        import gradio as gr

        fields = [gr.update(value=None), gr.update(value="")] if emptied else [gr.update(), gr.update()]
        return [*fields, html, gr.update(visible=reading)]


def told(state: State) -> str:
    """Return how far documents are, and what came of those before, as HTML."""
    bar = "" if state.done else _bar(state.progress)
    named = state.taken[-MOST_NAMED:]
    left_out = note(f"… {len(state.taken) - len(named):,} before these.") if len(named) < len(state.taken) else ""
    items = "".join(_came_of(each) for each in named)
    end = note(_end(state), "bad" if state.trouble else "good") if state.done else ""
    return bar + left_out + (f'<ul class="taken">{items}</ul>' if items else "") + end


def _bar(progress: Progress | None) -> str:
    if progress is None:
        return '<p class="note" role="status">Looking at it …</p>'
    share = (progress.done + progress.share) / max(progress.total, 1)
    where = f"{progress.done + 1} of {progress.total}: " if progress.total > 1 else ""
    name, passages = escape(shortened(progress.name, 60)), _plural(progress.passages, "passage")
    label = f"{where}{name}, {passages} so far"
    return f'<p class="note" role="status">{label}</p><progress max="1" value="{share:.3f}" aria-label="{label}"></progress>'


def _came_of(taken: Taken) -> str:
    name = f"<b>{escape(shortened(taken.name, 80))}</b>"
    if taken.change == "refused":
        return f'<li class="bad" role="alert">{name}: {escape(taken.problem)}</li>'
    document = taken.document
    size = f", {_plural(document.passages, 'passage')}" if document is not None and taken.change in ("added", "changed") else ""
    warnings = "".join(f"<li>{escape(each)}</li>" for each in taken.warnings)
    return f"<li>{name}: {DONE.get(taken.change, taken.change)}{size}{f'<ul>{warnings}</ul>' if warnings else ''}</li>"


def _end(state: State) -> str:
    there = sum(each.change != "refused" for each in state.taken)
    return " ".join(filter(None, ("Stopped." if state.stopped else "", state.trouble, _arrived(len(state.taken), there))))


def _arrived(handed: int, there: int) -> str:
    if not there:
        return ""
    if there < handed:
        return f"{there:,} of {handed:,} documents {'is' if there == 1 else 'are'} in the library."
    return "It is in the library." if there == 1 else f"All {there:,} documents are in the library."


def _plural(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def _counted(told: Told, done: int, total: int) -> Told:
    return lambda progress: told(replace(progress, done=done, total=total))


def _uploaded(library: Library, path: Path, shelf: Shelf, owner: str, told: Told, stop: Stop) -> Taken:
    """Take in a file that the browser sent, and remove the copy that the browser's server made of it."""
    from gradio.utils import get_upload_folder

    try:
        if not path.resolve().is_relative_to(Path(get_upload_folder()).resolve()):
            raise UnreadableDocument("It was not sent by this page.")
        with path.open("rb") as file:
            return library.add_open(file, path.name, shelf, owner, told=told, stop=stop)
    except UnreadableDocument as exc:
        return Taken(path.name, "refused", problem=str(exc))
    except OSError as exc:
        return Taken(path.name, "refused", problem=f"It did not arrive ({exc.strerror}). Send it again.")
    finally:
        _remove(path)


def _remove(path: Path) -> None:
    from gradio.utils import get_upload_folder

    with suppress(OSError):
        if path.resolve().is_relative_to(Path(get_upload_folder()).resolve()):
            path.unlink()
            path.parent.rmdir()
