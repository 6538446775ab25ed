"""The two completion routes: the same hooks as the page, over rows of four items and without a chat's id."""

import copy
from typing import Any

import modules.shared as shared
from modules.chat_history import from_messages
from modules.chat_turns import TOOL_CALL, generate_chat_reply
from modules.reasoning import extract_reasoning
from modules.text_generation import generate_reply

_SAMPLING = (
    "max_new_tokens",
    "auto_max_new_tokens",
    "truncation_length",
    "custom_stopping_strings",
    "add_bos_token",
    "enable_thinking",
    "reasoning_effort",
    "preserve_thinking",
    "skip_special_tokens",
    "temperature",
    "top_p",
    "seed",
)
_CHARACTER = ("name1", "name2", "context", "greeting", "user_bio", "instruction_template_str", "chat_template_str", "chat-instruct_command")


def _parameters(body: dict[str, Any]) -> dict[str, Any]:
    """Return a request's fields with the host's defaults, as hooks see them in `state`."""
    state = {key: copy.copy(shared.settings[key]) for key in _SAMPLING}
    state.update({"user": None, "stream": False, **body})
    state["custom_stopping_strings"] = list(state.pop("stop", None) or [])
    state["max_new_tokens"] = state.pop("max_tokens", None) or 512
    return state


def chat_completion(body: dict[str, Any]) -> dict[str, Any]:
    """Return the reply to `messages`: {"content", "reasoning_content", "tool_calls"}."""
    state = _parameters({"character": None, "mode": "instruct", "continue_": False, "tools": None, **body})
    user_input, system, history = from_messages(body["messages"])
    state.update({key: body.get(key) or shared.default_settings[key] for key in _CHARACTER})
    state.update(custom_system_message=system, history=history)
    reply = ""
    for output in generate_chat_reply(user_input, state, regenerate=False, _continue=state["continue_"], loading_message=False):
        reply = output["internal"][-1][1]
        if state["tools"] and TOOL_CALL.search(reply):
            return {"content": None, "tool_calls": TOOL_CALL.findall(reply)}
    reasoning, content = extract_reasoning(reply)
    return {"content": content, **({"reasoning_content": reasoning} if reasoning else {})}


def completion(body: dict[str, Any]) -> str:
    """Return the continuation of `prompt`. Unlike in chat, what output_modifier returns is what the caller gets."""
    *_, reply = generate_reply(body["prompt"], _parameters(body), is_chat=False)
    return reply
