"""One turn of the chat: the order in which the host calls its hooks, and what it keeps where.

`chatbot_wrapper` is one generation. `generate_chat_reply_wrapper` is what the page starts: it saves, and it calls tools.
"""

import copy
import html
import json
import re
from collections.abc import Iterator
from typing import Any

import modules.shared as shared
from modules.chat_history import add_version, mark, remove_last_message, save_history, timestamp
from modules.chat_prompt import generate_chat_prompt, get_stopping_strings
from modules.extensions import apply_extensions
from modules.text_generation import generate_reply
from modules.tool_use import execute_tool, load_tools

TOOL_CALL = re.compile(r"<tool_call>(.*?)</tool_call>", re.DOTALL)


def chatbot_wrapper(
    text: Any, state: Any, regenerate: bool = False, _continue: bool = False, loading_message: bool = True
) -> Iterator[Any]:
    """Yield the history while the reply grows. What is yielded and what hooks see share their rows."""
    text = text.get("text", "") if isinstance(text, dict) else text
    output = apply_extensions("history", copy.deepcopy(state["history"]))
    state = apply_extensions("state", state)
    if state["mode"] in ("instruct", "chat-instruct"):
        state["add_bos_token"] = False
    output.setdefault("metadata", {})
    stopping_strings = get_stopping_strings(state)
    if not (regenerate or _continue):
        _add_row(text, output, state)
    elif regenerate and not state.get("_tool_turn"):
        _open_version(output)
    row = len(output["internal"]) - 1
    text, before = output["internal"][-1][0], list(_last(output))
    if loading_message and not state.get("_tool_turn"):
        yield _loading(output, regenerate, _continue)
    version = None if state.get("_tool_turn") else _current_version(output, row)
    kwargs = {"_continue": _continue, "history": output if _continue else _without_last(output)}
    prompt = apply_extensions("custom_generate_chat_prompt", text, state, **kwargs)
    prompt = generate_chat_prompt(text, state, **kwargs) if prompt is None else prompt
    mark(output["metadata"], "assistant", row, timestamp=timestamp(), model_name=shared.model_name)
    thinking = "<think>" if not _continue and prompt.rstrip("\n").endswith("<think>") else ""

    for number, reply in enumerate(generate_reply(prompt, state, stopping_strings=stopping_strings, is_chat=True)):
        reply = _without_name(thinking + reply, state, _continue)
        visible = _visible(reply, state)
        if shared.stop_everything:
            _finish(output, output["visible"][-1][1], state)
            yield output
            return
        if _continue:
            _set_last(output, before[0] + reply, before[1] + visible)
        elif number > 0 or visible.strip():
            _set_last(output, reply.lstrip(" "), visible.lstrip(" "))
        _sync(version, output)
        if state["stream"] and not (state.get("tools") and "<tool_call>" in reply):
            yield output

    if not _continue:
        _finish(output, output["visible"][-1][1], state)
    elif "<tool_call>" not in output["visible"][-1][1]:
        _finish(output, _visible(output["internal"][-1][1], state), state)
    _sync(version, output)
    if state["stream"] and state.get("tools") and "<tool_call>" in output["internal"][-1][1]:
        output["visible"][-1][1] = ""
    yield output


def _add_row(text: str, output: Any, state: Any) -> None:
    row = len(output["internal"])
    text, visible = apply_extensions("chat_input", text, html.escape(text), state)
    text = apply_extensions("input", text, state, is_chat=True)
    output["internal"].append([text, ""])
    output["visible"].append([visible, ""])
    mark(output["metadata"], "user", row, timestamp=timestamp())


def _open_version(output: Any) -> None:
    """Keep the reply there is as a version, and start an empty one for the reply to come."""
    row = len(output["internal"]) - 1
    entry = mark(output["metadata"], "assistant", row)
    if not entry.get("versions"):
        add_version(output, "assistant", row, current=False)
    entry["versions"].append({"content": "", "visible_content": "", "timestamp": timestamp()})
    entry["current_version_index"] = len(entry["versions"]) - 1


def _last(output: Any) -> tuple[str, str]:
    return output["internal"][-1][1], output["visible"][-1][1]


def _set_last(output: Any, reply: str, visible: str) -> None:
    output["internal"][-1] = [output["internal"][-1][0], reply]
    output["visible"][-1] = [output["visible"][-1][0], visible]


def _loading(output: Any, regenerate: bool, _continue: bool) -> Any:
    """What is shown, and saved, before the first word of a reply."""
    said, visible = output["internal"][-1][0], output["visible"][-1]
    waiting = visible[1] + "..." if _continue else shared.processing_message
    internal = [*output["internal"][:-1], [said, ""]] if regenerate else output["internal"]
    return {"visible": [*output["visible"][:-1], [visible[0], waiting]], "internal": internal, "metadata": output["metadata"]}


def _without_last(output: Any) -> Any:
    return {key: value[:-1] if key in ("internal", "visible") else value for key, value in output.items()}


def _current_version(output: Any, row: int) -> Any:
    entry = output["metadata"].get(f"assistant_{row}", {})
    return entry["versions"][entry["current_version_index"]] if "current_version_index" in entry else None


def _sync(version: Any, output: Any) -> None:
    if version is not None:
        version["content"], version["visible_content"] = _last(output)


def _without_name(reply: str, state: Any, _continue: bool) -> str:
    if state["mode"] == "instruct":
        return reply
    reply = reply if _continue else reply.lstrip()
    return reply.removeprefix(state["name2"] + ":") if reply.startswith(state["name2"] + ":") else reply.removeprefix(state["name1"] + ":")


def _visible(reply: str, state: Any) -> str:
    return html.escape(reply if state["mode"] == "instruct" else re.sub("(<USER>|<user>|{{user}})", state["name1"], reply))


def _finish(output: Any, visible: str, state: Any) -> None:
    if not state.get("_skip_output_extensions"):
        output["visible"][-1][1] = apply_extensions("output", visible, state, is_chat=True)


def generate_chat_reply(
    text: Any, state: Any, regenerate: bool = False, _continue: bool = False, loading_message: bool = True
) -> Iterator[Any]:
    """Yield the history while a reply grows; nothing to regenerate or continue leaves it as it is."""
    history = state["history"]
    greeted = len(history["visible"]) == 1 and not history["visible"][0][0]
    if (regenerate or _continue) and (greeted or not history["internal"]):
        yield history
        return
    yield from chatbot_wrapper("" if regenerate or _continue else text, state, regenerate, _continue, loading_message)


def generate_chat_reply_wrapper(text: Any, state: Any, regenerate: bool = False, _continue: bool = False) -> Iterator[Any]:
    """Yield the history of a turn of the page: streamed, saved, and with the tools the model asked for called in between."""
    if state["start_with"] and not _continue:
        text = remove_last_message(state["history"])[0] if regenerate else text
        regenerate, _continue = False, True
        _dummy(text, state["start_with"], state)
    old_sequence = _taken_sequence(state["history"]) if regenerate else None
    executors: dict[str, Any] = {}
    if state["selected_tools"]:
        state["tools"], executors = load_tools(state["selected_tools"])
    shown: list[str] = []
    while True:
        history, answer = yield from _generation(text, state, regenerate, _continue, old_sequence, shown, executors)
        calls = _calls(history["internal"][-1][1], executors)
        if not calls or shared.stop_everything:
            break
        shown += _call_tools(calls, history, executors)
        history["visible"][-1][1] = "\n\n".join(shown)
        save_history(history, state["unique_id"], state["character_menu"], state["mode"])
        state["history"] = history
        text, regenerate, _continue, old_sequence = "", True, False, None
        state["_tool_turn"] = state["_skip_output_extensions"] = True
    state.pop("_tool_turn", None)
    if state.pop("_skip_output_extensions", None):
        answer = apply_extensions("output", answer, state, is_chat=True)
        history["visible"][-1][1] = "\n\n".join([*shown, answer])
        yield history
    state["history"] = history
    if shown:
        _sync_tools(history)
    save_history(history, state["unique_id"], state["character_menu"], state["mode"])


def _sync_tools(history: Any) -> None:
    """Let the current version, if there are versions, know what the tools said."""
    row = len(history["internal"]) - 1
    version = _current_version(history, row)
    _sync(version, history)
    if version is not None and "tool_sequence" in history["metadata"][f"assistant_{row}"]:
        version["tool_sequence"] = history["metadata"][f"assistant_{row}"]["tool_sequence"]


def _taken_sequence(history: Any) -> Any:
    """Take the record of tool calls out of the row that is about to be answered anew."""
    return history["metadata"].get(f"assistant_{len(history['internal']) - 1}", {}).pop("tool_sequence", None)


def _dummy(text: Any, reply: str, state: Any) -> None:
    """Add a row as "Start reply with" does: through input_modifier, twice, and no other hook."""
    text, history = text["text"] if isinstance(text, dict) else text, state["history"]
    row = len(history["internal"])
    history["visible"].append([html.escape(text), ""])
    history["internal"].append([apply_extensions("input", text, state, is_chat=True), ""])
    mark(history["metadata"], "user", row, timestamp=timestamp())
    history["visible"][-1][1] = html.escape(reply)
    history["internal"][-1][1] = apply_extensions("input", reply, state, is_chat=True)
    mark(history["metadata"], "assistant", row, timestamp=timestamp())


def _generation(
    text: Any, state: Any, regenerate: bool, _continue: bool, old_sequence: Any, shown: list[str], executors: dict[str, Any]
) -> Iterator[Any]:
    """Yield one generation; return its history, with what tools did shown before the reply, and the reply alone."""
    history = state["history"]
    for number, history in enumerate(generate_chat_reply(text, state, regenerate, _continue)):
        if number == 0:
            save_history(history, state["unique_id"], state["character_menu"], state["mode"])
            if old_sequence is not None:
                history["metadata"][f"assistant_{len(history['internal']) - 1}"]["versions"][0].setdefault("tool_sequence", old_sequence)
        yield history
        if _calls(history["internal"][-1][1], executors):
            break
    answer = history["visible"][-1][1]
    if shown:
        history["visible"][-1][1] = "\n\n".join([*shown, answer])
    return history, answer


def _calls(reply: str, executors: dict[str, Any]) -> list[dict[str, Any]]:
    found = [json.loads(match) for match in TOOL_CALL.findall(reply)] if executors else []
    return [call for call in found if call["name"] in executors]


def _call_tools(calls: list[dict[str, Any]], history: Any, executors: dict[str, Any]) -> list[str]:
    """Run the tools and keep calls and results in the row's metadata; the raw call leaves the reply."""
    sequence = mark(history["metadata"], "assistant", len(history["internal"]) - 1).setdefault("tool_sequence", [])
    functions = [{"name": call["name"], "arguments": json.dumps(call["arguments"])} for call in calls]
    sequence.append({"tool_calls": [{"id": f"call{n}", "type": "function", "function": function} for n, function in enumerate(functions)]})
    history["internal"][-1][1] = ""
    shown = []
    for number, call in enumerate(calls):
        result = execute_tool(call["name"], call["arguments"], executors)
        sequence.append({"role": "tool", "content": result, "tool_call_id": f"call{number}"})
        summary = ", ".join(f"{key}={json.dumps(value)}" for key, value in call["arguments"].items())
        shown.append(f"<tool_call>{call['name']}({summary})\n{result}\n</tool_call>")
    return shown
