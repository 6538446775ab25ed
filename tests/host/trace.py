"""What the probe extension notes while a person does one thing after another, on the real host and on its double."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROBE = Path(__file__).with_name("probe")
RECORDED = Path(__file__).with_name("traces.json")
"""The notes of the real host v4.7.3. The tests marked `host` compare them with a checkout; WEBUI_RECORD=1 writes them anew."""

ASKED = [{"role": "user", "content": "Hello."}]
TALKED = [*ASKED, {"role": "assistant", "content": "Hi."}, {"role": "user", "content": "How are you?"}]
CUT = [*ASKED, {"role": "assistant", "content": "Well,"}]
TOLD = [{"role": "system", "content": "Be brief."}, *ASKED, {"role": "system", "content": "Be kind."}, {"role": "user", "content": "And?"}]
TASKED = [{"role": "user", "content": "Please use the tool."}]
TOOL = {"type": "function", "function": {"name": "echo", "description": "Say it back.", "parameters": {"type": "object", "properties": {}}}}
CALLED = {"id": "call1", "type": "function", "function": {"name": "echo", "arguments": '{"text": "hi"}'}}
TOOLED = [*ASKED, {"role": "assistant", "content": "", "tool_calls": [CALLED]}, {"role": "tool", "content": "hi", "tool_call_id": "call1"}]

WORDS = re.compile(r"word\d+( word\d+)*")
"""What the probe says slowly."""

Action = tuple[str, Callable[[Any], Any]]
PAGE: list[Action] = [
    ("new turn", lambda host: host.say("Hello <b>you</b>.")),
    ("second turn", lambda host: host.say("And then?")),
    ("regenerate", lambda host: host.regenerate()),
    ("regenerate again", lambda host: host.regenerate()),
    ("swipe", lambda host: host.swipe(1, "left")),
    ("continue", lambda host: host.continue_()),
    ("edit what was said", lambda host: host.edit(0, "user", "Hello, friend.")),
    ("edit the reply", lambda host: host.edit(1, "assistant", "Then nothing.")),
    ("turn after edits", lambda host: host.say("Why?")),
    ("remove last", lambda host: host.remove_last()),
    ("impersonate", lambda host: host.impersonate("I think")),
    ("stop", lambda host: host.say_and_stop("Please speak slowly.")),
    ("turn after stop", lambda host: host.say("Enough.")),
    ("branch", lambda host: host.branch(0)),
    ("turn in the branch", lambda host: host.say("Once more.")),
    ("rename", lambda host: host.rename("my chat")),
    ("turn after rename", lambda host: host.say("Still here?")),
    ("choose the tool", lambda host: host.use_tool("echo")),
    ("tool turn", lambda host: host.say("Please use the tool.")),
    ("regenerate with tools at hand", lambda host: host.regenerate()),
    ("put the tool away", lambda host: host.use_tool("echo")),
    ("new chat", lambda host: host.new_chat()),
    ("turn in a new chat", lambda host: host.say("A new start.")),
    ("incognito chat", lambda host: host.incognito()),
    ("incognito turn", lambda host: host.say("Nobody knows.")),
    ("incognito regenerate", lambda host: host.regenerate()),
    ("select another chat", lambda host: host.select("my chat")),
    ("turn in the selected chat", lambda host: host.say("Back again.")),
    ("chat mode", lambda host: host.set_mode("chat")),
    ("turn in chat mode", lambda host: host.say("Hello, character.")),
    ("continue in chat mode", lambda host: host.continue_()),
    ("new chat with greeting", lambda host: host.new_chat()),
    ("regenerate the greeting", lambda host: host.regenerate()),
    ("notebook", lambda host: host.notebook("Once upon a time")),
]
API: list[Action] = [
    ("API chat", lambda host: host.api_chat(ASKED)),
    ("API chat with user", lambda host: host.api_chat(TALKED, user="ann")),
    ("API chat with system messages", lambda host: host.api_chat(TOLD, user="ann")),
    ("API chat continued", lambda host: host.api_chat(CUT, user="ann", continue_=True)),
    ("API chat in chat mode", lambda host: host.api_chat(TALKED, user="ann", mode="chat")),
    ("API chat with a tool's result", lambda host: host.api_chat(TOOLED, user="ann")),
    ("API chat calling a tool", lambda host: host.api_chat(TASKED, user="ann", tools=[TOOL])),
    ("API completion", lambda host: host.api_completion("Once upon a time", user="ann")),
]

Steps = dict[str, dict[str, Any]]
"""By action: the hooks called, and the chat as it is on disk afterwards."""


class Notes:
    """The probe's file of notes, read from where the last reading ended."""

    def __init__(self, path: Path) -> None:
        self.path, self._read = path, 0

    def new(self) -> list[list[Any]]:
        """Return the notes written since the last call."""
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        fresh, self._read = lines[self._read :], len(lines)
        return [json.loads(line) for line in fresh]


def walk(host: Any, notes: Notes, actions: list[Action]) -> tuple[Steps, dict[str, list[str]]]:
    """Do the actions in turn. Return what each led to, and the keys `state` had at each of the host's doors."""
    steps: Steps = {}
    keys: dict[str, list[str]] = {}
    notes.new()
    for name, act in actions:
        act(host)
        calls = notes.new()
        door = name if name == "API completion" else "API chat" if actions is API else "page"
        for hook, *facts in calls:
            if hook == "keys":
                keys[door] = facts[0]
        unsteady = ("keys", "length") if name == "notebook" else ("keys",)  # there, the page counts tokens as one types
        steps[name] = {"hooks": [compact(*call) for call in calls if call[0] not in unsteady]}
        if actions is PAGE:
            steps[name]["saved"] = timeless(host.saved())
    return steps, keys


def compact(hook: str, *facts: Any) -> str:
    """Return a call as one readable line; how far a stopped reply got is left out."""
    line = f"{hook}({', '.join(fact if isinstance(fact, str) else json.dumps(fact) for fact in facts)})"
    return WORDS.sub("words", line)


def timeless(saved: Any) -> Any:
    """Return a saved chat without what differs from run to run: times, the model's name, ids of tool calls."""
    if isinstance(saved, dict):
        return {key: timeless(value) for key, value in saved.items() if key not in ("timestamp", "model_name", "id", "tool_call_id")}
    if isinstance(saved, list):
        return [timeless(item) for item in saved]
    return WORDS.sub("words", saved) if isinstance(saved, str) else saved


def recorded() -> dict[str, Any]:
    """Return the real host's notes: {"steps": Steps, "keys": {"page": [...], "API chat": [...]}, "starts": {...}}."""
    traces: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return traces
