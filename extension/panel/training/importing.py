"""Chats into the panel: files that are dropped are looked at first, and kept when somebody says so."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from ...refresh.chats import Kept
from ...refresh.imports.intake import Found
from ..cards import note, shortened
from .course import Course, dropped
from .trying import tried

MOST_PEOPLE, MOST_CHATS = 12, 30


class Importing:
    """Where chats are handed over as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, course: Course) -> None:
        import gradio as gr

        self._course = course
        self.me = gr.Textbox(
            label="What I am called in them",
            info="My words in them may be learned then. Empty where I am not in them, or for chats with companions.",
            max_lines=1,
            elem_id="familiar-training-me",
        )
        self.drop = gr.File(label="Exports of chats", file_count="multiple", type="filepath", height=110, elem_id="familiar-training-drop")
        self.files = gr.State([])
        self.preview = gr.HTML(elem_id="familiar-training-preview")
        with gr.Row(visible=False, elem_classes="buttons") as self.asked:
            self.keep = gr.Button("Keep them", size="sm", variant="primary", min_width=60, elem_id="familiar-training-keep")
            self.leave = gr.Button("Leave them", size="sm", min_width=60, elem_id="familiar-training-leave")
        self.list = gr.HTML(elem_id="familiar-training-chats")

    @property
    def shown(self) -> list[Any]:
        """The components that looking and keeping fill."""
        return [self.drop, self.files, self.preview, self.asked]

    def connect(self, event: dict[str, Any]) -> list[Any]:
        """Wire it together, and return the events after which there are other chats."""
        self.drop.upload(tried(self.look, 4, 2), [self.drop], self.shown, **event)
        self.leave.click(self.let_go, self.files, self.shown, **event)
        return [self.keep.click(tried(self.take, 4, 2), [self.files, self.me], self.shown, **event)]

    def look(self, files: Sequence[str] | None) -> list[Any]:
        """Return what fills `shown` with what files hold."""
        import gradio as gr

        found = self._course.looked(files or ())
        good = any(each.lines for each in found)
        if not good:
            dropped(files)
        return [gr.update(value=None), list(files or ()) if good else [], preview(found), gr.update(visible=good)]

    def take(self, files: Sequence[str], me: str) -> list[Any]:
        """Keep the chats, and return what fills `shown`."""
        import gradio as gr

        return [gr.update(), [], preview(self._course.kept(files, me)), gr.update(visible=False)]

    def let_go(self, files: Sequence[str]) -> list[Any]:
        """Keep nothing, and return what fills `shown`."""
        import gradio as gr

        dropped(files)
        return [gr.update(), [], note("Nothing was kept."), gr.update(visible=False)]

    def listed(self) -> str:
        """Return the chats there are. Raises StoreError."""
        found = self._course.chats.kept()
        if not found:
            return note("No chats were imported yet. What was said to companions can be learned from as it is.")
        items = "".join(_kept(each) for each in found[:MOST_CHATS])
        more = note(f"… and {len(found) - MOST_CHATS:,} more: familiar chats list") if len(found) > MOST_CHATS else ""
        return f'<ul class="taken">{items}</ul>{more}'


def preview(found: Sequence[Found]) -> str:
    """Return what files hold, and what became of them, as HTML."""
    return "".join(_found(each) for each in found)


def _found(found: Found) -> str:
    name = f"<b>{escape(shortened(found.name, 80))}</b>"
    if found.refused:
        return f'<p class="facts bad" role="alert">{name}: {escape(found.refused)}</p>'
    span = f", {found.since:%Y-%m-%d} to {found.until:%Y-%m-%d}" if found.since and found.until else ""
    head = f'<p class="facts">{name} ({escape(found.format)}): {found.lines:,} messages in {_count(len(found.chats), "chat")}{span}</p>'
    rows = [f"<tr><td>{escape(shortened(who, 40))}</td><td>{count:,}</td></tr>" for who, count in list(found.people.values())[:MOST_PEOPLE]]
    if len(found.people) > MOST_PEOPLE:
        rows.append(f"<tr><td>… {len(found.people) - MOST_PEOPLE:,} more</td><td></td></tr>")
    table = f'<table class="counts"><tbody>{"".join(rows)}</tbody></table>' if rows else ""
    left = ", ".join(f"{escape(reason)} {count:,}" for reason, count in found.dropped.items())
    return head + table + (f'<p class="facts">Left out: {left}</p>' if left else "") + _added(found)


def _added(found: Found) -> str:
    added = found.added
    if added is None:
        return ""
    parts = [f"{added.added:,} messages kept"]
    parts += [f"{added.there:,} were there already"] if added.there else []
    parts += [f"{added.changed:,} changed"] if added.changed else []
    parts += [f"{added.forgotten:,} of people who are forgotten left out"] if added.forgotten else []
    return note(", ".join(parts) + ".", "good")


def _kept(kept: Kept) -> str:
    span = f", {kept.since:%Y-%m-%d} to {kept.until:%Y-%m-%d}" if kept.since and kept.until else ""
    title = escape(shortened(kept.chat.title or kept.chat.id, 60))
    return (
        f"<li><b>{title}</b> ({escape(kept.chat.format)}): {kept.lines:,} messages of {_count(kept.people, 'person', 'people')}{span}</li>"
    )


def _count(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
