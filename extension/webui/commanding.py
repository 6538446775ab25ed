"""Commands typed into the webui's chat: run where a prompt would be built, and answered where the model would answer.

The webui knows no way past its model but `custom_generate_reply`, and takes that of the first extension that has one, for every turn.
So ours is there only from the moment a command was run until it is answered: for every other turn it does not exist.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import local
from typing import TYPE_CHECKING, Any

from ..commands.block import block
from ..commands.groups.every import COMMANDS
from ..commands.local import LocalScene
from ..commands.running import Answered, Running
from ..commands.written import written
from ..errors import StoreError
from ..messages import Message, Person, Place, transcript
from .identity import companion_of, identify, logged_in, spot_of

if TYPE_CHECKING:
    from ..app import App

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class WebuiScene(LocalScene):
    """A chat of the webui's page."""

    context: str
    """The character's words, or the system message."""
    rows: Callable[[], Sequence[tuple[str, str]]]
    """Returns what the model may see of the chat; the webui leaves out of it what does not fit."""

    def shown(self) -> Sequence[Message]:
        """Return the messages of the prompt. The prompt itself would be cut where a reply of the model is: at the marks of its template."""
        return [*([Message("system", self.context)] if self.context else []), *transcript(self.rows())]


class Commanding:
    """Runs the commands of the webui's chat, and says which of its rows the model is shown."""

    def __init__(self, app: Callable[[], App]) -> None:
        self._app = app
        self._running: Running | None = None
        self._waiting = local()

    @property
    def running(self) -> Running:
        """What runs commands, made at the first use."""
        if self._running is None or self._running.app is not self._app():
            self._running = Running(self._app(), COMMANDS)
        return self._running

    def take(self, said: str, state: Mapping[str, Any], history: Mapping[str, Any]) -> bool:
        """Run a message that is a command, and return whether it was one: then the next generation of this thread answers it."""
        self._waiting.text = None
        if not state.get("unique_id"):  # the API's callers are no people of this page
            return False
        answered = self.running.taken(said, self._scene(state, history))
        if answered is None:
            return False
        self._waiting.text = _told(answered)
        return True

    @property
    def generate(self) -> Callable[..., Iterator[str]]:
        """What answers in place of the model. Raises AttributeError while there is no command to be answered in this thread."""
        if getattr(self._waiting, "text", None) is None:
            raise AttributeError("custom_generate_reply")
        return self._generate

    def seen(self, history: Mapping[str, Any], state: Mapping[str, Any], before: int) -> list[int]:
        """Return which rows of a history the model may see, of those before one; all from there on.

        Left out are commands and what they answered, what was said before a reset, what was hidden, and what goes beyond the number
        of messages that were chosen.
        """
        rows = range(len(history["internal"]))
        shown = self._shown(state, rows)
        earlier = [row for row in rows[:before] if row in shown and not is_command(str(history["internal"][row][0]))]
        app = self._app()
        most = app.choices(spot_of(state, app.settings.person))["input-buffer-size"]
        if most:
            earlier = earlier[max(len(earlier) - (most - 1) // 2, 0) :]
        return [*earlier, *rows[before:]]

    def _shown(self, state: Mapping[str, Any], rows: Sequence[int]) -> set[int]:
        identity = identify(state, (), "", self._app().settings.person) if state.get("unique_id") else None
        if identity is None:
            return set(rows)
        memories = self._app().memories
        try:
            first, hidden = memories.seen.first_row(identity.place.id), memories.seen.hidden_in(identity.place.id)
            unseen = {each.row for each in memories.diary.get(hidden)} if hidden else set()
        except StoreError as exc:
            log.warning("The model is shown what was hidden, too: %s", exc)
            return set(rows)
        return {row for row in rows if row >= first and row not in unseen}

    def _scene(self, state: Mapping[str, Any], history: Mapping[str, Any]) -> WebuiScene:
        app, login = self._app(), logged_in()
        identity = identify(state, (), "", app.settings.person)
        here = not login or login == app.settings.person
        who, place = Person(login or app.settings.person), identity.place if identity else Place("")
        chat = history["internal"]

        def rows() -> list[tuple[str, str]]:
            return [(str(chat[row][0]), str(chat[row][1])) for row in self.seen(history, state, len(chat))]

        context = str(state.get("custom_system_message" if state.get("mode") == "instruct" else "context") or "")
        return WebuiScene.at(app, place, companion_of(state), "webui", who, here=here, context=context, rows=rows)

    def _generate(self, question: str, original: str, state: Any, stops: Any = None, is_chat: bool = False) -> Iterator[str]:
        text, self._waiting.text = str(self._waiting.text or ""), None
        yield text


def is_command(said: str) -> bool:
    """Return whether a message of a chat is a command, or a misspelt one."""
    return written(said, COMMANDS) is not None


def _told(answered: Answered) -> str:
    paths = "\n".join(str(file.path) for file in answered.files if file.path is not None)
    parts = (block("\n".join(filter(None, (answered.text, paths if paths not in answered.text else "")))), answered.link)
    return "\n\n".join(filter(None, parts))
