"""Histories on disk and in memory: rows, their metadata and versions, and the files under `logs`."""

import copy
import html
import json
from itertools import count
from pathlib import Path
from typing import Any

import modules.shared as shared
from modules.chat_prompt import GREETING
from modules.extensions import apply_extensions

_ids = count(1)


def new_id(prefix: str = "") -> str:
    """Return an id in the host's form; the stand-in's clock moves one second for each."""
    number = next(_ids)
    return f"{prefix}20260101-{number // 3600:02}-{number // 60 % 60:02}-{number % 60:02}"


def timestamp() -> str:
    """Return the time in the host's form."""
    return "Jan 01, 2026 00:00"


def mark(metadata: dict[str, Any], role: str, index: int, **fields: Any) -> dict[str, Any]:
    """Set fields of one message's metadata, and return all of them."""
    entry: dict[str, Any] = metadata.setdefault(f"{role}_{index}", {})
    entry.update(fields)
    return entry


def path_of(unique_id: str, character: str, mode: str) -> Path:
    """Return where a chat is kept."""
    folder = Path("logs", "instruct") if mode == "instruct" else Path("logs", "chat", character)
    return shared.user_data_dir / folder / f"{unique_id}.json"


def save_history(history: Any, unique_id: str, character: str, mode: str) -> None:
    """Write a chat, unless it is incognito or the server has many users."""
    if shared.args.multi_user or (unique_id and unique_id.startswith("incognito-")):
        return
    path = path_of(unique_id, character, mode)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(history, indent=4, ensure_ascii=False), encoding="utf-8")


def load_history(unique_id: str, character: str, mode: str) -> Any:
    """Return a chat as it was saved, empty where there is none."""
    path = path_of(unique_id, character, mode)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"internal": [], "visible": [], "metadata": {}}


def start_new_chat(state: Any, unique_id: str | None = None) -> tuple[Any, str]:
    """Return a new, saved chat, which opens with the character's greeting outside of instruct mode, and its id."""
    history: Any = {"internal": [], "visible": [], "metadata": {}}
    if state["mode"] != "instruct" and state["greeting"]:
        history["internal"].append([GREETING, state["greeting"]])
        history["visible"].append(["", apply_extensions("output", html.escape(state["greeting"]), state, is_chat=True)])
        mark(history["metadata"], "assistant", 0, timestamp=timestamp())
    unique_id = unique_id or new_id()
    save_history(history, unique_id, state["character_menu"], state["mode"])
    return history, unique_id


def add_version(history: Any, role: str, index: int, current: bool) -> None:
    """Add what a message says now to its versions."""
    half = 0 if role == "user" else 1
    entry = mark(history["metadata"], role, index)
    texts = {"content": history["internal"][index][half], "visible_content": history["visible"][index][half]}
    entry.setdefault("versions", []).append({**texts, "timestamp": timestamp()})
    if current:
        entry["current_version_index"] = len(entry["versions"]) - 1


def edit(state: Any, index: int, role: str, text: str) -> Any:
    """Replace what a message says, keeping the old text as a version. Only input_modifier hears of it."""
    history, half = state["history"], 0 if role == "user" else 1
    entry = mark(history["metadata"], role, index)
    if not entry.get("versions"):
        old = {"content": history["internal"][index][half], "visible_content": history["visible"][index][half]}
        entry["versions"] = [{**old, "timestamp": entry.get("timestamp", timestamp())}]
        if "tool_sequence" in entry:
            entry["versions"][0]["tool_sequence"] = entry["tool_sequence"]
    history["internal"][index][half] = apply_extensions("input", text, state, is_chat=True)
    history["visible"][index][half] = html.escape(text)
    entry.pop("tool_sequence", None)
    add_version(history, role, index, current=True)
    return history


def swipe(state: Any, index: int, role: str, direction: str) -> Any:
    """Show the version before or after the current one. No hook hears of it."""
    history, half = state["history"], 0 if role == "user" else 1
    entry = history["metadata"].get(f"{role}_{index}", {})
    versions = entry.get("versions", [])
    if not versions:
        return history
    now = entry.get("current_version_index", len(versions) - 1)
    then = min(max(now + (1 if direction == "right" else -1), 0), len(versions) - 1)
    if then == now:
        return history
    version = versions[then]
    history["internal"][index][half], history["visible"][index][half] = version["content"], version["visible_content"]
    entry.update(current_version_index=then, timestamp=version["timestamp"])
    entry.pop("tool_sequence", None)
    if "tool_sequence" in version:
        entry["tool_sequence"] = version["tool_sequence"]
    return history


def remove_last_message(history: Any) -> tuple[str, Any]:
    """Take the last row off, greeting apart, and return what the person said in it and the history."""
    history.setdefault("metadata", {})
    if not history["internal"] or history["internal"][-1][0] == GREETING:
        return "", history
    history["internal"].pop()
    said = history["visible"].pop()[0]
    for role in ("user", "assistant"):
        history["metadata"].pop(f"{role}_{len(history['internal'])}", None)
    return html.unescape(said), history


def branched(history: Any, index: int) -> Any:
    """Cut a history after a row, in place, as the host does; -1 keeps all of it."""
    if index != -1:
        history["internal"], history["visible"] = history["internal"][: index + 1], history["visible"][: index + 1]
        history["metadata"] = {key: value for key, value in history["metadata"].items() if int(key.split("_")[-1]) <= index}
    return history


def from_messages(messages: list[dict[str, Any]]) -> tuple[str, str, Any]:
    """Return (user input, system message, history) of a list as the API takes it. Rows have four items, and no metadata."""
    system, rows, waiting, user_input = "", [], "", ""
    for message in messages:
        role, content = message["role"], message["content"]
        if role in ("system", "developer") and not rows and not waiting:
            system += f"\n{content}" if system else content
            continue
        if waiting and role in ("user", "system", "developer"):
            rows.append([waiting, "", "", {}])
            waiting = ""
        if role == "user":
            waiting = user_input = content
        elif role == "assistant":
            calls = {"tool_calls": message["tool_calls"]} if message.get("tool_calls") else {}
            rows.append([waiting, content, "", calls])
            waiting = user_input = ""
        elif role == "tool":
            rows.append(["", "", content, {"tool_call_id": message["tool_call_id"]} if "tool_call_id" in message else {}])
            user_input = ""
        else:
            rows.append([content, "", "", {"role": "system"}])
    return user_input, system, {"internal": rows, "visible": copy.deepcopy(rows), "messages": messages}
