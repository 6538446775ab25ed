"""A tool for text-generation-webui: lets the model remember something for later conversations.

Put here by Familiar's `make install`, which also keeps it up to date: an edit of this copy would be lost. The webui runs it
anew at each turn in which it is ticked; what it does is in the running extension.
"""

import sys
from typing import Any

tool: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "remember_this",
        "description": "Keep something for later conversations with this person: what they ask you to remember, or what will matter later.",
        "parameters": {
            "type": "object",
            "properties": {
                "text": {"type": "string", "description": "What to remember, as a sentence that is understood on its own."},
            },
            "required": ["text"],
        },
    },
}


def _calls() -> Any:
    """Return the running extension's side of this, None where it is not loaded."""
    for package in ("familiar_extension", "extension"):
        hooks = sys.modules.get(f"{package}.webui.hooks")
        if hooks is not None:
            return getattr(getattr(hooks, "extension", None), "tool_calls", None)
    return None


calls = _calls()
ticket = calls.ticket("remember") if calls else None


def execute(arguments: Any) -> Any:
    """Answer a call of the model with JSON."""
    if calls is None:
        return {"error": "Familiar is not running in this webui. The person can start it with `--extensions familiar`."}
    return calls.call(ticket, arguments)
