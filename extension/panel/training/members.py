"""People in the panel: who is in the chats, what they agreed to, who is left out, and what they are called."""

from __future__ import annotations

from typing import Any

from ...refresh.people import CONSENTS, Consent, Member
from ..cards import note, shortened
from .course import Course
from .trying import tried

MOST = 200
ASK = "Nobody's words are learned without consent: ask them, and write here what they said."
MARKS = {"given": "✓ consent", "refused": "✗ refused", "unknown": "consent unknown"}


class Members:
    """The people as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, course: Course) -> None:
        import gradio as gr

        self._course = course
        gr.HTML(note(ASK))
        self.list = gr.Radio([], label="People", show_label=False, elem_id="familiar-training-people", elem_classes="lines")
        with gr.Column(visible=False, elem_id="familiar-training-person", elem_classes="opened") as self.form:
            self.consent = gr.Radio(
                [("agreed", "given"), ("not asked", "unknown"), ("refused", "refused")],
                label="Consent to be learned and spoken as",
                elem_id="familiar-training-consent",
            )
            with gr.Row(elem_classes="fields"):
                self.name = gr.Textbox(label="Name", max_lines=1, min_width=120, elem_id="familiar-training-name")
                self.first = gr.Textbox(label="First name", max_lines=1, min_width=120, elem_id="familiar-training-first")
            self.excluded = gr.Checkbox(label="Leave out altogether", elem_id="familiar-training-excluded")
            self.save = gr.Button("Save", size="sm", variant="primary", elem_id="familiar-training-save")
        self.note = gr.HTML(elem_id="familiar-training-people-note")

    @property
    def shown(self) -> list[Any]:
        """The components of the form, and the note."""
        return [self.form, self.consent, self.name, self.first, self.excluded, self.note]

    def connect(self, event: dict[str, Any]) -> list[Any]:
        """Wire it together, and return the events after which people are others."""
        self.list.input(tried(self.open, 6, 5), self.list, self.shown, **event)
        values = [self.list, self.consent, self.name, self.first, self.excluded]
        return [self.save.click(tried(self.keep, 2, 1), values, [self.list, self.note], **event)]

    def listed(self) -> Any:
        """Return what fills the list. Raises StoreError."""
        import gradio as gr

        return gr.update(choices=[(label(each), each.id) for each in self._course.people.index()[:MOST]])

    def open(self, number: str) -> list[Any]:
        """Return what fills `shown` with somebody."""
        import gradio as gr

        member = self._course.people.of(number)
        return [gr.update(visible=True), member.consent, member.name, member.first_name, member.excluded, ""]

    def keep(self, number: str, consent: Consent, name: str, first: str, excluded: bool) -> list[Any]:
        """Write down what was said about somebody."""
        people = self._course.people
        before = people.of(number)
        kept = people.change(
            number,
            consent=consent if consent in CONSENTS and consent != before.consent else None,
            name=name if name != before.name else None,
            first_name=first if first != before.first_name else None,
            excluded=excluded,
        )
        self._course.anew()
        return [self.listed(), note(f"Kept: {kept.name}, {MARKS[kept.consent]}.", "good")]


def label(member: Member) -> str:
    """Return somebody as a line of the list: the name, and below it what there is to know."""
    what = ["companion" if member.companion else "bot" if member.bot else MARKS[member.consent]]
    what += ["left out"] if member.excluded else []
    years = dict.fromkeys(f"{each:%Y}" for each in (member.since, member.until) if each)
    span = f", {' to '.join(years)}" if years else ""
    return f"{shortened(member.name, 60)}\n{member.lines:,} messages{span} · {', '.join(what)}"
