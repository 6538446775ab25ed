"""From a history to a prompt: ChatML, and the host's way of cutting what does not fit."""

from typing import Any

import modules.shared as shared
from modules.extensions import apply_extensions
from modules.text_generation import get_encoded_length, get_max_prompt_length

GREETING = "<|BEGIN-VISIBLE-CHAT|>"


def generate_chat_prompt(user_input: str, state: Any, **kwargs: Any) -> Any:
    """Return the prompt for the next reply, at most truncation_length - max_new_tokens long.

    The oldest messages go first, then the end of the last user message; what the system says stays.
    """
    history = kwargs.get("history", state["history"])
    _continue, impersonate = kwargs.get("_continue", False), kwargs.get("impersonate", False)
    messages = [*_system(state), *_past(history, state)]
    if not (_continue or impersonate):
        messages += _current(user_input.strip(), history)
    if impersonate:
        messages.append(_message("user", ""))
    prompt = _fitting(messages, state, _continue, impersonate)
    return (prompt, [message["content"] for message in messages]) if kwargs.get("also_return_rows") else prompt


def get_stopping_strings(state: Any) -> list[str]:
    """Return where a reply ends; takes the state's own stopping strings out of it, as the host does."""
    stops = [f"\n{state['name1']}:", f"\n{state['name2']}:"] if state["mode"] == "chat" else ["<|im_end|>"]
    own = state.pop("stopping_strings", None) if isinstance(state.get("stopping_strings"), list) else None
    return [*stops, *(own or [])]


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _system(state: Any) -> list[dict[str, str]]:
    text = state["custom_system_message"] if state["mode"] == "instruct" else state["context"]
    return [_message("system", text)] if text.strip() else []


def _past(history: Any, state: Any) -> list[dict[str, str]]:
    messages = []
    for index, row in enumerate(history["internal"]):
        said, reply, tool, meta = [*row, "", {}][:4] if len(row) < 4 else row
        if said.strip() not in ("", GREETING):
            role = "system" if meta.get("role") == "system" else "user"
            messages.append(_message(role, said.strip() + _attached(history, index, state.get("include_past_attachments", True))))
        messages += _tool_messages(history, index)
        if reply.strip():
            messages.append(_message("assistant", reply.strip()))
        if tool.strip():
            messages.append(_message("tool", tool.strip()))
    return messages


def _current(user_input: str, history: Any) -> list[dict[str, str]]:
    index = len(history["internal"])
    text = user_input + _attached(history, index, True)
    return ([_message("user", text)] if text else []) + _tool_messages(history, index)


def _attached(history: Any, index: int, included: bool) -> str:
    attachments = history.get("metadata", {}).get(f"user_{index}", {}).get("attachments", [])
    texts = [f"{item['name']}:\n{item['content']}" for item in attachments if "content" in item]
    return "\n\nATTACHMENTS:\n" + "\n".join(texts) if texts and included else ""


def _tool_messages(history: Any, index: int) -> list[dict[str, str]]:
    sequence = history.get("metadata", {}).get(f"assistant_{index}", {}).get("tool_sequence", [])
    results = {"tool": "content", None: "tool_calls"}
    return [_message(entry.get("role", "assistant"), str(entry[results[entry.get("role")]])) for entry in sequence]


def _rendered(messages: list[dict[str, str]], state: Any, _continue: bool, impersonate: bool) -> str:
    if state["mode"] == "chat":
        names = {"user": f"{state['name1']}: ", "assistant": f"{state['name2']}: "}
        lines = [names.get(message["role"], "") + message["content"] for message in messages]
        text = "\n".join(lines) + ("" if _continue or impersonate else f"\n{state['name2']}:")
    else:
        turns = [f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n" for message in messages]
        text = "".join(turns) + "<|im_start|>assistant\n"
        if _continue or impersonate:
            text = "".join(turns).removesuffix("<|im_end|>\n")
    if state["mode"] != "instruct" and not (_continue or impersonate):
        text += apply_extensions("bot_prefix", "", state)
    return text


def _fitting(messages: list[dict[str, str]], state: Any, _continue: bool, impersonate: bool) -> str:
    def render() -> str:
        return _rendered(messages, state, _continue, impersonate)

    prompt = render()
    if shared.tokenizer is None:
        return prompt
    limit = get_max_prompt_length(state)
    while get_encoded_length(prompt) > limit:
        first = 1 if messages[0]["role"] == "system" else 0
        if len(messages) - first < 2:
            return _bisected(messages, render, limit)
        messages.pop(first)
        prompt = render()
    return prompt


def _bisected(messages: list[dict[str, str]], render: Any, limit: int) -> str:
    """Keep as much of the beginning of the last message as fits."""
    whole, kept, beyond = messages[-1]["content"], 0, len(messages[-1]["content"])
    while kept < beyond:
        middle = (kept + beyond + 1) // 2
        messages[-1]["content"] = whole[:middle]
        kept, beyond = (middle, beyond) if get_encoded_length(render()) <= limit else (kept, middle - 1)
    messages[-1]["content"] = whole[:kept]
    prompt = render()
    if get_encoded_length(prompt) > limit:
        raise ValueError
    return prompt
