"""What the model sees in the panel: the choices of a recipe, what they make of the chats, and any sample with its masks in colour."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from ...errors import SettingsError
from ...refresh.recipe.recipe import Recipe
from ...refresh.rendering.viewer import html
from ...refresh.statistics import Statistics, statistics
from ..cards import note, shortened
from .course import Built, Course
from .trying import tried

PLACEMENTS = (("in place of the role", "replace_role"), ("before the words", "content_prefix"), ("alone, without a template", "tag_only"))
KINDS = ("email", "phone", "url", "bank", "address", "birthday")
LONGEST = 4000
"""Tokens of a sample that are shown."""


class Sampling:
    """The recipe and the samples as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, course: Course) -> None:
        import gradio as gr

        self._course = course
        recipe = Recipe()
        with gr.Row(elem_classes="fields"):
            self.name = gr.Textbox(
                label="Name", placeholder="of the adapter", max_lines=1, min_width=120, elem_id="familiar-training-run-name"
            )
            self.epochs = gr.Number(
                label="Times through", value=recipe.training.num_epochs, min_width=90, elem_id="familiar-training-epochs"
            )
            self.longest = gr.Number(label="Tokens at once", value=1024, precision=0, min_width=90, elem_id="familiar-training-chunk")
        with gr.Accordion("More choices", open=False, elem_id="familiar-training-more"):
            self.model = gr.Textbox(
                label="Model", placeholder="the one the program comes with, or a folder", max_lines=1, elem_id="familiar-training-model"
            )
            self.placement = gr.Dropdown(
                list(PLACEMENTS), value="replace_role", label="Where names stand", elem_id="familiar-training-tags"
            )
            self.redact = gr.CheckboxGroup(list(KINDS), label="Take out", elem_id="familiar-training-redact")
            self.pseudonyms = gr.Checkbox(label="Other names for everybody", elem_id="familiar-training-pseudonyms")
            self.diary = gr.Checkbox(value=True, label="Also what was said to companions", elem_id="familiar-training-diary")
            gr.HTML(note("Every other key of a recipe: familiar train --write-config FILE, then --config FILE."))
        self.look = gr.Button("Look at what the model would see", size="sm", elem_id="familiar-training-look")
        self.told = gr.HTML(elem_id="familiar-training-told")
        with gr.Column(visible=False) as self.viewer:
            with gr.Row(elem_classes="buttons"):
                self.before = gr.Button("‹ Before", size="sm", min_width=60, elem_id="familiar-training-before")
                self.after = gr.Button("Next ›", size="sm", min_width=60, elem_id="familiar-training-after")
            self.sample = gr.HTML(elem_id="familiar-training-sample")
        self.at = gr.State(0)

    @property
    def chosen(self) -> list[Any]:
        """The components that say what the recipe is."""
        return [self.name, self.epochs, self.longest, self.model, self.placement, self.redact, self.pseudonyms, self.diary]

    @property
    def shown(self) -> list[Any]:
        """The components that looking fills."""
        return [self.told, self.viewer, self.sample, self.at]

    def connect(self, event: dict[str, Any]) -> None:
        """Wire it together."""
        self.look.click(self.looked, self.chosen, self.shown, **event)
        for button, step in ((self.before, -1), (self.after, 1)):
            handler = tried(lambda at, *values, step=step: self._turned(at + step, *values), 2, 0)
            button.click(handler, [self.at, *self.chosen], [self.sample, self.at], **event)

    def looked(self, *values: Any) -> Iterator[list[Any]]:
        """Yield what fills `shown`: that it is being made, then what it is. Never raises."""
        import gradio as gr

        yield [note("Reading the chats, and cutting them into what the model sees …"), gr.update(), gr.update(), gr.update()]

        def look() -> list[Any]:
            built = self._course.built(recipe(*values))
            there = bool(built.dataset.entries)
            sample = self._shown(built, 0) if there else ""
            return [told(built, statistics(built.dataset)), gr.update(visible=there), sample, 0]

        yield tried(look, 4, 0)()

    def _turned(self, at: int, *values: Any) -> list[Any]:
        built = self._course.built(recipe(*values))
        at = at % max(len(built.dataset.entries), 1)
        return [self._shown(built, at), at]

    def _shown(self, built: Built, at: int) -> str:
        tokens = self._course.sample(built, at)
        half = "to learn" if at < len(built.dataset.train) else "kept to measure by"
        learned = sum(token.learned for token in tokens)
        head = f"Sample {at + 1:,} of {len(built.dataset.entries):,} ({half}): {len(tokens):,} tokens, {learned:,} of them learned"
        cut = note(f"Only its first {LONGEST:,} tokens are shown.") if len(tokens) > LONGEST else ""
        return f'<p class="facts">{escape(head)}. Learned is what stands on a colour.</p>{html(tokens[:LONGEST])}{cut}'


def recipe(
    name: str, epochs: float | None, longest: float | None, model: str, placement: str, redact: list[str], pseudonyms: bool, diary: bool
) -> Recipe:
    """Return the recipe that was chosen. Raises SettingsError that says which value is of no use."""
    from pydantic import ValidationError

    try:
        return Recipe.model_validate(
            {
                "name": (name or "").strip(),
                "data": {"sources": {"diary": bool(diary)}, "privacy": {"redact": sorted(redact or ()), "pseudonyms": bool(pseudonyms)}},
                "dataset": {"chunk_size": int(longest or 1024), "eval_frac": 0.02},
                "format": {"tag_placement": placement},
                "model": {"model_id": (model or "").strip()},
                "training": {"num_epochs": epochs or 0},
            }
        )
    except (ValidationError, OverflowError, ValueError) as exc:
        where = str(exc.errors()[0]["loc"][-1]) if isinstance(exc, ValidationError) else "Tokens at once"
        raise SettingsError(f"“{where}” is of no use as it is. Change it, and try again.") from exc


def told(built: Built, found: Statistics) -> str:
    """Return what a recipe makes of the chats, as HTML."""
    report = built.report
    if not found.samples:
        return note("Nothing of it is learned: import chats, and see above who agreed to it.", "bad")
    lines = [
        f"{report.lines:,} messages, {report.kept:,} of them kept: {found.samples:,} samples, {found.tokens:,} tokens,"
        f" {found.learned_tokens:,} of them learned; {found.eval_samples:,} samples are kept to measure by."
    ]
    for name, counts in (("Left out", report.dropped), ("Taken out", report.redacted)):
        if counts:
            lines.append(
                f"{name}: {', '.join(f'{reason} {count:,}' for reason, count in sorted(counts.items(), key=lambda each: -each[1]))}."
            )
    masked = [f"{shortened(each.name, 40)} ({each.because})" for each in report.people if not each.learned][:12]
    lines += [f"Read, and not learned: {', '.join(masked)}."] if masked else []
    rows = "".join(
        f"<tr><td>{escape(shortened(each.name, 40))}</td><td>{each.turns:,} turns</td><td>{each.learned_tokens:,} tokens learned</td></tr>"
        for each in found.people[:12]
    )
    facts = "".join(f'<p class="facts">{escape(line)}</p>' for line in lines)
    return f'{facts}<table class="counts"><tbody>{rows}</tbody></table>'
