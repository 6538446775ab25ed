"""The companion in the standalone page: who there is, what makes an expert of one, and what the model will be told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..app import App
from ..characters import BASE_PROMPTS, Card, characters, keep, read, remove
from ..characters.card import expert_of
from ..characters.examples import example, examples
from ..errors import FamiliarError, NotFound, SettingsError
from .cards import note
from .picking import Removal

log = logging.getLogger(__name__)

NEW = ("A new one", "")
SCOPES = (("As set in the panel", ""), ("This chat", "place"), ("This companion", "companion"), ("Everything of mine", "person"))
QUESTION = "Remove this companion's file? What was said to it and its documents stay."


class ExpertForm:
    """The fields of one companion as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, app: App) -> None:
        import gradio as gr

        self._app = app
        self.open = gr.State("")
        self.choice = gr.Dropdown([NEW], value="", label="Which", elem_id="expert-choice")
        self.example = gr.Dropdown([], label="Fill in an example", elem_id="expert-example")
        self.name = gr.Textbox(label="Name", max_lines=1, info="Another name makes another companion.", elem_id="expert-name")
        self.expertise = gr.Textbox(label="What it knows", lines=4, max_lines=12, elem_id="expert-expertise")
        self.base = gr.Dropdown(
            ["", *BASE_PROMPTS],
            value="",
            label="How it speaks",
            info="Or write a sentence of your own.",
            allow_custom_value=True,
            elem_id="expert-base",
        )
        self.words = gr.Textbox(label="Its own words, before all that", lines=2, max_lines=8, elem_id="expert-words")
        self.greeting = gr.Textbox(label="Greeting", lines=1, max_lines=4, elem_id="expert-greeting")
        self.scope = gr.Radio(list(SCOPES), value="", label="How far it remembers", elem_id="expert-scope")
        self.temperature = gr.Number(None, label="Temperature", info="Empty: as in the settings.", elem_id="expert-temperature")
        self.preview = gr.Textbox(label="What the model is told", lines=4, max_lines=12, interactive=False, elem_id="expert-preview")
        with gr.Row(elem_classes="buttons"):
            self.save = gr.Button("Save", size="sm", variant="primary", min_width=60, elem_id="expert-save")
            self.remove = gr.Button("Remove", size="sm", variant="stop", min_width=60, visible=False, elem_id="expert-remove")
        self.removal = Removal("expert", QUESTION)
        self.note = gr.HTML(elem_id="expert-note")
        self._connect()

    @property
    def fields(self) -> list[Any]:
        """What a person writes into."""
        return [self.name, self.expertise, self.base, self.words, self.greeting, self.scope, self.temperature]

    @property
    def shown(self) -> list[Any]:
        """The components that the actions fill."""
        return [self.open, self.choice, *self.fields, self.preview, self.remove, self.removal.frame, self.note]

    @property
    def components(self) -> list[Any]:
        """What `load` fills."""
        return [self.example, *self.shown]

    def _connect(self) -> None:
        import gradio as gr

        looks: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private"}
        self.choice.input(self.show, self.choice, self.shown, **looks)
        self.example.input(self.begin, [self.example, self.open], self.shown, **looks)
        # One event for all of them: it is asked for once at a time, and last with what is written last.
        written = [each.change for each in (self.name, self.expertise, self.base, self.words)]
        gr.on(written, self.look, [self.open, *self.fields], self.preview, trigger_mode="always_last", **looks)
        self.saved = self.save.click(self.keep, [self.open, *self.fields], self.shown, **looks)
        self.removal.connect(self.remove)
        self.removed = self.removal.yes.click(self.discard, self.open, self.shown, **looks)

    def load(self) -> list[Any]:
        """Return what fills `components` when a page loads. Never raises."""
        import gradio as gr

        shown = self._tried(lambda: self._filled(self._usual(), ""))
        return [gr.update(choices=[("", ""), *((name, name) for name in examples())], value=""), *shown]

    def show(self, chosen: str) -> list[Any]:
        """Return what fills `shown` with a companion, or with none."""
        return self._tried(lambda: self._filled(chosen or "", ""))

    def begin(self, name: str, opened: str) -> list[Any]:
        """Return what fills `shown` with an example, which is not kept yet."""
        if not name:
            return self.show(opened)
        return self._tried(lambda: self._pictured(opened or "", example(name), "Change what you like, then save it."))

    def look(self, opened: str, *fields: Any) -> str:
        """Return what the model would be told, or a sentence on why it would be told nothing."""
        try:
            return self._card(opened or "", *fields).character(_name(fields[0])).context
        except FamiliarError as exc:
            return str(exc)
        except Exception as exc:
            log.exception("A companion could not be previewed")
            return _unexpected(exc)

    def keep(self, opened: str, *fields: Any) -> list[Any]:
        """Keep what was written; the next turn goes by it."""

        def kept() -> list[Any]:
            name = _name(fields[0])
            if name != opened and name in self._names():
                raise SettingsError(f"There is a companion called {name} already. Choose it above to change it.")
            keep(name, self._card(opened or "", *fields), self._app.characters_dir, force=name == opened)
            return self._filled(name, f"Saved. {name} goes by it from the next message on.")

        return self._tried(kept)

    def discard(self, opened: str) -> list[Any]:
        """Remove the companion that is open."""

        def removed() -> list[Any]:
            remove(opened or "", self._app.characters_dir)
            return self._filled("", f"{opened} is removed.")

        return self._tried(removed)

    def _card(self, opened: str, name: Any, expertise: Any, base: Any, words: Any, greeting: Any, scope: Any, temperature: Any) -> Card:
        """Return the open card with what the fields say. Raises SettingsError, NotFound."""
        name = _name(name)
        before = self._before(opened)
        values = {**before.expert.plain(), "expertise": _text(expertise), "base_prompt": _text(base), "scope": scope or None}
        preset = {key: value for key, value in values.get("preset", {}).items() if key != "temperature"}
        values["preset"] = preset if temperature in (None, "") else {**preset, "temperature": float(temperature)}
        expert = expert_of(values, name)
        shown = before.name if opened == name and before.name else name
        return replace(before, name=shown, context=_text(words), greeting=_text(greeting), expert=expert)

    def _before(self, opened: str) -> Card:
        try:
            return read(opened, self._app.characters_dir) if opened else Card("")
        except NotFound:  # it was removed elsewhere
            return Card("")

    def _filled(self, name: str, done: str) -> list[Any]:
        return self._pictured(name, read(name, self._app.characters_dir) if name else Card(""), done)

    def _pictured(self, opened: str, card: Card, done: str) -> list[Any]:
        """Return what fills `shown` with a card; `opened` is the companion that is open, empty for a new one."""
        import gradio as gr

        expert, name = card.expert, opened or card.name
        choice = gr.update(choices=[NEW, *((each, each) for each in self._names())], value=opened)
        fields = [name, expert.expertise, expert.base_prompt, card.context, card.greeting, expert.scope or "", expert.preset.temperature]
        told = card.character(name).context if name else ""
        warned = note(" ".join(card.warnings), "bad") if card.warnings else ""
        hidden = gr.update(visible=False)
        return [opened, choice, *fields, told, gr.update(visible=bool(opened)), hidden, note(done, "good") + warned]

    def _usual(self) -> str:
        """Return the companion that answers when none is chosen, if it has a file."""
        usual = self._app.settings.companion
        return usual if usual in self._names() else ""

    def _names(self) -> list[str]:
        return characters(self._app.characters_dir)

    def _tried(self, action: Callable[[], list[Any]]) -> list[Any]:
        """Return what an action shows, or everything as it was with a sentence on what went wrong."""
        import gradio as gr

        try:
            return action()
        except FamiliarError as exc:
            trouble = str(exc)
        except Exception as exc:
            log.exception("A companion could not be shown or changed")
            trouble = _unexpected(exc)
        return [*(gr.update() for _ in self.shown[:-1]), note(trouble, "bad")]


def _name(value: Any) -> str:
    if not (name := _text(value)):
        raise SettingsError("A companion needs a name.")
    return name


def _text(value: Any) -> str:
    return str(value or "").strip()


def _unexpected(exc: Exception) -> str:
    return f"This did not work ({type(exc).__name__}); the log has the details."
