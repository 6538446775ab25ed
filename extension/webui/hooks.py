"""The hooks the webui calls. Each one goes on without us when anything of ours fails: the person gets their answer.

One turn, in the order of the webui: `state_modifier` puts a mark on a copy of the state; `custom_generate_chat_prompt`
compares the chat with the diary, writes what was said, recalls, and lets the webui build its own prompt with the
briefing in front of the question; `output_modifier` writes the reply.
"""

from __future__ import annotations

import atexit
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from threading import Lock, Timer
from typing import Any
from uuid import uuid4

from .. import __version__
from ..app import App, build, log_to_file
from ..companion import RESERVE
from ..errors import FamiliarError
from ..hosts.wished import unmet
from ..memory.diary import Answer
from ..memory.importers.webui import GREETING
from ..memory.reconcile import ChatRow
from ..messages import Attention, Briefing, Sight, Turn, digest
from ..panel.why import Whys
from ..prompt import fit_rows
from ..service.supervisor import Supervisor
from ..settings import load
from .bridging import environment, generating
from .commanding import Commanding, is_command
from .console import warn_in_console
from .experts import expert_of, preset
from .history import attached, chat_rows, keeping, reasoning_apart, shown_text, with_briefing
from .host import Webui
from .identity import Identity, companion_of, identify, prepared, spot_of
from .preferences import Preferences
from .tool_calls import ToolCalls
from .turns import Pending, Turns

log = logging.getLogger(__name__)

params: dict[str, Any] = {
    "display_name": "Familiar",
    "is_tab": False,
    "enabled": True,
    "scope": "companion",
    "budget": 800,
    "memories": 6,
    "library_budget": 2000,
    "place_passages": 8,
    "companion_passages": 8,
    "everyone_passages": 8,
}
"""The webui fills these from `familiar-*` in its settings.yaml before `setup`, and saves them there."""

MARK = "familiar_turn"
WARM_UP_AFTER = 3.0
"""Seconds after `setup` until the embedding model and the indexes are loaded, so that the webui's own start is not slowed."""


class Extension:
    """What lives as long as the webui's process, through every restart of its interface."""

    def __init__(self) -> None:
        self.host = Webui()
        self.preferences = Preferences(params)
        self.turns = Turns()
        self.whys = Whys()
        self.tool_calls = ToolCalls(self)
        self.commanding = Commanding(lambda: self.app)
        self.bridges = Supervisor(lambda: self.app, environment, generating)
        self.trouble = ""
        """Why Familiar is off; empty when it works."""
        self._app: App | None = None
        self._begun = False
        self._lock = Lock()

    @property
    def app(self) -> App:
        """The application, built at the first use. Raises SettingsError for settings that make no sense."""
        with self._lock:
            if self._app is None:
                settings = load()
                log_to_file(settings)
                self._app = build(settings, host=self.host)
                atexit.register(self._app.close)  # the webui tells nobody when it stops
            return self._app

    @property
    def on(self) -> bool:
        """Whether Familiar works and is ticked: the webui goes on calling the last extension that was unticked."""
        from modules import shared

        return not self.trouble and self.preferences.name in (shared.args.extensions or ())

    def start(self, name: str) -> None:
        """Get ready, once or again; what takes long happens a moment later, in the background."""
        app = self.app
        self.preferences.start(app.settings, name)
        log.info("Familiar %s, data in %s", __version__, app.settings.data_dir)
        works = [app.memories.warm_up, *([] if self._begun else [self.bridges.begin])]  # the bridges with the process, not with its page
        self._begun = True
        for work in works:
            timer = Timer(WARM_UP_AFTER, work)
            timer.daemon = True
            timer.start()

    def attention(self, companion: str) -> Attention:
        """Return what is in effect for a companion: what the person chose, and what its own file says."""
        app = self.app
        return expert_of(companion, app.characters_dir).attention(self.preferences.attention(app.settings))

    def settle(self, state: dict[str, Any], said: str) -> None:
        """Let the companion generate as its file says and as was chosen, in our own copy of the state; the webui's is left as it is."""
        if MARK in state:
            choices = self.app.choices(spot_of(state, self.app.settings.person))
            state.update(preset(state, expert_of(companion_of(state), self.app.characters_dir), choices, said))

    def begin(self, said: str, state: Mapping[str, Any], kwargs: Mapping[str, Any]) -> tuple[Briefing, list[int]]:
        """Start a turn: compare, write what was said, recall.

        Returns the briefing, which may be empty, and which rows of the history the model may see.
        """
        history = kwargs.get("history") or state["history"]
        rows = history["internal"]
        if prepared(state):
            return Briefing(), list(range(len(rows)))
        going_on = bool(kwargs.get("_continue"))
        row = len(rows) - 1 if going_on else len(rows)
        said = (str(rows[-1][0]) if going_on else said).strip()
        identity = identify(state, rows[:row], said, self.app.settings.person)
        if identity is None or not said or said == GREETING:
            return Briefing(), self.commanding.seen(history, state, row)
        now = datetime.now(UTC)
        turn = Turn(identity.person, identity.place, identity.companion, said, row, now, identity.branch)
        if state.get("_tool_turn") and (pending := self.turns.of_place(turn.place.id)) is not None and pending.turn.row == row:
            briefing = pending.briefing  # the same turn goes on after a tool answered: one recall for all of it
            shown = self.commanding.seen(history, state, row)
        else:
            chat = self._compared(turn, identity, history, now)
            shown = self.commanding.seen(history, state, row)
            briefing = self._briefing(turn, state, history, chat, set(shown))
        mark = str(state.get(MARK, ""))
        self.turns.begin(mark, Pending(turn, briefing))
        self.tool_calls.begin(mark, turn)
        return briefing, shown

    def end(self, visible: str, state: Mapping[str, Any]) -> None:
        """Write the reply of the turn this state belongs to; a greeting belongs to none."""
        pending = self.turns.end(str(state[MARK])) if MARK in state else self._deferred(state)
        if pending is None:
            return
        reasoning, reply = reasoning_apart(shown_text(visible))
        shown = pending.briefing
        answer = Answer(reply, reasoning, self.host.model, self.host.adapter, shown.memory_ids, shown.passage_ids)
        self.app.companion.remember(pending.turn, answer)

    def _compared(self, turn: Turn, identity: Identity, history: Mapping[str, Any], now: datetime) -> list[ChatRow]:
        """Bring the diary in line with the chat, and return what was said in it before this turn."""
        chat = [row for row in chat_rows(history, now) if row.row < turn.row and not is_command(row.said)]
        if identity.mirrored:
            try:
                self.app.memories.reconcile(turn.person, turn.place, turn.companion, chat, turn.row)
            except FamiliarError as exc:
                log.warning("The chat could not be compared with the diary: %s", exc)
        return chat

    def _briefing(
        self, turn: Turn, state: Mapping[str, Any], history: Mapping[str, Any], chat: Sequence[ChatRow], shown: Collection[int]
    ) -> Briefing:
        companion = self.app.companion
        number = companion.hear(turn)
        room = self._room(turn.said, state, attached(history, turn.row, earlier=False))
        seen = fit_rows([(row.said, row.reply) for row in chat if row.row in shown], _estimate, max(room, 0))
        briefing = companion.briefing(
            turn,
            self.attention(turn.companion),
            self.host.count,
            room // 2,
            own=number,
            visible={digest(*row) for row in seen},
            sight=Sight(len(chat), len(chat) - len(seen)),
            attached=attached(history, turn.row, earlier=bool(state.get("include_past_attachments", True))),
        ).noting(unmet(expert_of(turn.companion, self.app.characters_dir), self.host))
        self.whys.keep(turn, briefing)
        return briefing

    def _room(self, said: str, state: Mapping[str, Any], documents: list[str]) -> int:
        """Return the tokens left for chat and briefing once question, its documents, character and reply have theirs."""
        from modules.text_generation import get_max_prompt_length

        fixed = ("context", "user_bio", "custom_system_message", "chat-instruct_command")
        own = "\n".join((*(str(state.get(name) or "") for name in fixed), *documents))
        return int(get_max_prompt_length(state)) - self.host.count(said) - self.host.count(own) - RESERVE

    def _deferred(self, state: Mapping[str, Any]) -> Pending | None:
        """After tools ran, the webui hands over the final answer with a state that carries no mark."""
        history = state.get("history") or {}
        rows = history.get("internal") or []
        if not rows:
            return None
        identity = identify(state, rows[:-1], str(rows[-1][0]), self.app.settings.person)
        pending = self.turns.of_place(identity.place.id) if identity else None
        return pending if pending is not None and pending.turn.row == len(rows) - 1 else None


extension = Extension()


def setup(name: str = "familiar") -> None:
    """Get ready when the webui loads the extension; `name` is the folder it was found under."""
    warn_in_console()
    try:
        extension.start(name)
        extension.trouble = ""
    except Exception as exc:
        extension.trouble = str(exc)
        log.exception("Familiar is off")


def state_modifier(state: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of the state with a mark of this turn; the webui's own dict is left as it is."""
    mark = uuid4().hex
    extension.tool_calls.mark(mark)
    return {**state, MARK: mark}


def custom_generate_chat_prompt(user_input: str, state: dict[str, Any], **kwargs: Any) -> str:
    """Return the webui's own prompt, with the briefing in front of the question."""
    briefing = Briefing()
    try:
        if extension.on:
            if not kwargs.get("_continue") and extension.commanding.take(user_input, state, kwargs.get("history") or state["history"]):
                return ""
            extension.app.idle.begin(str(state.get(MARK, "")))
            extension.settle(state, user_input)
            briefing, rows = extension.begin(user_input, state, kwargs)
            history = kwargs.get("history") or state["history"]
            if len(rows) < len(history["internal"]):
                kwargs = {**kwargs, "history": keeping(history, rows)}
    except Exception:
        log.exception("This turn goes on without memories")
    if not briefing.text:
        return _built(user_input, state, kwargs)
    if kwargs.get("_continue"):
        history = kwargs["history"]
        return _built(user_input, state, {**kwargs, "history": with_briefing(history, briefing.before(history["internal"][-1][0]))})
    prompt = _built(briefing.before(user_input), state, kwargs)
    if (briefing.question or user_input.strip()) in prompt:
        return prompt
    log.warning("The webui cut the question to make room; this turn goes on without memories.")
    return _built(user_input, state, kwargs)


def __getattr__(name: str) -> Any:
    """Have `custom_generate_reply` while a command waits for its answer; see webui.commanding."""
    if name == "custom_generate_reply":
        return extension.commanding.generate
    raise AttributeError(name)


def output_modifier(string: str, state: dict[str, Any], is_chat: bool = False) -> str:
    """Write the finished reply into the diary and return it as it came."""
    try:
        if is_chat and extension.on:
            extension.app.idle.end(state.get(MARK))
            extension.end(string, state)
    except Exception:
        log.exception("The reply could not be written")
    return string


def custom_css() -> str:
    """Return the look of the panel; nothing when its file is missing, since the webui must start either way."""
    return _asset("css")


def custom_js() -> str:
    """Return the script that lets the panel look again after each reply."""
    return _asset("watch_chat")


def ui() -> None:
    """Put the panel below the chat."""
    from .door import show_panel

    show_panel(extension)


def _asset(name: str) -> str:
    try:
        from ..panel import look

        return str(getattr(look, name)())
    except Exception:
        log.exception("The panel goes without its %s", name)
        return ""


def _built(user_input: str, state: dict[str, Any], kwargs: dict[str, Any]) -> str:
    """Return the prompt of the next extension that builds one, or the webui's own."""
    from modules import extensions
    from modules.chat import generate_chat_prompt

    for module, _ in extensions.iterator():
        other = getattr(module, "custom_generate_chat_prompt", None)
        if other is not None and getattr(other, "__module__", None) != __name__:
            prompt = other(user_input, state, **kwargs)
            if prompt is not None:
                return str(prompt)
    return str(generate_chat_prompt(user_input, state, **kwargs))


def _estimate(text: str) -> int:
    """Return tokens, rather too few: a row that may still be visible counts as visible."""
    return len(text) // 5
