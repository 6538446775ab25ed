"""Runs in the panel: what a training would need, starting and stopping it, its loss while it goes on, and all runs with their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from html import escape
from time import sleep
from typing import Any

from ...errors import FamiliarError
from ...refresh.training.estimate import Cost
from ...refresh.training.folder import Run
from ...refresh.training.progress import Progress
from ..cards import note, size
from ..picking import Removal
from .course import Course
from .losses import figure
from .sampling import recipe
from .trying import tried

GLANCE = 1.0
"""Seconds between two looks at a training."""
ACTIVE = ("starting", "training")
MARKS = {"done": "✓", "training": "▸", "starting": "▸", "waiting": "·"}


class Running:
    """The runs as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, course: Course, chosen: list[Any]) -> None:
        import gradio as gr

        self._course, self._chosen = course, chosen
        with gr.Row(elem_classes="buttons"):
            self.estimate = gr.Button("What would it need?", size="sm", min_width=60, elem_id="familiar-training-estimate")
            self.start = gr.Button("Start", size="sm", variant="primary", min_width=60, elem_id="familiar-training-start")
        self.note = gr.HTML(elem_id="familiar-training-note")
        self.list = gr.Radio([], label="Runs", show_label=False, elem_id="familiar-training-runs", elem_classes="lines")
        with gr.Column(visible=False, elem_id="familiar-training-run", elem_classes="opened") as self.detail:
            self.about = gr.HTML(elem_id="familiar-training-about")
            with gr.Row(elem_classes="buttons"):
                self.stop = gr.Button("Stop", size="sm", variant="stop", visible=False, min_width=60, elem_id="familiar-training-stop")
                self.resume = gr.Button("Go on", size="sm", visible=False, min_width=60, elem_id="familiar-training-resume")
                self.remove = gr.Button("Delete", size="sm", visible=False, min_width=60, elem_id="familiar-training-delete")
            self.removal = Removal("familiar-training", "Delete the run with its adapter, for good?")

    @property
    def shown(self) -> list[Any]:
        """The components that a run fills."""
        return [self.list, self.detail, self.about, self.stop, self.resume, self.remove, self.note]

    def connect(self, event: dict[str, Any], load: Any) -> None:
        """Wire it together. `load` is the event of a page that opens."""
        looks: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": 8}
        self.estimate.click(self.estimated, self._chosen, self.note, **event)
        self.start.click(self.started, self._chosen, self.shown, **looks)
        self.resume.click(self.resumed, self.list, self.shown, **looks)
        self.list.input(self.watch, self.list, self.shown, **looks)
        self.stop.click(tried(self._stop, 1, 0), self.list, self.note, **event)
        self.removal.connect(self.remove)
        self.removal.yes.click(tried(self._remove, 8, 6), self.list, [*self.shown, self.removal.frame], **event)
        if load is not None:
            load(self.watch, None, self.shown, **looks)

    def estimated(self, *values: Any) -> Iterator[str]:
        """Yield that it is being found out, then what a training would need. Never raises."""
        yield note("Building the dataset, and measuring this machine …")
        (found,) = tried(lambda: [costs(self._course.cost(self._course.built(recipe(*values))))], 1, 0)()
        yield found

    def started(self, *values: Any) -> Iterator[list[Any]]:
        """Start a training, and yield what fills `shown` until it ends. Never raises."""
        yield self._noted(note("Building the dataset, and starting …"))
        yield from self._begun(lambda: self._course.start(self._course.built(recipe(*values))))

    def resumed(self, name: str | None) -> Iterator[list[Any]]:
        """Go on with a training, and yield what fills `shown` until it ends. Never raises."""
        if name:
            yield from self._begun(lambda: self._course.go_on(name))

    def watch(self, name: str | None = None) -> Iterator[list[Any]]:
        """Yield what fills `shown` with a run, the newest where none is named, as long as it goes on. Never raises."""
        try:
            runs = self._course.runs()
        except FamiliarError:  # not the owner, or nothing there: the list stays empty
            return
        wanted = next((run for run in runs if name in (None, run.name)), None)
        if wanted is None:
            return
        if name is None and self._course.progress(wanted).state not in ACTIVE:
            yield [self.listed(), *(_left() for _ in range(6))]
            return
        last: Progress | None = None
        while True:
            now = self._course.progress(wanted)
            if last is None or now != last:
                (*found,) = tried(lambda now=now: self._picture(wanted, now), 7, 6)()
                yield found
            if now.state not in ACTIVE:
                return
            last = now
            sleep(GLANCE)

    def listed(self, chosen: str | None = None) -> Any:
        """Return what fills the list. Raises Denied."""
        import gradio as gr

        return gr.update(choices=[(label(run, self._course.progress(run)), run.name) for run in self._course.runs()[:50]], value=chosen)

    def _begun(self, begin: Any) -> Iterator[list[Any]]:
        names: list[str] = []

        def begun() -> list[Any]:
            names.append(begin().name)
            return self._noted(note(f"{names[0]} is being trained. It goes on when this page is closed.", "good"))

        yield tried(begun, 7, 6)()
        for name in names:
            yield from self.watch(name)

    def _picture(self, run: Run, now: Progress) -> list[Any]:
        import gradio as gr

        active = now.state in ACTIVE
        buttons = (active, not active and now.state != "done", not active)
        shown = [gr.update(visible=each) for each in buttons]
        return [self.listed(run.name), gr.update(visible=True), about(run, now), *shown, _left() if active else ""]

    def _noted(self, html: str) -> list[Any]:
        return [*(_left() for _ in range(6)), html]

    def _stop(self, name: str | None) -> list[Any]:
        if not name:
            return [_left()]
        self._course.stop(name)
        return [note(f"{name} was stopped after its step. It can be gone on with.", "good")]

    def _remove(self, name: str | None) -> list[Any]:
        import gradio as gr

        hidden = gr.update(visible=False)
        if name:
            self._course.remove(name)
        return [self.listed(), hidden, "", hidden, hidden, hidden, note("Deleted." if name else ""), hidden]


def about(run: Run, now: Progress) -> str:
    """Return how a run is, as HTML."""
    state = {"training": "is being trained", "starting": "is starting", "done": "is done", "killed": "was killed"}.get(now.state, now.state)
    facts = [
        f"step {now.step:,} of {now.steps:,}" if now.steps else "",
        f"{now.tokens_per_second:,.0f} tokens/s" if now.tokens_per_second else "",
        size(now.memory) if now.memory else "",
        f"{duration(now.eta)} left" if now.eta else "",
    ]
    bar = f'<progress max="{now.steps}" value="{now.step}" aria-label="Steps"></progress>' if now.state in ACTIVE and now.steps else ""
    head = f'<p class="facts"><b>{escape(run.name)}</b> {escape(state)}</p>{bar}<p class="facts">{" · ".join(filter(None, facts))}</p>'
    trouble = note(now.trouble, "bad")
    return head + figure(run.log.losses(), run.log.losses("eval_loss"), now.steps) + trouble


def label(run: Run, now: Progress) -> str:
    """Return a run as a line of the list: its name, and below it its numbers."""
    losses = [loss for _, loss in run.log.losses()]
    parts = [now.state, f"{now.step:,} of {now.steps:,} steps" if now.steps else ""]
    parts += [f"loss {losses[0]:.2f} → {losses[-1]:.2f}"] if losses else []
    return f"{MARKS.get(now.state, '–')} {run.name}\n{' · '.join(filter(None, parts))}"


def costs(found: Cost) -> str:
    """Return what a training would need, as HTML."""
    parts = {name: size(value) for name, value in asdict(found.memory).items() if value}
    lines = [
        f"{found.model}: {found.parameters:,} parameters, {found.adapted:,} of them trained; on {found.device}, {found.plan}.",
        f"{found.samples:,} samples, {found.tokens:,} tokens, {found.learned:,} of them learned; {found.steps:,} steps.",
        f"Memory: {size(found.memory.total)} ({', '.join(f'{name} {amount}' for name, amount in parts.items())}).",
        f"Time: about {duration(found.seconds)}.",
    ]
    return "".join(f'<p class="facts">{escape(line)}</p>' for line in lines) + note(found.advice, "good" if found.fits else "bad")


def duration(seconds: float) -> str:
    """Return seconds in words."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _left() -> Any:
    import gradio as gr

    return gr.update()
